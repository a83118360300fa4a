"""Columns of a product that is changed, and what becomes of them in its contract."""

from typing import Any

import pytest

from tests.lambdas import Client
from tests.unit.contracts.documents import write_contract
from tests.unit.contracts.test_contracts_api import post, read_tree

NESTED: list[dict[str, Any]] = [
    {"name": "a", "logicalType": "object", "properties": [{"name": "b", "logicalType": "string"}]},
    {"name": "c", "logicalType": "array", "items": {"logicalType": "string"}},
]


def write_columns(*properties: dict[str, Any], version: str = "v3.1.0") -> str:
    schema = [{"name": "parcels", "properties": [*properties]}]
    return write_contract(apiVersion=version, schema=schema)


@pytest.mark.parametrize("kind", ["string", "integer", "decimal(9,2)", "timestamp"])
def test_what_was_within_a_column_goes_with_its_type(
    kind: str, client: Client, products: Client
) -> None:
    assert post(client, write_columns(*NESTED)).status == 200
    answer = products.put("/product/parcels", {"schema": {"a": kind, "c": kind}})
    columns = answer.body["data"].get("columns", [])
    assert all(not {"columns", "items"} & each.keys() for each in columns)
    [found] = read_tree(client)["schema"]
    assert all(not {"properties", "items"} & each.keys() for each in found["properties"])


def test_an_object_has_no_items_and_an_array_no_columns(client: Client, products: Client) -> None:
    assert post(client, write_columns(*NESTED)).status == 200
    answer = products.put("/product/parcels", {"schema": {"a": "array", "c": "struct"}})
    columns = answer.body["data"].get("columns", [])
    assert all(not {"columns", "items"} & each.keys() for each in columns)


def test_what_is_within_a_column_stays_with_its_type(client: Client, products: Client) -> None:
    assert post(client, write_columns(*NESTED)).status == 200
    answer = products.put("/product/parcels", {"schema": {"a": "object", "c": "array"}})
    [a, c] = answer.body["data"]["columns"]
    assert ([each["name"] for each in a["columns"]], c["items"]["type"]) == (["b"], "string")


CHANGE: dict[str, Any] = {
    "schema": {
        "state": {"type": "string", "enum": ["sent"]},
        "a": {"type": "object", "columns": {"b": {"type": "string", "deprecated": True}}},
    }
}


def test_a_word_that_the_version_of_a_contract_has_not_is_a_warning(
    client: Client, products: Client
) -> None:
    assert post(client, write_columns({"name": "state"})).status == 200
    answer = products.put("/product/parcels", CHANGE)
    assert answer.body["warnings"] == [
        "state: the contract does not say `enum`, which ODCS v3.1.0 has not; give it as v3.2.0 to"
        " have it there",
        "a: the contract does not say `deprecated`, which ODCS v3.1.0 has not; give it as v3.2.0"
        " to have it there",
    ]
    assert "enum" not in read_tree(client)["schema"][0]["properties"][0]


def test_a_word_that_is_written_is_no_warning(client: Client, products: Client) -> None:
    assert post(client, write_columns({"name": "state"}, version="v3.2.0")).status == 200
    assert "warnings" not in products.put("/product/parcels", CHANGE).body
    assert read_tree(client)["schema"][0]["properties"][0]["enum"] == [{"value": "sent"}]
    products.post(
        "/register_product",
        {"name": "x", "domain": "a", "owner": "b", "description": "c", "schema": {"a": "string"}},
    )
    assert "warnings" not in products.put("/product/x", CHANGE).body
