"""A type that nothing is known of is a warning: its column can be neither filtered nor checked."""

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.meshes import product_body, resources


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


SCHEMA = {"a": "VARCHAR(16777216)", "b": "colour", "c": "struct<a:int>"}
WARNING = (
    "Column 'b': the type 'colour' is not known. It is served as it is stored, and can be neither"
    " filtered nor ordered by, nor checked"
)


def test_a_registration_and_a_change_warn_of_unknown_types(client: Client) -> None:
    answer = client.post("/register_product", product_body(name="a", schema=SCHEMA))
    assert (answer.status, answer.body["warnings"]) == (200, [WARNING])
    answer = client.put("/product/a", {"schema": {"b": "colour"}})
    assert (answer.status, answer.body["warnings"]) == (200, [WARNING])
    answer = client.put("/product/a", {"schema": {"b": "int4"}})
    assert (answer.status, "warnings" in answer.body) == (200, False)
    assert "warnings" not in client.put("/product/a", {"description": "x"}).body


def test_a_bulk_warns_of_the_items_that_are_registered(client: Client) -> None:
    items = [
        product_body(name="a", schema={"x": "int"}),
        product_body(name="b", schema=SCHEMA),
        {"schema": {"b": "colour"}},
    ]
    answer = client.post("/products/bulk", {"items": items[:1]})
    assert "warnings" not in answer.body
    body = {"items": items[1:]}
    answer = client.send(api_event("POST", "/products/bulk", body, query={"partial": "true"}))
    assert (answer.status, answer.body["warnings"]) == (200, [f"items.0: {WARNING}"])
