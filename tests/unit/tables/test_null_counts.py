"""Footers whose count of nulls is wrong: DuckDB would decide by it what is null."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Serve
from tests.footer_edits import NULL_COUNT, change_statistics
from tests.lambdas import Client
from tests.tables import PATH, one_file, page_through

ROWS = 6
COLUMNS: Mapping[str, tuple[str, Any, list[Any]]] = {
    "integer": ("bigint", pa.int64(), [5, None, 1, None, 3, 7]),
    "text": ("string", pa.string(), ["e", None, "a", None, "c", "g"]),
    "cast": ("integer", pa.string(), ["5", None, "1", None, "3", "7"]),
}
NULLS = [1, 3]
SCHEMA = {"i": "bigint", "x": "bigint", "y": "string"}


def parquet_file(kind: Any, values: list[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    cells = pa.array(values, kind)
    table = pa.table({"i": range(len(values)), "x": cells, "y": ["same"] * len(values)})
    pq.write_table(table, out, **options)
    return out.getvalue()


@pytest.fixture(params=COLUMNS)
def column(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client_of(serve: Serve, column: str, count: int, **options: Any) -> tuple[Client, list[Any]]:
    registered, kind, values = COLUMNS[column]
    body = change_statistics(parquet_file(kind, values, **options), "x", {NULL_COUNT: count})
    client = one_file(serve, "a.parquet", body, {"i": "bigint", "x": registered, "y": "string"})
    return client, values


def numbers(client: Client, **query: object) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["i"] for row in answer.body]


def test_nulls_are_found_where_a_footer_counts_none(serve: Serve, column: str) -> None:
    client, values = client_of(serve, column, 0, row_group_size=4)
    present = [number for number, value in enumerate(values) if value is not None]
    least, greatest = min(filter(None, values)), max(filter(None, values))
    assert numbers(client, x_is="null") == NULLS
    assert numbers(client, x_is="not_null") == present
    assert numbers(client, x_gte=least) == present
    assert numbers(client, x_lte=greatest) == present
    assert numbers(client, x_in=f"{least},{greatest}", x_is="null") == []


def test_pages_are_the_sorted_rows_once_each(serve: Serve, column: str) -> None:
    client, values = client_of(serve, column, 0, row_group_size=2)
    present = [number for number, value in enumerate(values) if value is not None]
    for order, limit in (("x", 1), ("-x", 2), ("y,-x", 1), ("-x,y", 5)):
        expected = sorted(present, key=lambda i: values[i], reverse="-x" in order)
        rows = page_through(client, limit=limit, order_by=order)
        assert [row["i"] for row in rows] == [*expected, *NULLS], order


def test_groups_and_averages_know_the_nulls(serve: Serve, column: str) -> None:
    client, values = client_of(serve, column, 0)
    groups = client.get(PATH, group_by="x", count="true").body
    assert [group["count"] for group in groups] == [
        values.count(value) for value in sorted({*filter(lambda x: x is not None, values)})
    ] + [len(NULLS)]
    assert groups[-1]["x"] is None
    if column != "text":
        [row] = client.get(PATH, avg="x", sum="x").body
        present = [float(value) for value in values if value is not None]
        assert (row["avg_x"], row["sum_x"]) == (sum(present) / len(present), sum(present))


def test_profiles_and_checks_count_them(serve: Serve, column: str) -> None:
    client, _ = client_of(serve, column, 0)
    profile = client.get(f"{PATH}/profile").body
    assert [each["nulls"] for each in profile["columns"]] == [0, len(NULLS), 0]


QUERIES: Sequence[Mapping[str, object]] = (
    {},
    {"columns": "x"},
    {"order_by": "x"},
    {"x_is": "null"},
    {"x_is": "not_null"},
    {"group_by": "x"},
    {"max": "x"},
    {"columns": "i", "order_by": "-x"},
)


def test_a_footer_that_counts_nothing_but_nulls_is_refused(serve: Serve, column: str) -> None:
    """It has a least and a greatest value, too. DuckDB would show a null in each row."""
    client, _ = client_of(serve, column, ROWS)
    for query in QUERIES:
        answer = client.get(PATH, **query)
        assert answer.status == 424, query
        assert "domains/sales/orders/a.parquet, column 'x'" in answer.body["message"]
    assert numbers(client, columns="i", order_by="i") == [*range(ROWS)]
    assert client.get(f"{PATH}/profile").status == 424


@pytest.mark.parametrize("field", ["x.a", "y.list.element"])
def test_that_of_a_part_of_a_value_is_refused_too(serve: Serve, field: str) -> None:
    table = pa.table({"i": [0, 1], "x": [{"a": 1}, {"a": 2}], "y": [[3], [4]]})
    out = io.BytesIO()
    pq.write_table(table, out)
    body = change_statistics(out.getvalue(), field, {NULL_COUNT: 2})
    schema = {"i": "bigint", "x": "struct", "y": "list"}
    client = one_file(serve, "a.parquet", body, schema)
    answer = client.get(PATH)
    assert answer.status == 424
    assert f"column '{field[0]}'" in answer.body["message"]
    assert numbers(client, columns="i") == [0, 1]


def test_nothing_but_nulls_is_served(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", parquet_file(pa.int64(), [None, None]), SCHEMA)
    assert [row["x"] for row in client.get(PATH).body] == [None, None]
    assert numbers(client, x_is="null") == [0, 1]


def test_only_nested_columns_are_served_too(serve: Serve) -> None:
    table = pa.table({"x": [{"a": 1}, {"a": None}, None], "y": [[3], [], None]})
    out = io.BytesIO()
    pq.write_table(table, out)
    client = one_file(serve, "a.parquet", out.getvalue(), {"x": "struct", "y": "list"})
    assert client.get(PATH).body == table.to_pylist()
