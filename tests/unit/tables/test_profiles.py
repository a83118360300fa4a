"""Profiles of datasets, and their comparison with the schema."""

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.tables.exact_casts import is_of_registered_type
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client, api_event
from tests.tables import ORDERS, PATH, PORT, dataset, one_file, parquet, partitioned_orders

PROFILE = f"{PATH}/profile"
CHECK = f"{PATH}/check"


def failures(client: Client) -> list[tuple[str, str | None]]:
    answer = client.get(PROFILE)
    assert answer.status == 200, answer.body
    return [(each["assertion"], each["column"]) for each in answer.body["failures"]]


def column(client: Client, name: str) -> dict[str, Any]:
    [found] = [each for each in client.get(PROFILE).body["columns"] if each["name"] == name]
    return dict(found)


def test_a_profile_tells_types_nulls_values_and_files(serve: Serve) -> None:
    files = partitioned_orders()
    client = dataset(serve, files, ORDERS, PORT)
    found = client.get(PROFILE).body
    assert {key: found[key] for key in ("product", "location", "rows", "files", "bytes")} == {
        "product": "orders",
        "location": "domains/sales/orders/",
        "rows": 16,
        "files": 4,
        "bytes": sum(map(len, files.values())),
    }
    assert found["failures"] == []
    assert column(client, "amount") == {
        "name": "amount",
        "registered": "decimal(18,2)",
        "type": "DECIMAL(18,2)",
        "nulls": 0,
        "distinct": 7,
        "distinct_is_approximate": False,
        "min": "0.25",
        "max": "6.25",
    }
    assert column(client, "order_date") == {
        "name": "order_date",
        "registered": "date",
        "type": "DATE",
        "nulls": 0,
        "distinct": 4,
        "distinct_is_approximate": False,
        "min": "2023-06-30",
        "max": "2023-07-03",
    }


NUMBERS = range(1000)
COUNTED = {
    "a.csv": b"id,text,price\n" + b"".join(b"%d,t%d,0.%03d\n" % (i, i % 7, i) for i in NUMBERS),
    "a.jsonl": b"".join(
        b'{"id": %d, "text": "t%d", "price": "0.%03d"}\n' % (i, i % 7, i) for i in NUMBERS
    ),
    "a.parquet": parquet(
        "SELECT i AS id, 't' || i % 7 AS text, (i / 1000)::DECIMAL(9,3) AS price"
        " FROM range(1000) r(i)"
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_distinct_values_are_counted(serve: Serve, name: str) -> None:
    schema = {"id": "integer", "text": "string", "price": "decimal(9,3)"}
    found = one_file(serve, name, COUNTED[name], schema).get(PROFILE).body["columns"]
    assert [(each["distinct"], each["distinct_is_approximate"]) for each in found] == [
        (1000, False),
        (7, False),
        (1000, False),
    ]


@pytest.mark.parametrize("bound", ["cells", "bytes"])
def test_an_estimate_is_called_one_and_is_never_more_than_the_values(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """DuckDB's own estimate of these 1,000 is 1,008."""
    if bound == "cells":
        monkeypatch.setattr("datamesh.tables.profile.EXACT_CELLS", 999)
    else:
        monkeypatch.setattr("datamesh.tables.scan.WHOLE_FILE_BYTES", 999)
    values = [f"{i}xxxxxxxxxxxxxxxxxxxxxx{i}" for i in NUMBERS]
    client = one_file(serve, "a.csv", "\n".join(["v", *values]).encode(), {"v": "string"})
    found = column(client, "v")
    assert found["distinct_is_approximate"] is True
    assert found["distinct"] == 1000


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b"id,day,extra\n1,2023-07-01,x\n,2023-07-02,\nfour,2023-02-30,z\n"),
        (
            "a.jsonl",
            b'{"id": 1, "day": "2023-07-01", "extra": "x"}\n'
            b'{"id": null, "day": "2023-07-02"}\n{"id": "four", "day": "2023-02-30"}\n',
        ),
    ],
)
def test_text_that_does_not_read_as_its_type_is_found(serve: Serve, name: str, body: bytes) -> None:
    schema = {"id": "integer", "day": "date", "gone": "string"}
    client = one_file(serve, name, body, schema)
    assert failures(client) == [
        ("column_has_registered_type", "id"),
        ("column_has_registered_type", "day"),
        ("column_is_present", "gone"),
        ("column_is_registered", "extra"),
    ]
    assert column(client, "id") == {
        "name": "id",
        "registered": "integer",
        "type": "VARCHAR",
        "nulls": 1,
        "distinct": 1,
        "distinct_is_approximate": False,
        "min": "1",
        "max": "1",
    }
    assert column(client, "day")["max"] == "2023-07-02"
    assert column(client, "gone")["type"] is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b"id,pay,day\n1,7,2023-07-01\n"),
        ("a.csv.gz", gzip.compress(b"id,pay,day\n1,7,2023-07-01\n", mtime=0)),
        ("a.jsonl", b'{"id": 1, "pay": 7, "day": "2023-07-01"}\n'),
        ("a.parquet", parquet("SELECT 1 AS id, 7 AS pay, DATE '2023-07-01' AS day")),
    ],
)
def test_no_value_of_an_unregistered_column_is_shown(serve: Serve, name: str, body: bytes) -> None:
    client = one_file(serve, name, body, {"id": "integer"})
    assert column(client, "id")["max"] == "1"
    for unregistered in ("pay", "day"):
        found = column(client, unregistered)
        assert found["type"] is not None
        assert (found["distinct"], found["min"], found["max"]) == (None, None, None)
    assert "2023-07-01" not in client.get(PROFILE).content.decode()


def test_the_values_of_a_folders_column_are_shown(serve: Serve) -> None:
    files = {"sales/orders/day=7/a.parquet": parquet("SELECT 1 AS id")}
    port = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["day"]}
    client = dataset(serve, files, {"id": "integer"}, port)
    assert column(client, "day")["max"] == "7"


def test_a_parquet_file_is_compared_by_its_own_types(serve: Serve) -> None:
    body = parquet("SELECT '1' AS id, 1.5::DOUBLE AS amount, 1 AS EXTRA, [1] AS list")
    schema = {"id": "integer", "amount": "decimal", "list": "array<int>", "gone": "date"}
    client = one_file(serve, "a.parquet", body, schema)
    assert failures(client) == [
        ("column_has_registered_type", "id"),
        ("column_has_registered_type", "amount"),
        ("column_is_present", "gone"),
        ("column_is_registered", "EXTRA"),
    ]
    assert column(client, "list") | {"nulls": 0} == {
        "name": "list",
        "registered": "array<int>",
        "type": "INTEGER[]",
        "nulls": 0,
        "distinct": None,
        "distinct_is_approximate": False,
        "min": None,
        "max": None,
    }


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize(
    ("registered", "extremes"),
    [("decimal", ("-1.50", "10.00")), ("decimal(9,3)", ("-1.500", "10.000"))],
)
def test_the_extremes_of_decimals_have_the_digits_of_the_data(
    serve: Serve, name: str, registered: str, extremes: tuple[str, str]
) -> None:
    bodies = {
        "a.csv": b"x\n9.5\n10.00\n-1.50\nnone\n",
        "a.jsonl": b'{"x": "9.5"}\n{"x": "10.00"}\n{"x": "-1.50"}\n{"x": "none"}\n',
    }
    found = column(one_file(serve, name, bodies[name], {"x": registered}), "x")
    assert (found["min"], found["max"]) == extremes
    assert (found["distinct"], found["type"]) == (3, "VARCHAR")


def test_the_extremes_of_padded_decimals_have_no_zeros_that_nobody_wrote(serve: Serve) -> None:
    body = parquet("SELECT unnest([1.5, 10])::DECIMAL(38,18) AS x")
    found = column(one_file(serve, "a.parquet", body, {"x": "decimal"}), "x")
    assert (found["min"], found["max"]) == ("1.5", "10")


@pytest.mark.parametrize(
    ("registered", "found", "expected"),
    [
        ("string", "VARCHAR", True),
        ("string", "ENUM('a', 'b')", True),
        ("string", "UUID", True),
        ("string", "INTEGER", False),
        ("object", "VARCHAR", True),
        ("object", "STRUCT(a BIGINT)", True),
        ("object", "BIGINT", False),
        ("string", "STRUCT(a BIGINT)", False),
        ("integer", "UTINYINT", True),
        ("integer", "HUGEINT", True),
        ("integer", "DOUBLE", False),
        ("decimal(9,2)", "DECIMAL(18,2)", True),
        ("decimal", "BIGINT", True),
        ("decimal", "DOUBLE", False),
        ("double", "FLOAT", True),
        ("number", "DECIMAL(9,2)", True),
        ("timestamp", "TIMESTAMP WITH TIME ZONE", True),
        ("timestamp", "TIMESTAMP_NS", True),
        ("timestamp", "DATE", False),
        ("date", "DATE", True),
        ("date", "TIMESTAMP", False),
        ("boolean", "BOOLEAN", True),
        ("boolean", "VARCHAR", False),
        ("geometry", "BLOB", True),
        ("struct<a:int>", "VARCHAR", True),
    ],
)
def test_which_types_are_the_registered_one(registered: str, found: str, expected: bool) -> None:
    assert is_of_registered_type(registered, found) is expected


def test_a_long_value_is_cut(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", parquet("SELECT repeat('x', 1000) AS t"), {"t": "string"})
    assert column(client, "t")["max"] == "x" * 200


def test_an_empty_dataset_has_no_files(serve: Serve) -> None:
    client = dataset(serve, {}, {"id": "integer"})
    assert failures(client) == [("dataset_has_files", None)]


def test_more_columns_than_a_schema_may_have_are_profiled(serve: Serve) -> None:
    schema: Mapping[str, str] = {f"c{number}": "integer" for number in range(500)}
    select = ", ".join(f"{number} AS c{number}" for number in range(500))
    client = one_file(serve, "a.parquet", parquet(f"SELECT {select}"), schema)
    assert failures(client) == []
    assert len(client.get(PATH).body[0]) == 500


# what a check records


def test_a_check_records_its_result_on_the_product(serve: Serve, registry: Registry) -> None:
    client = dataset(serve, partitioned_orders(), ORDERS, PORT, registry=registry)
    before = registry.products.read(NO_DEADLINE).products["orders"].to_model()
    answer = client.post(CHECK, None)
    assert answer.status == 200
    assert answer.body["data"] == {
        "status": "passed",
        "checked_at": "2026-01-31T12:00:00Z",
        "failures": [],
    }
    after = registry.products.read(NO_DEADLINE).products["orders"].to_model()
    assert after.quality and after.quality.status == "passed"
    assert after.model_copy(update={"quality": None}) == before


def test_a_key_is_of_one_dataset(serve: Serve, registry: Registry) -> None:
    client = dataset(serve, {}, {"id": "integer"}, registry=registry)
    headers = {"idempotency-key": "once"}
    for name, status in (("orders", 200), ("orders", 200), ("returns", 422)):
        path = f"/domains/sales/{name}/check"
        event = api_event(
            "POST", path, headers=headers, route="POST /domains/{domain}/{dataset}/check"
        )
        event["pathParameters"] = {"domain": "sales", "dataset": name}
        answer = client.send(event)
        assert answer.status == status, answer.body


def test_a_failed_check_says_what_has_failed(serve: Serve, registry: Registry) -> None:
    body = b"id,extra\nx,1\n"
    client = one_file(serve, "a.csv", body, {"id": "integer"}, registry=registry)
    assert client.post(CHECK, None).body["data"]["failures"] == [
        {"assertion": "column_has_registered_type", "column": "id"},
        {"assertion": "column_is_registered", "column": "extra"},
    ]
    quality = registry.products.read(NO_DEADLINE).products["orders"].to_model().quality
    assert quality and quality.status == "failed"


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.csv", b"id\n1,2\n", "a.csv, line 2: expected 1 columns, found 2"),
        ("a.parquet", b"none", "a.parquet: not a Parquet file, or cut off"),
        ("a.txt", b"1", "a.txt is not a parquet, csv or jsonl file"),
        (
            "a.jsonl",
            b'{"id": 1}\n{"id": 1, "id": 2}\n',
            "a.jsonl, row 2: the same key twice",
        ),
        (
            "a.jsonl",
            b'{"id": 1}\n[]\n',
            "a.jsonl, row 2: not a JSON object; each line has to be one",
        ),
        ("a.csv", b"id,id\n1,2\n", "a.csv: 2 columns are called 'id'"),
        (
            "a.csv.gz",
            gzip.compress(b"id\n1\n", mtime=0)[:-4],
            "a.csv.gz: its gzip stream is damaged, or ends early",
        ),
        ("a.csv.xz", b"x", "a.csv.xz: its compression is not read; .gz and .zst are"),
    ],
)
def test_data_that_cannot_be_read_has_failed(
    serve: Serve, registry: Registry, name: str, body: bytes, reason: str
) -> None:
    client = one_file(serve, name, body, {"id": "integer"}, registry=registry)
    answer = client.post(CHECK, None)
    assert answer.status == 200, answer.body
    assert answer.body["message"] == (
        f"The data of 'orders' has failed: domains/sales/orders/{reason}"
    )
    assert answer.body["data"]["failures"] == [{"assertion": "dataset_is_readable", "column": None}]
    quality = registry.products.read(NO_DEADLINE).products["orders"].to_model().quality
    assert quality and quality.status == "failed"
    assert client.get(PATH).status == 424


def test_a_product_keeps_a_hundred_failures(serve: Serve, registry: Registry) -> None:
    schema = {f"c{number}": "integer" for number in range(200)}
    client = one_file(serve, "a.csv", b"x\n1\n", schema, registry=registry)
    client.post(CHECK, None)
    quality = registry.products.read(NO_DEADLINE).products["orders"].to_model().quality
    assert quality and len(quality.failures) == 100


def test_what_no_product_serves_is_not_checked(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", b"none", {"id": "integer"})
    assert client.post("/domains/sales/returns/check", None).status == 404
