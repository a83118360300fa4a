"""Aggregates against a model in plain Python, in each format of files and of answers."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from datamesh.tables import aggregates
from datamesh.tables.budget import ScanBudget
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.tables import (
    ORDERS,
    PATH,
    PORT,
    dataset,
    one_file,
    parquet,
    partitioned_orders,
    problem,
    rows_of,
)

SCHEMA = {
    "region": "string",
    "month": "string",
    "amount": "decimal(12,2)",
    "units": "bigint",
    "ratio": "double",
    "day": "date",
    "paid": "boolean",
    "seen": "timestamp",
}
ROWS: list[tuple[Any, ...]] = [
    ("north", "07", "10.25", 9223372036854775807, 0.5, "2023-07-01", True, "2023-07-01T10:00:00Z"),
    ("north", "07", "-3.75", 9223372036854775807, None, "2023-07-02", False, None),
    ("south", "07", None, -9223372036854775808, 1.5, None, None, "2023-07-01T09:00:00.5Z"),
    (None, "08", "0.10", None, 2.25, "1969-12-31", True, "2023-07-03T10:00:00Z"),
    ("north", "08", "-0.30", 1, None, "2023-07-05", True, None),
    (None, "08", "99999999.99", -5, -4.0, "2023-07-04", False, None),
]
NAN_ROWS = (1, 4)
"""Rows whose ratio is no number in the files, which is a null."""


def write_parquet(rows: list[int]) -> bytes:
    def cell(number: int, place: int, value: Any) -> str:
        if list(SCHEMA)[place] == "ratio" and number in NAN_ROWS:
            return "'nan'"
        return "NULL" if value is None else f"'{value}'"

    values = ", ".join(
        f"({', '.join(cell(n, place, value) for place, value in enumerate(ROWS[n]))})" for n in rows
    )
    types = ["VARCHAR", "VARCHAR", "DECIMAL(12,2)", "BIGINT", "DOUBLE", "DATE", "BOOLEAN"]
    types.append("TIMESTAMPTZ")
    selected = ", ".join(
        f"CAST({name} AS {kind}) AS {name}" for name, kind in zip(SCHEMA, types, strict=True)
    )
    return parquet(f"SELECT {selected} FROM (VALUES {values}) v({', '.join(SCHEMA)})")


def write_csv(rows: list[int]) -> bytes:
    lines = [",".join(SCHEMA)]
    for number in rows:
        cells = ["" if value is None else str(value) for value in ROWS[number]]
        if number in NAN_ROWS:
            cells[4] = "NaN"
        lines.append(",".join(cells).replace("True", "true").replace("False", "false"))
    return "\n".join([*lines, ""]).encode()


def write_jsonl(rows: list[int]) -> bytes:
    found = [dict(zip(SCHEMA, ROWS[number], strict=True)) for number in rows]
    return "".join(json.dumps(row) + "\n" for row in found).encode()


WRITERS = {"parquet": write_parquet, "csv": write_csv, "jsonl": write_jsonl}


def serve_rows(serve: Serve, form: str) -> Client:
    """A dataset of five files."""
    parts = [[0, 1], [2], [3], [4], [5]]
    files = {
        f"sales/orders/{number}.{form}": WRITERS[form](part) for number, part in enumerate(parts)
    }
    port = {"location": "domains/sales/orders/", "format": form}
    return dataset(serve, files, SCHEMA, port)


def read(client: Client, **query: object) -> list[dict[str, Any]]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.body
    return found


def model(group_by: list[str], rows: list[tuple[Any, ...]] = ROWS) -> list[dict[str, Any]]:
    """Return what the aggregates of all tests below are, by group."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        named = dict(zip(SCHEMA, row, strict=True))
        groups[tuple(named[name] for name in group_by)].append(named)
    if not group_by and not groups:
        groups[()] = []
    result = []
    for key in sorted(
        groups, key=lambda key: tuple((each is None, "" if each is None else each) for each in key)
    ):
        values = {
            name: [row[name] for row in groups[key] if row[name] is not None] for name in SCHEMA
        }
        amounts = [*map(Decimal, values["amount"])]
        result.append(
            dict(zip(group_by, key, strict=True))
            | {
                "count": len(groups[key]),
                "sum_amount": str(sum(amounts)) if amounts else None,
                "sum_units": sum(values["units"]) if values["units"] else None,
                "sum_ratio": sum(values["ratio"]) if values["ratio"] else None,
                "avg_ratio": (
                    sum(values["ratio"]) / len(values["ratio"]) if values["ratio"] else None
                ),
                "min_amount": str(min(amounts)) if amounts else None,
                "min_day": min(values["day"], default=None),
                "max_ratio": max(values["ratio"], default=None),
                "max_seen": max(values["seen"], default=None),
                "max_paid": max(values["paid"], default=None),
            }
        )
    return result


ALL = {
    "count": "true",
    "sum": "amount,units,ratio",
    "avg": "ratio",
    "min": "amount,day",
    "max": "ratio,seen,paid",
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("group_by", ["", "region", "region,month", "paid"])
def test_aggregates_are_those_of_python(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, form: str, group_by: str
) -> None:
    monkeypatch.setattr(aggregates, "TEXT_FILES_AT_ONCE", 2)
    client = serve_rows(serve, form)
    names = group_by.split(",") if group_by else []
    query = ALL | ({"group_by": group_by} if group_by else {})
    assert read(client, **query) == model(names)
    big = [row for row in ROWS if row[2] is not None and Decimal(row[2]) > 0]
    assert read(client, **query, amount_gt="0") == model(names, big)
    assert read(client, **query, region="nowhere") == model(names, [])


@pytest.mark.parametrize("form", WRITERS)
def test_rows_are_counted_without_any_column(serve: Serve, form: str) -> None:
    assert read(serve_rows(serve, form), count="true") == [{"count": 6}]


@pytest.mark.parametrize("form", WRITERS)
def test_values_are_listed_without_a_measure(serve: Serve, form: str) -> None:
    assert read(serve_rows(serve, form), group_by="month") == [{"month": "07"}, {"month": "08"}]


def test_groups_are_ordered_by_columns_of_the_result(serve: Serve) -> None:
    client = serve_rows(serve, "parquet")
    query = {"group_by": "region", "count": "true", "sum": "amount"}

    def regions(**more: object) -> list[str | None]:
        return [row["region"] for row in read(client, **query, **more)]

    assert regions() == ["north", "south", None]
    assert regions(order_by="-region") == ["south", "north", None]
    assert regions(order_by="sum_amount") == ["north", None, "south"]
    assert regions(order_by="-count,-region") == ["north", None, "south"]
    answer = client.get(PATH, **query, order_by="-count", limit=1)
    assert answer.body == [{"region": "north", "count": 3, "sum_amount": "6.20"}]
    assert answer.headers["x-truncated"] == "true"
    assert "x-next-cursor" not in answer.headers
    assert "x-truncated" not in client.get(PATH, **query, limit="all").headers


def test_averages_of_exact_numbers_are_doubles(serve: Serve) -> None:
    client = serve_rows(serve, "parquet")
    found = read(client, avg="amount,units", month="07")
    assert found == [{"avg_amount": 3.25, "avg_units": 9223372036854775806 / 3}]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"group_by": "secret"}, "group_by"),
        ({"sum": "secret"}, "sum"),
        ({"min": "tags"}, "min"),
        ({"group_by": "tags"}, "group_by"),
        ({"sum": "region"}, "sum"),
        ({"avg": "day"}, "avg"),
        ({"sum": "amount,amount"}, "sum"),
        ({"group_by": ""}, "group_by"),
        ({"count": "true", "cursor": "x"}, "cursor"),
        ({"count": "true", "columns": "region"}, "columns"),
        ({"count": "true", "order_by": "region"}, "order_by"),
        ({"group_by": "region", "order_by": "region,-region"}, "order_by"),
        ({"group_by": "count", "count": "true"}, "count"),
        ({"group_by": "SUM_amount", "sum": "amount"}, "sum"),
        ({"count": "maybe"}, "count"),
        ({"count": "true", "secret": "1"}, "secret"),
    ],
)
def test_what_makes_no_sense_is_refused(
    serve: Serve, query: dict[str, str], parameter: str
) -> None:
    schema = SCHEMA | {"tags": "struct", "count": "bigint", "SUM_amount": "bigint"}
    body = parquet("SELECT 1 AS secret, {'a': 1} AS tags, 1 AS count, 'x' AS region")
    client = one_file(serve, "a.parquet", body, schema)
    assert problem(client.get(PATH, **query)) == (422, parameter)


def test_a_column_of_a_parameters_name_is_filtered_by_an_operator(serve: Serve) -> None:
    body = parquet("SELECT i AS count, i AS sum FROM range(5) r(i)")
    client = one_file(serve, "a.parquet", body, {"count": "bigint", "sum": "bigint"})
    found = read(client, count_in="1,3", sum_gte="2", sum="sum", max="count")
    assert found == [{"sum_sum": 3, "max_count": 3}]


def test_a_name_with_a_comma_is_quoted(serve: Serve) -> None:
    body = parquet('SELECT 1 AS "a,b", 2 AS c')
    client = one_file(serve, "a.parquet", body, {"a,b": "bigint", "c": "bigint"})
    assert read(client, sum='"a,b",c') == [{"sum_a,b": 1, "sum_c": 2}]
    found = read(client, group_by='"a,b"', count="true", order_by='"-a,b",count')
    assert found == [{"a,b": 1, "count": 1}]


def test_a_sum_beyond_38_digits_is_refused(serve: Serve) -> None:
    nines = "9" * 38
    for schema, values in (
        ("decimal(38,0)", [nines, "1"]),
        ("decimal(38,0)", [f"-{nines}", f"-{nines}"]),
        ("hugeint", [nines, "1"]),
        ("hugeint", [nines, nines]),
        ("double", ["1e308", "1e308"]),
    ):
        for split in (False, True):
            lines = ["".join(f'{{"x": {each}}}\n' for each in values)]
            lines = [f'{{"x": {each}}}\n' for each in values] if split else lines
            files = {f"sales/orders/{n}.jsonl": each.encode() for n, each in enumerate(lines)}
            port = {"location": "domains/sales/orders/", "format": "jsonl"}
            client = dataset(serve, files, {"x": schema}, port)
            answer = client.get(PATH, sum="x")
            assert answer.status == 424, (schema, split)
            assert "A sum is too large" in answer.body["message"]
            assert nines not in answer.body["message"]
            assert client.get(PATH, max="x", count="true").status == 200


def test_mixed_timestamps_are_shown_as_in_rows(serve: Serve) -> None:
    stamps = ("TIMESTAMP '9999-12-31 00:00:00'", "TIMESTAMP_NS '2023-07-01 10:00:00.000000001'")
    files = {
        f"sales/orders/{number}.parquet": parquet(f"SELECT {stamp} AS at")
        for number, stamp in enumerate((*stamps, stamps[1]))
    }
    client = dataset(serve, files, {"at": "timestamp"})
    shown = [row["at"] for row in read(client, order_by="at")]
    assert read(client, min="at", max="at") == [{"min_at": shown[0], "max_at": shown[-1]}]
    assert read(client, group_by="at", count="true") == [
        {"at": shown[0], "count": 2},
        {"at": shown[-1], "count": 1},
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["{'a': 2, 'b': 1}", "{'a': 10, 'b': 1}", "{'a': 2, 'b': 1}", "NULL"],
        ["'x'::ENUM('z', 'x')", "'z'", "'x'", "NULL"],
        ["'[1]'::JSON", "'{}'::JSON", "'[1]'::JSON", "'null'::JSON"],
        ["[2]", "[10]", "[2]", "NULL"],
    ],
)
def test_text_that_files_have_otherwise_is_shown_as_in_rows(serve: Serve, cells: list[str]) -> None:
    body = parquet(
        " UNION ALL ".join(
            f"SELECT {number} AS id, {cell} AS x" for number, cell in enumerate(cells)
        )
    )
    client = one_file(serve, "a.parquet", body, {"id": "bigint", "x": "string"})
    rows = sorted((row["x"] for row in read(client, order_by="x")), key=lambda x: x is None)
    groups = read(client, group_by="x", count="true")
    assert [row["x"] for row in groups] == list({repr(row): row for row in rows}.values())
    assert [row["count"] for row in groups] == [rows.count(row["x"]) for row in groups]
    assert len(groups) == 3
    assert read(client, min="x", max="x") == [{"min_x": rows[0], "max_x": rows[2]}]


def test_files_of_several_types_are_added_up_exactly(serve: Serve) -> None:
    amounts = ("0.55::DECIMAL(9,2)", "9007199254740993::BIGINT", "-1.125::DECIMAL(9,3)")
    files = {
        f"sales/orders/{number}.parquet": parquet(f"SELECT {amount} AS x")
        for number, amount in enumerate(amounts)
    }
    client = dataset(serve, files, {"x": "decimal(38,3)"})
    assert read(client, sum="x", min="x") == [{"sum_x": "9007199254740992.425", "min_x": "-1.125"}]
    client = dataset(serve, files, {"x": "decimal"})
    rows = [row["x"] for row in read(client, order_by="x")]
    found = read(client, sum="x", min="x", max="x")
    assert found == [{"sum_x": "9007199254740992.425", "min_x": rows[0], "max_x": rows[-1]}]


def test_partitions_are_groups_without_reading_columns(serve: Serve) -> None:
    client = dataset(serve, partitioned_orders(), ORDERS, PORT)
    query = {"group_by": "order_date", "count": "true"}
    found = read(client, **query, order_date_gte="2023-07-02")
    assert found == [
        {"order_date": "2023-07-02", "count": 4},
        {"order_date": "2023-07-03", "count": 4},
    ]


def test_the_least_and_greatest_integers_of_128_bits_are_numbers(serve: Serve) -> None:
    body = parquet("SELECT 18446744073709551615::UBIGINT AS x FROM range(3)")
    client = one_file(serve, "a.parquet", body, {"x": "uint64"})
    assert read(client, sum="x", max="x") == [
        {"sum_x": 3 * 18446744073709551615, "max_x": 18446744073709551615}
    ]


def test_decimals_without_a_scale_are_shown_as_they_are_written(serve: Serve) -> None:
    body = b"k,x\na,1.50\na,-2.250\nb,7\n"
    client = one_file(serve, "a.csv", body, {"k": "string", "x": "decimal"})
    assert read(client, group_by="k", sum="x", min="x", max="x") == [
        {"k": "a", "sum_x": "-0.75", "min_x": "-2.250", "max_x": "1.50"},
        {"k": "b", "sum_x": "7", "min_x": "7", "max_x": "7"},
    ]


def test_every_format_of_answers_has_the_groups(serve: Serve) -> None:
    client = serve_rows(serve, "csv")
    query = {"group_by": "month", "sum": "amount,units", "count": "true", "max": "day"}
    lines = client.get(PATH, **query, format="csv").content.decode().splitlines()
    assert lines == [
        '"month","count","sum_amount","sum_units","max_day"',
        '"07",3,6.50,9223372036854775806,2023-07-02',
        '"08",3,99999999.79,-4,2023-07-05',
    ]
    body = client.get(PATH, **query, format="parquet").content
    found = rows_of(body, "month, count, sum_amount, CAST(sum_units AS VARCHAR), typeof(sum_units)")
    assert found == [
        ("07", 3, Decimal("6.50"), "9223372036854775806", "DECIMAL(38,0)"),
        ("08", 3, Decimal("99999999.79"), "-4", "DECIMAL(38,0)"),
    ]
    for form in ("jsonl", "arrow"):
        assert client.get(PATH, **query, format=form).status == 200


def test_too_many_groups_are_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregates, "MAX_GROUPS", 3)
    body = parquet("SELECT i AS id, i % 3 AS third FROM range(4) r(i)")
    client = one_file(serve, "a.parquet", body, {"id": "bigint", "third": "bigint"})
    answer = client.get(PATH, group_by="id")
    assert answer.status == 413
    assert answer.body["message"].startswith("The query has more than 3 groups")
    assert len(read(client, group_by="third")) == 3


def test_a_scan_beyond_the_budget_is_refused(serve: Serve) -> None:
    body = parquet("SELECT random() AS x FROM range(20000)")
    client = one_file(serve, "a.parquet", body, {"x": "double"}, max_scan_bytes=50_000)
    answer = client.get(PATH, max="x")
    assert answer.status == 413
    assert "MAX_SCAN_BYTES" in answer.body["message"]


def test_a_stranger_may_read_as_many_files_as_for_rows(serve: Serve) -> None:
    files = {f"sales/orders/{n}.csv": write_csv([n]) for n in range(3)}
    budget = ScanBudget(1_000_000, 2, 5.0, "ANONYMOUS_SCAN", "a caller without a principal")
    client = dataset(serve, files, SCHEMA, anonymous_budget=budget)
    answer = client.get(PATH, count="true")
    assert answer.status == 413
    assert "ANONYMOUS_SCAN_FILES" in answer.body["message"]
    event = api_event("GET", PATH, query={"count": "true"})
    assert client.send(event).body == [{"count": 3}]


def test_aggregates_have_a_version(serve: Serve) -> None:
    client = serve_rows(serve, "parquet")
    first = client.get(PATH, count="true")
    tag = first.headers["etag"]
    event = api_event("GET", PATH, query={"count": "true"}, headers={"If-None-Match": tag})
    assert client.send(event).status == 304
    assert client.get(PATH, sum="amount").headers["etag"] != tag


def test_columns_that_files_lack_are_named(serve: Serve) -> None:
    for form in WRITERS:
        port = {"location": "domains/sales/orders/", "format": form}
        files = {f"sales/orders/a.{form}": WRITERS[form]([0, 1])}
        client = dataset(serve, files, SCHEMA | {"gone": "bigint"}, port)
        answer = client.get(PATH, count="true", sum="gone", group_by="region")
        assert answer.body == [{"region": "north", "count": 2, "sum_gone": None}]
        assert answer.headers["x-missing-columns"] == "gone"
