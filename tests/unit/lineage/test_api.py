"""Lineage through its function's handler."""

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client
from tests.meshes import add_lineage, add_products, lineage_body, resources

REGISTERED = {
    "source": "orders",
    "target": "revenue",
    "transformation": "SUM(amount)",
    "lineage_type": "direct",
    "confidence": 1.0,
    "metadata": {},
    "job": None,
    "columns": [],
    "timestamp": "2026-01-31T12:00:00Z",
}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    add_products(registry, ["orders", "revenue", "report"])
    return serve("lineage", resources(registry))


@pytest.fixture
def chain(client: Client, registry: Registry) -> Client:
    add_lineage(registry, "orders", "revenue")
    add_lineage(registry, "revenue", "report", lineage_type="aggregated")
    add_lineage(registry, "orders", "report", lineage_type="derived")
    return client


def ends(answer: Answer) -> list[str]:
    return [f"{entry['source']}-{entry['target']}" for entry in answer.body]


def test_a_registration_is_answered_with_the_entry(client: Client) -> None:
    answer = client.post("/register_lineage", lineage_body())
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Lineage 'orders' -> 'revenue' registered",
        "data": REGISTERED | {"id": answer.body["data"]["id"]},
    }
    assert client.get("/lineage").body == [answer.body["data"]]


def test_each_entry_has_an_id_of_its_own(client: Client) -> None:
    bodies = [lineage_body(), lineage_body()]
    client.post("/lineage/bulk", {"items": bodies})
    client.post("/register_lineage", lineage_body())
    ids = [entry["id"] for entry in client.get("/lineage").body]
    assert len(set(ids)) == 3
    assert [found for found in ids if len(found) != 16] == []
    assert [entry["id"] for entry in client.get("/lineage").body] == ids


def test_ends_are_trimmed_and_metadata_is_kept(client: Client) -> None:
    metadata = {"job": {"id": 9007199254740993, "tags": ["ä", None, 0.1]}}
    body = lineage_body(source=" orders\t", confidence=0, metadata=metadata)
    data = client.post("/register_lineage", body).body["data"]
    assert data == REGISTERED | {"id": data["id"], "confidence": 0.0, "metadata": metadata}


def test_metadata_64_levels_deep_is_stored_and_read_back(client: Client) -> None:
    nested: object = 1
    for _ in range(62):
        nested = [nested]
    body = lineage_body(metadata={"deep": nested})  # with the two objects: 64
    assert client.post("/register_lineage", body).status == 200
    assert client.get("/lineage").body[0]["metadata"] == {"deep": nested}


@pytest.mark.parametrize("field", ["timestamp", "products_revision", "id", "extra"])
def test_what_the_server_sets_is_not_taken_from_the_client(client: Client, field: str) -> None:
    answer = client.post("/register_lineage", lineage_body(**{field: "2020-01-01T00:00:00Z"}))
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)
    assert client.get("/lineage").body == []


@pytest.mark.parametrize(
    ("query", "expected", "total"),
    [
        ({}, ["orders-revenue", "revenue-report", "orders-report"], "3"),
        ({"source": "orders"}, ["orders-revenue", "orders-report"], "2"),
        ({"target": "report"}, ["revenue-report", "orders-report"], "2"),
        ({"lineage_type": "derived"}, ["orders-report"], "1"),
        ({"source": "orders", "limit": 1}, ["orders-revenue"], "2"),
        ({"source": "orders", "limit": 1, "offset": 1}, ["orders-report"], "2"),
        ({"source": "nothing"}, [], "0"),
    ],
)
def test_filters_and_pages(
    chain: Client, query: dict[str, object], expected: list[str], total: str
) -> None:
    answer = chain.get("/lineage", **query)
    assert (ends(answer), answer.headers["x-total-count"]) == (expected, total)


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"lineage_type": "Direct"}],
)
def test_a_parameter_beyond_its_limits_is_refused(client: Client, query: dict[str, object]) -> None:
    [parameter] = query
    answer = client.get("/lineage", **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, parameter)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/lineage/upstream/report", ["revenue-report", "orders-report"]),
        ("/lineage/upstream/orders", []),
        ("/lineage/downstream/orders", ["orders-revenue", "orders-report"]),
        ("/lineage/downstream/report", []),
    ],
)
def test_following_is_one_hop_and_a_bare_array(
    chain: Client, path: str, expected: list[str]
) -> None:
    answer = chain.get(path)
    assert (answer.status, ends(answer)) == (200, expected)


def test_a_deletion_is_seen_here(serve: Serve, chain: Client, registry: Registry) -> None:
    serve("products", resources(registry)).delete("/product/revenue")
    assert ends(chain.get("/lineage")) == ["orders-report"]
    assert chain.get("/lineage/upstream/revenue").status == 404
