"""Exports of contracts are valid by the standard's schema, whatever a product has or becomes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from datamesh.models.products import ProductRegistration
from datamesh.services.contracts.documents import export_contract, write_json, write_yaml
from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.mapping import map_contract
from datamesh.services.contracts.source import read_source
from datamesh.services.contracts.yaml_text import parse_yaml
from datamesh.services.products.column_edits import build_product
from tests.lambdas import Client, api_event
from tests.meshes import product_body
from tests.unit.contracts.documents import write_contract
from tests.unit.contracts.varied import COLUMNS, PRODUCTS, VERSIONS


def export_product(**fields: Any) -> bytes:
    """Return the contract of a product that was registered without one."""
    registration = ProductRegistration.model_validate(product_body(**fields))
    return export_contract(build_product(registration, datetime.now(UTC), 0, None), None).body


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_without_a_contract_has_a_valid_one(name: str) -> None:
    body = export_product(**PRODUCTS[name])
    assert find_faults(read_source(body)) == []


def test_a_map_and_a_vector_without_their_parts_are_physical_types() -> None:
    tree = yaml.safe_load(export_product(schema={"a": "map", "b": "vector"}))
    assert tree["schema"][0]["properties"] == [
        {"name": "a", "physicalType": "map"},
        {"name": "b", "physicalType": "vector"},
    ]
    assert map_contract(tree, "orders").fields["schema"] == {
        "a": {"type": "map", "physical_type": "map"},
        "b": {"type": "vector", "physical_type": "vector"},
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_stays_valid_when_its_columns_are_changed(
    version: str, client: Client, products: Client
) -> None:
    text = write_contract(apiVersion=version)
    assert client.send(api_event("POST", "/contracts", text)).status == 200
    for columns in ({**COLUMNS}, dict(zip(COLUMNS, reversed(COLUMNS.values()), strict=True))):
        answer = products.put("/product/parcels", {"schema": columns})
        assert answer.status == 200
        body = client.get("/product/parcels/contract").content
        assert find_faults(read_source(body)) == []
        [part] = yaml.safe_load(body)["schema"]
        assert [each["name"] for each in part["properties"]] == [*columns]


WITHIN: dict[str, Any] = {
    "m": {"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": {}}},
    "v": {"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}},
    "s": {"physicalType": "struct", "properties": [{"name": "x", "logicalType": "string"}]},
}


@pytest.mark.parametrize("name", WITHIN)
def test_another_physical_type_leaves_what_is_within(
    name: str, client: Client, products: Client
) -> None:
    column = {"name": name, **WITHIN[name]}
    part = {"name": "t", "properties": [column]}
    client.send(api_event("POST", "/contracts", write_contract(schema=[part])))
    changed = products.put(
        "/product/parcels", {"schema": {name: {"physical_type": "OTHER", "type": "map"}}}
    )
    assert changed.status == 200
    kind = products.get("/product/parcels").body["schema"][name]
    tree = yaml.safe_load(client.get("/product/parcels/contract").content)
    assert kind == "map"
    assert tree["schema"][0]["properties"][0]["physicalType"] == "OTHER"


def test_exclusive_bounds_of_3_0_mark_the_other_bound(client: Client, products: Client) -> None:
    options = {"minimum": 5, "exclusiveMinimum": True, "maximum": 9}
    column = {"name": "a", "logicalType": "integer", "logicalTypeOptions": options}
    part = {"name": "t", "properties": [column]}
    text = write_contract(apiVersion="v3.0.2", schema=[part])
    assert client.send(api_event("POST", "/contracts", text)).status == 200
    shown = products.get("/product/parcels").body["columns"][0]["options"]
    assert shown == {"exclusive_minimum": 5, "maximum": 9}
    changes = {"exclusive_minimum": 6, "exclusive_maximum": 9}
    products.put("/product/parcels", {"schema": {"a": {"type": "integer", "options": changes}}})
    tree = yaml.safe_load(client.get("/product/parcels/contract").content)
    assert tree["schema"][0]["properties"][0]["logicalTypeOptions"] == {
        "minimum": 6,
        "exclusiveMinimum": True,
        "maximum": 9,
        "exclusiveMaximum": True,
    }


@pytest.mark.parametrize(
    "text", ["a\x85b", "\x85", "a\u2028b", "\u2029\n a ", "a\r\n\tb", "\ufeff"]
)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    tree = {text: {"nested": [text]}}
    assert parse_yaml(write_yaml(tree).decode()).build_tree() == tree
    assert not {"\x85", "\u2028", "\u2029"} & {*write_yaml(tree).decode()}


@pytest.mark.parametrize("text", ["1e3", "1e999", "0o17", "08", "1.0", "0x1F"])
def test_a_text_that_is_a_number_in_any_yaml_is_quoted(text: str) -> None:
    assert write_yaml({"a": text}).decode() == f"a: '{text}'\n"


def test_json_has_numbers_that_yaml_reads_alike() -> None:
    numbers = [1e-05, 1e22, 1.5e-07, 0.1, -1e300, 10**30, -(2**63), 7, True, None, -0.0]
    tree = {"a": numbers, "text 1e5": "1e-05", "empty": [{}, [], 'é\u2028"\\\n\x07']}
    body = write_json(tree)
    assert json.loads(body) == tree
    assert yaml.safe_load(body)["a"] == numbers
    plain = {"a": [1, {"b": "é", "c": []}], "d": {}, "e": 0.5}
    assert write_json(plain).decode() == json.dumps(plain, ensure_ascii=False, indent=2)
