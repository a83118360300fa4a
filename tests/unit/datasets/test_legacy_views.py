"""The legacy views over products that serve Parquet: the rows that they have always shown."""

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import add_product, mesh, resources
from tests.tables import ORDERS, PORT, dataset, parquet, partitioned_orders

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


def test_a_view_follows_its_products_port(serve: Serve) -> None:
    files = {"old/place/a.csv": b"order_id,order_date\n7,2023-07-01\n"}
    port = {"location": "domains/old/place/", "format": "csv"}
    client = dataset(serve, files, ORDERS, port)
    assert client.get("/sales/orders").body == [{"order_id": 7, "order_date": "2023-07-01"}]


def test_without_a_product_parquet_is_refused_by_name(serve: Serve) -> None:
    client = serve("domains", resources(mesh(), partitioned_orders()))
    answer = client.get("/sales/orders")
    assert answer.status == 424
    assert "part-0.parquet is neither" in answer.body["message"]


def test_a_parquet_file_beyond_the_budget_is_refused(serve: Serve) -> None:
    client = dataset(serve, partitioned_orders(), ORDERS, PORT, max_scan_bytes=10)
    assert client.get("/sales/orders").status == 413
