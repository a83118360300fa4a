"""Lineage ends before what a caller may not see: readers of the product before it hear how much."""

from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.meshes import add_lineage, add_products, mesh, product_body, resources

SALES = ({"role": "reader", "domain": "sales"},)
FINANCE = ({"role": "reader", "domain": "finance"},)


@pytest.fixture
def client(serve: Serve) -> Client:
    """Two private products beside `orders`, of which one is behind it, and its copy is shown."""
    registry = mesh()
    add_products(registry, ["orders", "copy", "public"])
    held = resources(registry)
    products = serve("products", held)
    for name in ("salaries", "bonus"):
        body = product_body(name=name, domain="finance", visibility="private")
        assert products.post("/register_product", body).status == 200
    for source, target in (("salaries", "orders"), ("orders", "bonus"), ("orders", "copy")):
        add_lineage(registry, source, target)
    add_lineage(registry, "salaries", "orders", lineage_type="derived")
    return serve("lineage", held)


def read_graph(client: Client, product: str = "orders", **more: Any) -> Any:
    answer = client.send(api_event("GET", f"/lineage/graph/{product}", **more))
    assert answer.status == 200, answer.body
    return answer.body


def read_hidden(client: Client, grants: Any = SALES, **query: object) -> Any:
    return read_graph(client, principal="key:a", grants=grants, query=query)["hidden_neighbours"]


def test_a_reader_of_the_product_hears_how_many(client: Client) -> None:
    """Each once, however many entries lead to it, and as far as the walk follows."""
    assert read_hidden(client) == {"orders": 2}
    assert read_hidden(client, direction="upstream") == {"orders": 1}
    assert read_hidden(client, lineage_type="derived") == {"orders": 1}
    found = read_graph(client, "copy", principal="key:a", grants=SALES)
    assert found["hidden_neighbours"] == {"orders": 2}
    assert "salaries" not in str(found)


def test_who_sees_them_is_told_of_none(client: Client) -> None:
    assert read_hidden(client, (*SALES, *FINANCE)) == {}
    assert read_graph(client)["hidden_neighbours"] == {}


@pytest.mark.parametrize("grants", [(), ({"role": "steward", "domain": "marketing"},)])
def test_who_is_no_reader_of_the_product_learns_nothing(client: Client, grants: Any) -> None:
    assert read_hidden(client, grants) == {}
    assert read_graph(client, principal=ANONYMOUS)["hidden_neighbours"] == {}
