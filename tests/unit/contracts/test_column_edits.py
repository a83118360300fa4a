"""Columns of a product that is changed, and what becomes of them in its contract."""

from typing import Any

import pytest

from tests.lambdas import Client, api_event
from tests.unit.contracts.documents import write_contract
from tests.unit.contracts.test_contracts_api import post, read_contract, read_tree

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


NO_COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "", "description": "No name"},
    {"name": "a", "description": "Again"},
)


def read_properties(client: Client) -> Any:
    return read_tree(client)["schema"][0]["properties"]


def test_properties_that_are_no_columns_stay_when_others_are_changed(
    client: Client, products: Client
) -> None:
    long: dict[str, Any] = {"name": "x" * 230, "examples": [1]}
    nested: dict[str, Any] = {
        "name": "n",
        "logicalType": "object",
        "properties": [{"name": "b"}, {"name": "B"}],
    }
    sent = [{"name": "a"}, *NO_COLUMNS, long, nested]
    assert post(client, write_columns(*sent, version="v3.2.0")).status == 200
    schema = products.get("/product/parcels").body["schema"]
    products.put("/product/parcels", {"schema": {**schema, "new": "string"}})
    assert read_properties(client) == [*sent, {"name": "new", "logicalType": "string"}]
    part = {"type": "object", "columns": {"b": {"type": "string", "description": "The first"}}}
    products.put("/product/parcels", {"schema": {**schema, "n": part}})
    [first, second] = read_properties(client)[-1]["properties"]
    assert (first["description"], second) == ("The first", {"name": "B"})


def test_a_name_that_goes_goes_with_all_that_repeat_it(client: Client, products: Client) -> None:
    assert post(client, write_columns({"name": "a"}, *NO_COLUMNS, {"name": "b"})).status == 200
    products.put("/product/parcels", {"schema": {"b": "string"}})
    assert read_properties(client) == [NO_COLUMNS[0], {"name": "b"}]


def test_columns_are_in_the_order_that_the_product_has(client: Client, products: Client) -> None:
    b = {"name": "b", "logicalType": "object", "properties": [{"name": "x"}, {"name": "y"}]}
    body = write_columns({"name": "a", "examples": [1]}, b, version="v3.2.0")
    assert post(client, body).status == 200
    turned = {"type": "object", "columns": {"y": "string", "x": "string"}}
    products.put("/product/parcels", {"schema": {"b": turned, "new": "date", "a": "string"}})
    parts = [{"name": "y"}, {"name": "x"}]
    new = {"name": "new", "logicalType": "date"}
    assert read_properties(client) == [
        {**b, "properties": parts},
        new,
        {"name": "a", "examples": [1]},
    ]
    products.put("/product/parcels", {"schema": {"a": "string", "b": "object"}})
    products.put("/product/parcels", {"schema": {"b": "object", "a": "string"}})
    assert [each["name"] for each in read_properties(client)] == ["b", "a"]
    assert client.send(api_event("PUT", "/product/parcels/contract", body)).status == 200
    assert list(products.get("/product/parcels").body["schema"]) == ["a", "b"]
    assert read_contract(client).decode() == body
