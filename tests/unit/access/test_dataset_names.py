"""A product is said to be datasets of namespaces alone that its registrar may send events of."""

from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import mesh, product_body, resources

SALES: dict[str, Any] = {"role": "contributor", "domain": "sales"}
GRANTED = {**SALES, "namespaces": ["postgres://sales*"]}


@pytest.fixture
def client(serve: Serve) -> Client:
    return serve("products", resources(replace(mesh(), namespace_domains={"warehouse": "sales"})))


def name_dataset(client: Client, way: str, namespace: str, grant: dict[str, Any]) -> Answer:
    """Say that `orders` is a dataset of a namespace: when it is registered, or later."""
    datasets = [{"namespace": namespace, "name": "salaries"}]
    body: dict[str, Any] = product_body(openlineage=datasets)
    if way == "update":
        client.post("/register_product", product_body())
    method, path, sent = {
        "register": ("POST", "/register_product", body),
        "bulk": ("POST", "/products/bulk", {"items": [body]}),
        "update": ("PUT", "/product/orders", {"openlineage": datasets}),
    }[way]
    return client.send(api_event(method, path, sent, principal="key:etl", grants=[grant]))


@pytest.mark.parametrize("way", ["register", "bulk", "update"])
@pytest.mark.parametrize("namespace", ["finance", "postgres://finance-db", "Warehouse"])
def test_another_domains_datasets_are_not_claimed(client: Client, way: str, namespace: str) -> None:
    """Who has a name first keeps it: the rightful domain would find it taken (409)."""
    for grant in (SALES, GRANTED, {**SALES, "role": "steward"}):
        answer = name_dataset(client, way, namespace, grant)
        assert answer.status == 403
        assert f"may not name datasets of '{namespace}'" in answer.body["message"]


@pytest.mark.parametrize("way", ["register", "bulk", "update"])
@pytest.mark.parametrize("namespace", ["Sales", "warehouse", "postgres://sales-db"])
def test_ones_own_are(client: Client, way: str, namespace: str) -> None:
    assert name_dataset(client, way, namespace, GRANTED).status == 200


def test_names_that_a_product_has_are_no_matter_of_a_change(client: Client) -> None:
    """An administrator put them there; whoever sends the product back changes none of them."""
    datasets = [{"namespace": "finance", "name": "salaries"}]
    client.post("/register_product", product_body(openlineage=datasets))
    for body in ({"owner": "another"}, {"owner": "a third", "openlineage": datasets}):
        event = api_event("PUT", "/product/orders", body, principal="key:etl", grants=[SALES])
        assert client.send(event).status == 200
