"""Columns whose names differ by case alone are refused at registration."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client
from tests.meshes import product_body, resources, store_product

MESSAGE = (
    "The columns '{}' and '{}' differ by upper and lower case alone: DuckDB, Spark and Athena take"
    " them for one; give one of them another name"
)
TWICE = {"Id": "integer", "amount": "integer", "ID": "integer"}
PORT = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["Day"]}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def assert_refused(answer: Answer, first: str, second: str, field: str = "schema") -> None:
    assert answer.status == 422
    problem = {"field": field, "location": "body", "message": MESSAGE.format(first, second)}
    assert answer.body["errors"] == [problem]


@pytest.mark.parametrize(
    ("body", "first", "second"),
    [
        ({"schema": TWICE}, "Id", "ID"),
        ({"schema": {"day": "date"}, "output_port": PORT}, "day", "Day"),
    ],
)
def test_a_registration_is_refused(
    client: Client, body: dict[str, Any], first: str, second: str
) -> None:
    item = {**product_body(), **body}
    assert_refused(client.post("/register_product", item), first, second)
    answer = client.post("/products/bulk", {"items": [product_body(name="other"), item]})
    assert_refused(answer, first, second, "items.1.schema")
    assert client.get("/products").body == []


def test_a_change_is_refused(client: Client) -> None:
    client.post("/register_product", product_body(schema={"day": "date"}))
    assert_refused(client.put("/product/orders", {"schema": TWICE}), "Id", "ID")
    assert_refused(client.put("/product/orders", {"output_port": PORT}), "day", "Day")
    port = {**PORT, "partitions": ["day"]}
    assert client.put("/product/orders", {"output_port": port}).status == 200


def test_a_product_that_has_such_names_already_can_be_changed(
    client: Client, registry: Registry
) -> None:
    store_product(registry, "orders", schema=TWICE)
    assert client.put("/product/orders", {"status": "deprecated"}).status == 200
    assert client.put("/product/orders", {"schema": {"Id": "integer"}}).status == 200


def test_letters_that_duckdb_tells_apart_are_two_names(client: Client) -> None:
    body = product_body(schema={"Äpfel": "integer", "äpfel": "integer"})
    assert client.post("/register_product", body).status == 200
