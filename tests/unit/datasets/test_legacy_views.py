"""The legacy views: the reader of all datasets, under names and with filters of their own."""

import gzip
from pathlib import Path

import duckdb
import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import add_product, resources
from tests.tables import ORDERS, PORT, dataset, one_file, parquet, partitioned_orders

ROW = {
    "order_id": "O4",
    "order_date": "2023-07-01",
    "quantity": 0,
    "amount": 1.25,
    "status": "paid",
}


@pytest.fixture
def orders(serve: Serve) -> Client:
    return dataset(serve, partitioned_orders(), ORDERS, PORT)


def test_decimals_are_numbers_as_ever(orders: Client) -> None:
    assert orders.get("/sales/orders", start_date="2023-07-01", limit=1).body == [ROW]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({}, 16),
        ({"start_date": "2023-07-02"}, 8),
        ({"end_date": "2023-06-30"}, 4),
        ({"start_date": "2023-07-01", "end_date": "2023-07-01"}, 4),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31"}, 16),
        ({"start_date": "2024-01-01"}, 0),
        ({"limit": 5}, 5),
    ],
)
def test_a_range_includes_both_its_days(
    orders: Client, query: dict[str, object], rows: int
) -> None:
    assert len(orders.get("/sales/orders", **query).body) == rows


@pytest.mark.parametrize(
    ("registered", "select"),
    [
        ("date", "DATE '2023-07-01' + i::INTEGER"),
        ("timestamp", "TIMESTAMP '2023-07-01 23:59:59' + to_days(i::INTEGER)"),
        ("timestamp", "TIMESTAMPTZ '2023-07-01 23:59:59+00' + to_days(i::INTEGER)"),
        ("string", "(DATE '2023-07-01' + i::INTEGER)::VARCHAR || 'T23:59:59Z'"),
    ],
)
def test_the_date_may_be_a_date_a_moment_or_text(
    serve: Serve, registered: str, select: str
) -> None:
    body = parquet(f"SELECT i AS order_id, {select} AS order_date FROM range(3) t(i)")
    schema = {"order_id": "integer", "order_date": registered}
    client = dataset(serve, {"sales/orders/a.parquet": body}, schema)
    found = client.get("/sales/orders", start_date="2023-07-02", end_date="2023-07-02").body
    assert [row["order_id"] for row in found] == [1]


def test_a_schema_without_the_date_has_no_rows_in_a_range(serve: Serve) -> None:
    files = {"sales/orders/a.parquet": parquet("SELECT 1 AS order_id")}
    client = dataset(serve, files, {"order_id": "integer"})
    assert client.get("/sales/orders", start_date="2023-07-01").body == []
    assert client.get("/sales/orders").body == [{"order_id": 1}]


def test_active_campaigns_of_parquet(serve: Serve, registry: Registry) -> None:
    body = parquet(
        "SELECT unnest([1, 2, 3]) AS id, unnest(['active', 'ended', 'active']) AS status"
    )
    add_product(registry, "campaigns", domain="marketing", schema={"id": "int", "status": "string"})
    client = serve("domains", resources(registry, {"marketing/campaigns/a.parquet": body}))
    found = client.get("/marketing/campaigns", active_only="true").body
    assert [row["id"] for row in found] == [1, 3]


CSV = b"order_id,order_date,secret\n7,2023-07-01,hunter2\n"
JSONL = b'{"order_id": 7, "order_date": "2023-07-01", "secret": "hunter2"}\n'
SCHEMA = {"order_id": "integer", "order_date": "date", "amount": "decimal(9,2)"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", CSV),
        ("a.csv", b"\xef\xbb\xbf" + CSV),
        ("a.csv.gz", gzip.compress(CSV)),
        ("a.jsonl", JSONL),
        ("a.ndjson", JSONL),
        ("a.jsonl.gz", gzip.compress(JSONL)),
        (
            "a.parquet",
            parquet("SELECT 7 AS order_id, DATE '2023-07-01' AS order_date, 1 AS secret"),
        ),
    ],
)
def test_each_format_gives_the_same_rows_by_the_schema(
    serve: Serve, name: str, body: bytes
) -> None:
    row = {"order_id": 7, "order_date": "2023-07-01", "amount": None}
    assert one_file(serve, name, body, SCHEMA).get("/sales/orders").body == [row]


@pytest.mark.parametrize(("name", "form"), [("a.csv.zst", "csv"), ("a.jsonl.zst", "json")])
def test_zstd_is_read_too(serve: Serve, tmp_path: Path, name: str, form: str) -> None:
    file = tmp_path / name
    duckdb.execute(f"COPY (SELECT 7 AS order_id) TO '{file}' (FORMAT {form}, COMPRESSION zstd)")
    client = one_file(serve, name, file.read_bytes(), {"order_id": "integer"})
    assert client.get("/sales/orders").body == [{"order_id": 7}]


def test_a_view_follows_its_products_port(serve: Serve) -> None:
    files = {"sales/old/place/a.csv": CSV}
    port = {"location": "domains/sales/old/place/", "format": "csv"}
    client = dataset(serve, files, SCHEMA, port)
    assert [row["order_id"] for row in client.get("/sales/orders").body] == [7]


@pytest.mark.parametrize("registered", ["integer", "array<string>"])
def test_a_status_that_is_no_text_is_never_active(
    serve: Serve, registry: Registry, registered: str
) -> None:
    add_product(registry, "campaigns", domain="marketing", schema={"status": registered})
    files = {"marketing/campaigns/a.csv": b"status\n1\n"}
    client = serve("domains", resources(registry, files))
    assert client.get("/marketing/campaigns", active_only="true").body == []


def test_a_deleted_product_is_served_no_more(serve: Serve, registry: Registry) -> None:
    client = dataset(serve, {"sales/orders/a.csv": CSV}, SCHEMA, registry=registry)
    assert client.get("/sales/orders").status == 200
    assert serve("products", resources(registry)).delete("/product/orders").status == 200
    assert client.get("/sales/orders").status == 404


def test_a_broken_file_is_424_and_its_rows_stay_untold(serve: Serve) -> None:
    answer = one_file(serve, "a.csv", CSV + b"8,hunter2,x\n", SCHEMA).get("/sales/orders")
    assert answer.status == 424
    assert "row 2, column 'order_date'" in answer.body["message"]
    assert "hunter2" not in answer.content.decode()


def test_an_answer_beyond_four_megabytes_is_refused(serve: Serve) -> None:
    body = b"text\n" + (b"x" * 100_000 + b"\n") * 50
    client = one_file(serve, "a.csv", body, {"text": "string"})
    assert client.get("/sales/orders").status == 413
    assert client.get("/sales/orders", limit=10).status == 200


def test_a_parquet_file_beyond_the_budget_is_refused(serve: Serve) -> None:
    client = dataset(serve, partitioned_orders(), ORDERS, PORT, max_scan_bytes=10)
    assert client.get("/sales/orders").status == 413
