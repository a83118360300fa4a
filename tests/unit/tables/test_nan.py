"""A NaN is a null: in answers of every format, filters, orders, cursors, profiles and checks."""

import gzip
import io
from collections.abc import Mapping, Sequence
from typing import Any

import nanoarrow
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.tables import PATH, dataset, one_file, page_through, parquet, rows_of

NAN = float("nan")
VALUES = [1.0, NAN, 2.0, None, NAN, 3.0]
NULLS = [1, 3, 4]
"""The rows of VALUES that show null."""
SCHEMA = {"i": "bigint", "x": "double"}


def parquet_file(values: Sequence[float | None], kind: Any, **options: Any) -> bytes:
    """Return a file as pyarrow writes it, which leaves NaN out of the statistics."""
    out = io.BytesIO()
    table = pa.table({"i": range(len(values)), "x": pa.array(values, kind)})
    pq.write_table(table, out, **options)
    return out.getvalue()


FILES = {
    "a.parquet": parquet_file(VALUES, pa.float64()),
    "groups.parquet": parquet_file(VALUES, pa.float64(), row_group_size=2),
    "float.parquet": parquet_file(VALUES, pa.float32()),
    "half.parquet": parquet_file(VALUES, pa.float16()),
    "plain.parquet": parquet_file(VALUES, pa.float64(), write_statistics=False),
    "a.csv": b"i,x\n0,1\n1,nan\n2,2\n3,\n4,-NaN\n5,3.0\n",
    "a.jsonl": b'{"i":0,"x":1}\n{"i":1,"x":NaN}\n{"i":2,"x":2.0}\n{"i":3}\n{"i":4,"x":"nan"}\n'
    b'{"i":5,"x":3}\n',
    "a.jsonl.gz": gzip.compress(
        b'{"i":0,"x":1}\n{"i":1,"x":NaN}\n{"i":2,"x":2.0}\n{"i":3,"x":null}\n{"i":4,"x":NaN}\n'
        b'{"i":5,"x":3}\n',
        mtime=0,
    ),
}


@pytest.fixture(params=FILES)
def client(serve: Serve, request: pytest.FixtureRequest) -> Client:
    return one_file(serve, request.param, FILES[request.param], SCHEMA)


def numbers(client: Client, **query: object) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["i"] for row in answer.body]


def test_it_is_shown_as_a_null(client: Client) -> None:
    shown = [row["x"] for row in client.get(PATH).body]
    assert shown == [1.0, None, 2.0, None, None, 3.0]


FILTERS: Sequence[tuple[dict[str, object], list[int]]] = (
    ({"x_lte": 3}, [0, 2, 5]),
    ({"x_gte": 1}, [0, 2, 5]),
    ({"x_gt": 2}, [5]),
    ({"x_lt": 2}, [0]),
    ({"x_ne": 1}, [2, 5]),
    ({"x_ne": 7}, [0, 2, 5]),
    ({"x_in": "1,3,7"}, [0, 5]),
    ({"x": 2}, [2]),
    ({"x_gt": 3}, []),
    ({"x_gt": 3e10}, []),
)


def test_it_meets_no_filter(client: Client) -> None:
    for query, expected in FILTERS:
        assert numbers(client, **query) == expected, query
    assert numbers(client, x_ne=7, order_by="-x") == [5, 2, 0]
    assert (numbers(client, x_is="null"), numbers(client, x_is="not_null")) == (NULLS, [0, 2, 5])


@pytest.mark.parametrize("limit", [1, 2, 4])
@pytest.mark.parametrize(
    ("order", "expected"), [("x", [0, 2, 5, *NULLS]), ("-x", [5, 2, 0, *NULLS])]
)
def test_pages_are_the_sorted_rows_once_each(
    client: Client, order: str, expected: list[int], limit: int
) -> None:
    assert [row["i"] for row in page_through(client, order_by=order, limit=limit)] == expected


def test_a_profile_counts_it_as_a_null(client: Client) -> None:
    found = client.get(f"{PATH}/profile").body
    column = next(each for each in found["columns"] if each["name"] == "x")
    assert (column["nulls"], column["distinct"]) == (3, 3)
    assert (float(column["min"]), float(column["max"])) == (1.0, 3.0)
    assert found["failures"] == []


def accept(client: Client, media_type: str, **query: object) -> bytes:
    headers = {"accept": media_type}
    event = api_event("GET", PATH, query=query, principal="anonymous", headers=headers)
    answer = client.send(event)
    assert answer.status == 200
    return answer.content


def test_other_formats_have_a_null_too(client: Client) -> None:
    expected = [1.0, None, 2.0, None, None, 3.0]
    body = accept(client, "application/vnd.apache.parquet")
    assert [x for (x,) in rows_of(body, "x")] == expected
    body = accept(client, "application/vnd.apache.arrow.stream", columns="x")
    assert [
        row["x"] for row in nanoarrow.ArrayStream.from_readable(body).read_all().to_pylist()
    ] == (expected)
    body = accept(client, "text/csv", columns="x")
    assert body.decode().split("\r\n") == ['"x"', "1.0", "", "2.0", "", "", "3.0", ""]


def test_only_nan_is_only_nulls(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", parquet_file([NAN, NAN], pa.float64()), SCHEMA)
    assert numbers(client, x_gte=0) == numbers(client, x_ne=0) == []
    assert [row["i"] for row in page_through(client, order_by="-x", limit=1)] == [0, 1]


def test_nan_in_a_column_of_text_is_one_too(serve: Serve) -> None:
    body = parquet("SELECT i, ['1', 'NaN', '-2.5'][i + 1] AS x FROM range(3) r(i)")
    client = one_file(serve, "a.parquet", body, SCHEMA)
    assert [row["x"] for row in client.get(PATH).body] == [1.0, None, -2.5]
    assert numbers(client, x_gte=0) == [0]


def test_infinity_is_a_number(serve: Serve) -> None:
    values = [NAN, float("-inf"), 0.0, float("inf"), -0.0]
    client = one_file(serve, "a.parquet", parquet_file(values, pa.float64()), SCHEMA)
    assert numbers(client, x_gt=0) == [3]
    assert numbers(client, x=0) == [2, 4]
    assert [row["i"] for row in page_through(client, order_by="x", limit=1)] == [1, 2, 4, 3, 0]
    assert [row["i"] for row in page_through(client, order_by="-x", limit=1)] == [3, 2, 4, 1, 0]


def test_a_folder_of_nan_is_one_of_null(serve: Serve) -> None:
    files: Mapping[str, bytes] = {
        f"sales/orders/x={value}/a.csv": b"i\n%d\n" % number
        for number, value in enumerate(("1.5", "NaN", "__HIVE_DEFAULT_PARTITION__", "2"))
    }
    port = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["x"]}
    client = dataset(serve, files, SCHEMA, port)
    shown = {row["i"]: row["x"] for row in client.get(PATH).body}
    assert shown == {0: 1.5, 1: None, 2: None, 3: 2.0}
    assert numbers(client, x_gte=0) == [0, 3]
    assert sorted(numbers(client, order_by="-x")[2:]) == [1, 2]


def test_a_nan_in_a_column_without_nulls_is_one_too(serve: Serve) -> None:
    """DuckDB decides more by statistics that count no null."""
    values = [1.0, NAN, 2.0]
    body = parquet_file(values, pa.float64())
    client = one_file(serve, "a.parquet", body, SCHEMA)
    assert numbers(client) == [0, 1, 2]
    assert numbers(client, x_gte=0) == numbers(client, x_is="not_null") == [0, 2]
    assert numbers(client, x_is="null") == [1]
    assert numbers(client, order_by="x") == [0, 2, 1]
    assert numbers(client, order_by="-x") == [2, 0, 1]
    totals = client.get(PATH, min="x", max="x", sum="x", avg="x").body
    assert totals == [{"sum_x": 3.0, "avg_x": 1.5, "min_x": 1.0, "max_x": 2.0}]
    [_, column] = client.get(f"{PATH}/profile").body["columns"]
    assert (column["nulls"], column["distinct"], column["max"]) == (1, 2, "2.0")


def test_a_nan_in_a_list_or_a_struct_without_nulls_is_one_too(serve: Serve) -> None:
    out = io.BytesIO()
    rows = pa.table({"x": [[1.0, NAN]], "y": [{"z": NAN}]})
    pq.write_table(rows, out)
    client = one_file(serve, "a.parquet", out.getvalue(), {"x": "list", "y": "struct"})
    assert client.get(PATH).body == [{"x": [1.0, None], "y": {"z": None}}]
