"""Domain data through its function's handler."""

from collections.abc import Mapping

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import add_product, mesh, resources

SCHEMAS = {
    ("sales", "orders"): {"order_id": "integer", "order_date": "date", "amount": "decimal(9,2)"},
    ("marketing", "campaigns"): {"id": "string", "status": "string"},
    ("finance", "transactions"): {"id": "integer", "transaction_date": "date"},
}
FILES = {
    "sales/orders/1997.csv": b"order_id,order_date,amount\n"
    b"1,1997-01-01,29.33\n2,1997-01-31,0.5\n3,1997-02-01,7\n",
    "sales/orders/1998.csv": b"order_id,order_date,amount\n4,1998-06-30,1\n",
    "marketing/campaigns/all.jsonl": b'{"id": "a", "status": "active"}\n'
    b'{"id": "b", "status": "ended"}\n{"id": "c", "status": "active"}\n',
    "finance/transactions/t.csv": b"id,transaction_date\n"
    + b"".join(b"%d,1997-01-01\n" % number for number in range(1001)),
}


def serve_views(serve: Serve, files: Mapping[str, bytes]) -> Client:
    """Return a client of the views, each with its product."""
    registry = mesh()
    for (domain, name), schema in SCHEMAS.items():
        add_product(registry, name, domain=domain, schema=schema)
    return serve("domains", resources(registry, files))


@pytest.fixture
def client(serve: Serve) -> Client:
    return serve_views(serve, FILES)


def test_rows_are_a_bare_array_with_the_types_of_json(client: Client) -> None:
    answer = client.get("/sales/orders", limit=2)
    assert answer.status == 200
    assert answer.body == [
        {"order_id": 1, "order_date": "1997-01-01", "amount": 29.33},
        {"order_id": 2, "order_date": "1997-01-31", "amount": 0.5},
    ]


@pytest.mark.parametrize("path", ["/sales/orders", "/marketing/campaigns", "/finance/transactions"])
def test_a_dataset_without_files_is_an_empty_array(serve: Serve, path: str) -> None:
    answer = serve_views(serve, {}).get(path)
    assert (answer.status, answer.body) == (200, [])


@pytest.mark.parametrize("path", ["/sales/orders", "/marketing/campaigns", "/finance/transactions"])
def test_a_view_without_its_product_is_404(serve: Serve, path: str) -> None:
    answer = serve("domains", resources(files=FILES)).get(path)
    assert answer.status == 404
    assert "No product serves the dataset" in answer.body["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"start_date": "1997-01-31"}, [2, 3, 4]),
        ({"end_date": "1997-01-31"}, [1, 2]),
        ({"start_date": "1997-01-01", "end_date": "1997-01-01"}, [1]),
        ({"start_date": "1997-02-02", "end_date": "1998-06-29"}, []),
        ({"start_date": "1998-06-30", "end_date": "1998-06-30"}, [4]),
        ({"start_date": "1997-01-02", "limit": 1}, [2]),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31"}, [1, 2, 3, 4]),
    ],
)
def test_a_range_of_orders_includes_both_days(
    client: Client, query: dict[str, object], expected: list[int]
) -> None:
    assert [row["order_id"] for row in client.get("/sales/orders", **query).body] == expected


@pytest.mark.parametrize("path", ["/sales/orders", "/finance/transactions"])
@pytest.mark.parametrize("parameter", ["start_date", "end_date"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "1997",
        "1997-1-1",
        "19970101",
        "01-01-1997",
        "1997-02-30",
        "1997-13-01",
        "0000-01-01",
        "1997-01-01T00:00:00",
        " 1997-01-01",
        "1997-01-01\n",
        "yesterday",
        "852076800",
        "199٧-01-01",  # noqa: RUF001
    ],
)
def test_a_malformed_date_is_refused(client: Client, path: str, parameter: str, value: str) -> None:
    answer = client.get(path, **{parameter: value})
    assert answer.status == 422
    [problem] = answer.body["errors"]
    assert (problem["location"], problem["field"]) == ("query", parameter)


@pytest.mark.parametrize("path", ["/sales/orders", "/finance/transactions", "/marketing/campaigns"])
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "all", ""])
def test_a_limit_beyond_1_to_1000_is_refused(client: Client, path: str, limit: str) -> None:
    answer = client.get(path, limit=limit)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "limit")


@pytest.mark.parametrize(("query", "rows"), [({}, 100), ({"limit": 1}, 1), ({"limit": 1000}, 1000)])
def test_the_limit_is_100_unless_told(client: Client, query: dict[str, object], rows: int) -> None:
    assert len(client.get("/finance/transactions", **query).body) == rows


def test_transactions_are_filtered_by_their_own_date(client: Client) -> None:
    assert client.get("/finance/transactions", start_date="1997-01-02").body == []
    assert len(client.get("/finance/transactions", end_date="1997-01-01").body) == 100


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"active_only": "false"}, ["a", "b", "c"]),
        ({"active_only": "true"}, ["a", "c"]),
        ({"active_only": "true", "limit": 1}, ["a"]),
    ],
)
def test_campaigns_may_be_active_ones_only(
    client: Client, query: dict[str, object], expected: list[str]
) -> None:
    assert [row["id"] for row in client.get("/marketing/campaigns", **query).body] == expected


def test_active_only_is_yes_or_no(client: Client) -> None:
    answer = client.get("/marketing/campaigns", active_only="perhaps")
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "active_only")
