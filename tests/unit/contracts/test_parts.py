"""Parts of a contract that was registered with `fan_out`, and what becomes of them."""

from typing import Any

import pytest
import yaml

from datamesh.http.gateway import ANONYMOUS
from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.source import read_source
from tests.lambdas import Client, api_event
from tests.unit.contracts.documents import write_contract
from tests.unit.contracts.test_contracts_api import post, read_contract, read_tree

PARTS: list[dict[str, Any]] = [
    {
        "name": "lines",
        "description": "One row per line",
        "properties": [
            {"name": "id"},
            {"name": "parcel", "relationships": [{"to": "parcels.id"}]},
        ],
    },
    {"name": "parcels", "properties": [{"name": "id"}]},
]
LEVEL = {"property": "latency", "value": 1, "unit": "d", "element": "lines.sent_at, parcels.at"}
SHOP = write_contract(name="shop", schema=PARTS, slaProperties=[LEVEL])


def rename(products: Client, old: str, new: str) -> None:
    assert products.put(f"/product/{old}", {"name": new}).status == 200


@pytest.mark.parametrize(("new", "part"), [("shop-sent", "sent"), ("shipped", "shipped")])
def test_a_renamed_part_is_a_renamed_object(
    new: str, part: str, client: Client, products: Client
) -> None:
    assert post(client, SHOP, fan_out=True).status == 200
    rename(products, "shop-parcels", new)
    tree = read_tree(client, new)
    assert (tree["name"], [each["name"] for each in tree["schema"]]) == ("shop", ["lines", part])
    assert tree["schema"][0]["properties"][1]["relationships"] == [{"to": f"{part}.id"}]
    assert tree["slaProperties"] == [{**LEVEL, "element": f"lines.sent_at, {part}.at"}]
    assert read_contract(client, "shop-lines") == SHOP.encode()


def test_other_fields_of_a_renamed_part_are_written_too(client: Client, products: Client) -> None:
    assert post(client, SHOP, fan_out=True).status == 200
    changes = {"name": "shop-sent", "schema": {"id": "integer"}, "description": "What was sent"}
    assert products.put("/product/shop-lines", changes).status == 200
    [part, _] = read_tree(client, "shop-sent")["schema"]
    assert (part["name"], part["description"]) == ("sent", "What was sent")
    assert part["properties"] == [{"name": "id", "logicalType": "integer"}]
    sql = client.get("/product/shop-sent/contract", format="sql").content.decode()
    assert "What was sent" in sql


def test_a_part_that_is_called_as_another_keeps_its_name_in_the_document(
    client: Client, products: Client
) -> None:
    assert post(client, SHOP, fan_out=True).status == 200
    rename(products, "shop-parcels", "lines")
    assert [each["name"] for each in read_tree(client, "lines")["schema"]] == ["lines", "parcels"]


def test_parts_of_another_name_come_out_byte_for_byte(client: Client) -> None:
    assert post(client, SHOP, fan_out=True, name="store").status == 200
    assert read_contract(client, "store-lines") == SHOP.encode()


def test_a_contract_of_one_object_is_renamed_itself(client: Client, products: Client) -> None:
    assert post(client, write_contract()).status == 200
    rename(products, "parcels", "sent")
    tree = read_tree(client, "sent")
    assert (tree["name"], tree["schema"][0]["name"]) == ("sent", "parcels")


@pytest.mark.parametrize(
    ("names", "pointer", "words"),
    [
        (["a", "b", "a"], "/schema/2/name", "another object is called 'a'"),
        (["a b", "a-b"], "/schema/1/name", "'a b' and 'a-b' would both be the product 'shop-a-b'"),
        (["a" * 99 + "b", "a" * 99], "/schema/1/name", "would both be the product 'shop-aaa"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_parts_that_would_be_one_product_are_refused(
    names: list[str], pointer: str, words: str, *, dry_run: bool, client: Client
) -> None:
    text = write_contract(name="shop", schema=[{"name": name} for name in names])
    answer = post(client, text, fan_out=True, dry_run=dry_run)
    assert answer.status == 422
    [error] = answer.body["errors"]
    assert error["field"] == pointer
    assert words in error["message"]
    assert error["line"] > 1


def test_parts_are_changed_together_or_not_at_all(client: Client, products: Client) -> None:
    assert post(client, SHOP, fan_out=True).status == 200
    assert products.put("/product/shop-parcels", {"version": "9.0.0"}).status == 200
    newer = write_contract(name="shop", schema=PARTS, version="2.0.0")
    answer = post(client, newer, fan_out=True)
    assert answer.status == 422
    assert "version of 'shop-parcels' is 9.0.0" in answer.body["message"]
    assert products.get("/product/shop-lines").body["version"] == "1.0.0"
    assert read_contract(client, "shop-lines") == SHOP.encode()
    newest = write_contract(name="shop", schema=PARTS, version="9.1.0")
    assert post(client, newest, fan_out=True).status == 200
    for name in ("shop-lines", "shop-parcels"):
        assert read_contract(client, name) == newest.encode()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_request_registers_at_most_a_thousand_parts(dry_run: bool, client: Client) -> None:
    parts = [{"name": f"part{number}"} for number in range(1001)]
    text = write_contract(name="shop", schema=parts)
    answer = post(client, text, fan_out=True, dry_run=dry_run)
    assert answer.status == 422
    [error] = answer.body["errors"]
    assert error["field"] == "/schema"
    assert "registers at most 1000, got 1001" in error["message"]
    assert post(client, text, object="part7").status == 200


def hide(products: Client, name: str) -> None:
    assert products.put(f"/product/{name}", {"visibility": "private"}).status == 200


def read_as_stranger(client: Client, name: str, **query: str) -> Any:
    path = f"/product/{name}/contract"
    return client.send(api_event("GET", path, query=query, principal=ANONYMOUS)).content


def test_a_part_that_is_hidden_is_not_in_the_document_of_another(
    client: Client, products: Client
) -> None:
    assert post(client, SHOP, fan_out=True).status == 200
    hide(products, "shop-parcels")
    unrelated = {"name": "parcel", "relationships": []}
    text = read_as_stranger(client, "shop-lines")
    assert find_faults(read_source(text)) == []
    assert yaml.safe_load(text) == {
        **yaml.safe_load(SHOP),
        "schema": [{**PARTS[0], "properties": [{"name": "id"}, unrelated]}],
        "slaProperties": [],
    }
    admin = api_event("GET", "/product/shop-lines/contract")
    assert client.send(admin).content == SHOP.encode()


def test_a_port_that_is_hidden_is_not_in_the_document_of_another(
    client: Client, products: Client
) -> None:
    ports = [{"name": each, "version": "1.0.0"} for each in ("lines", "parcels")]
    tree = {"apiVersion": "v1.0.0", "kind": "DataProduct", "id": "shop", "status": "active"}
    more = {"name": "shop", "domain": "sales", "version": "1.0.0", "team": {"name": "shop"}}
    body: dict[str, Any] = {**tree, **more, "outputPorts": ports}
    assert post(client, yaml.safe_dump(body), fan_out=True).status == 200
    hide(products, "shop-parcels")
    found = yaml.safe_load(read_as_stranger(client, "shop-lines", format="odps"))
    assert found == {**body, "outputPorts": ports[:1]}


def test_a_hidden_document_of_another_domain_takes_no_part_away(
    client: Client, products: Client
) -> None:
    assert post(client, SHOP, fan_out=True, name="own", domain="finance").status == 200
    for name in ("own-lines", "own-parcels"):
        hide(products, name)
    steward: dict[str, Any] = {
        "principal": "key:sales",
        "grants": ({"role": "steward", "domain": "sales"},),
    }
    asked = api_event("POST", "/contracts", SHOP, query={"fan_out": True}, **steward)
    assert client.send(asked).status == 200
    assert read_as_stranger(client, "shop-lines") == SHOP.encode()
