"""Documents of the Open Data Product Standard: ports become products and lineage."""

import json
from typing import Any

import pytest
import yaml

from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.source import read_source
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import Bucket, product_body, resources
from tests.unit.contracts.documents import write_contract

PARCELS = "urn:datacontract:sales:parcels"
TREE: dict[str, Any] = {
    "apiVersion": "v1.1.0",
    "kind": "DataProduct",
    "id": "urn:dataproduct:shipping",
    "name": "Shipping",
    "version": "2.1.0",
    "status": "active",
    "domain": "sales",
    "tenant": "northwind",
    "description": {"purpose": "All that is shipped", "limitations": "None"},
    "tags": ["gold"],
    "inputPorts": [
        {"name": "parcels", "version": "1.0.0", "contractId": PARCELS},
        {"name": "customers", "version": "1.0.0", "contractId": "customers"},
        {"name": "unheard", "version": "1.0.0", "contractId": "urn:unheard"},
    ],
    "outputPorts": [
        {
            "name": "shipments",
            "description": "One row per shipment",
            "type": "tables",
            "version": "1.3.0",
            "contractId": "urn:datacontract:sales:shipments",
            "sbom": [{"type": "external", "url": "https://e.com/sbom"}],
        }
    ],
    "managementPorts": [{"name": "metrics", "content": "observability", "type": "rest"}],
    "support": [{"channel": "#shipping", "url": "https://e.com/chat"}],
    "team": {"name": "shipping", "members": [{"username": "anna@e.com", "role": "steward"}]},
    "customProperties": [{"property": "cost", "value": {"of": [1, None]}}],
}
TEXT = "# Kept as it is.\n" + yaml.safe_dump(TREE, sort_keys=False)
TWO = [
    {"name": "day", "description": "Per day", "version": "1.0.0",
     "inputContracts": [{"id": PARCELS, "version": "1.0.0"}]},
    {"name": "month", "version": "3.0.0"},
    {"name": "month", "version": "2.0.0", "description": "The one before"},
]  # fmt: skip


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def lineage(serve: Serve, registry: Registry) -> Client:
    return serve("lineage", resources(registry))


@pytest.fixture
def sources(client: Client, products: Client) -> None:
    """Register the products that input ports name."""
    assert post(client, write_contract()).status == 200
    assert products.post("/register_product", product_body(name="customers")).status == 200


def post(client: Client, body: str, **query: object) -> Answer:
    return client.send(api_event("POST", "/contracts", body, query=query))


def write(**changes: Any) -> str:
    tree = {key: value for key, value in {**TREE, **changes}.items() if value is not None}
    text: str = yaml.safe_dump(tree, sort_keys=False)
    return text


def read(client: Client, name: str, kind: str = "odps") -> bytes:
    answer = client.get(f"/product/{name}/contract", format=kind)
    assert answer.status == 200
    return answer.content


def read_tree(client: Client, name: str = "Shipping") -> Any:
    body = read(client, name)
    assert find_faults(read_source(body)) == []
    return yaml.safe_load(body)


def list_sources(lineage: Client, target: str) -> list[str]:
    return sorted(each["source"] for each in lineage.get("/lineage", target=target).body)


def test_a_dry_run_tells_products_and_lineage_and_does_nothing(
    client: Client, products: Client, sources: None
) -> None:
    data = post(client, TEXT, dry_run="true").body["data"]
    assert data["plan"] == [
        {"product": "Shipping", "object": "shipments", "action": "create", "changed": []}
    ]
    assert data["lineage"] == [
        {"source": "parcels", "target": "Shipping", "pointer": "/inputPorts/0", "action": "create"},
        {"source": "customers", "target": "Shipping", "pointer": "/inputPorts/1",
         "action": "create"},
    ]  # fmt: skip
    assert data["warnings"] == [
        "/inputPorts/2: no product has the contract 'urn:unheard', so that it is no lineage yet:"
        " send the document again once there is one"
    ]
    assert products.get("/product/Shipping").status == 404


@pytest.mark.parametrize("body", [TEXT, json.dumps(TREE, indent=3)])
def test_a_data_product_becomes_a_product_with_lineage_and_comes_out_byte_for_byte(
    body: str, client: Client, products: Client, lineage: Client, sources: None
) -> None:
    assert post(client, body).status == 200
    shown = products.get("/product/Shipping").body
    found = {
        name: shown[name]
        for name in ("domain", "owner", "description", "version", "tags", "schema")
    }
    assert found == {
        "domain": "sales",
        "owner": "shipping",
        "description": "All that is shipped",
        "version": "2.1.0",
        "tags": ["gold"],
        "schema": {},
    }
    assert shown["data_product"]["id"] == TREE["id"]
    assert shown["support"] == {"channel": "#shipping", "url": "https://e.com/chat"}
    assert "contract" not in shown
    entries = lineage.get("/lineage", target="Shipping").body
    assert [(each["source"], each["confidence"]) for each in entries] == [
        ("parcels", 1.0),
        ("customers", 1.0),
    ]
    assert read(client, "Shipping").decode() == body
    assert yaml.safe_load(read(client, "Shipping", "odcs"))["kind"] == "DataContract"


def test_the_same_document_again_adds_the_lineage_that_was_missing(
    client: Client, products: Client, lineage: Client, sources: None
) -> None:
    post(client, TEXT)
    before = products.get("/product/Shipping").body
    post(client, write_contract(id="urn:unheard", name="unheard"))
    data = post(client, TEXT).body["data"]
    assert (data["plan"][0]["action"], data["warnings"]) == ("unchanged", [])
    assert [each["action"] for each in data["lineage"]] == ["unchanged", "unchanged", "create"]
    assert products.get("/product/Shipping").body == before
    assert list_sources(lineage, "Shipping") == ["customers", "parcels", "unheard"]
    assert read(client, "Shipping").decode() == TEXT


def test_a_name_of_the_request_is_no_change_of_the_document(client: Client, sources: None) -> None:
    for fan_out, ports in (("true", TREE["outputPorts"]), ("true", TWO), ("false", TWO[:1])):
        text = write(id=f"{fan_out}-{len(ports)}", outputPorts=ports)
        answer = post(client, text, name=f"n-{fan_out}-{len(ports)}", fan_out=fan_out)
        assert answer.status == 200, answer.body
        for each in answer.body["data"]["plan"]:
            assert read(client, each["product"]).decode() == text


def test_each_output_port_becomes_a_product_with_its_own_inputs(
    client: Client, products: Client, lineage: Client, sources: None
) -> None:
    text = write(outputPorts=TWO, inputPorts=TREE["inputPorts"][1:2])
    refused = post(client, text)
    assert refused.status == 422 and "'day', 'month'" in refused.body["message"]
    assert post(client, text, fan_out="true").status == 200
    shown = [products.get(f"/product/Shipping-{name}").body for name in ("day", "month")]
    assert [(each["description"], each["version"]) for each in shown] == [
        ("Per day", "1.0.0"),
        ("All that is shipped", "3.0.0"),
    ]
    assert list_sources(lineage, "Shipping-day") == ["parcels"]
    assert list_sources(lineage, "Shipping-month") == ["customers"]
    for name in ("day", "month"):
        assert read(client, f"Shipping-{name}").decode() == text
    products.put("/product/Shipping-day", {"description": "Daily", "version": "1.1.0"})
    expected = {**yaml.safe_load(text)}
    expected["outputPorts"][0] |= {"description": "Daily", "version": "1.1.0"}
    assert read_tree(client, "Shipping-day") == expected


def test_a_port_whose_contract_a_product_has_is_that_product(
    client: Client, products: Client, lineage: Client, sources: None
) -> None:
    contract = write_contract(id="urn:datacontract:sales:shipments", name="shipments")
    post(client, contract)
    before = products.get("/product/shipments").body
    data = post(client, TEXT).body["data"]
    assert data["plan"] == [
        {"product": "shipments", "object": "shipments", "action": "update",
         "changed": ["data_product"]}
    ]  # fmt: skip
    shown = products.get("/product/shipments").body
    kept = {key: value for key, value in shown.items() if key != "data_product"}
    assert {**kept, "updated_at": before["updated_at"]} == before
    assert read(client, "shipments", "odcs").decode() == contract
    assert read(client, "shipments").decode() == TEXT
    assert list_sources(lineage, "shipments") == ["customers", "parcels"]
    products.put("/product/shipments", {"tags": ["silver"]})
    assert read_tree(client, "shipments") == {**TREE, "tags": ["silver"]}


EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "description": (
        {"description": "New"},
        {"description": {**TREE["description"], "purpose": "New"}},
    ),
    "owner": ({"owner": "bert"}, {"team": {**TREE["team"], "name": "bert"}}),
    "domain": ({"domain": "retail"}, {"domain": "retail"}),
    "status": ({"status": "inactive"}, {"status": "retired"}),
    "version": ({"version": "2.2.0"}, {"version": "2.2.0"}),
    "tags": ({"tags": []}, {"tags": None}),
    "custom": ({"custom": {}}, {"customProperties": None}),
    "support": (
        {"support": {"channel": "#other"}},
        {"support": [{"channel": "#other", "url": ""}]},
    ),
    "contacts": (
        {"contacts": [{"name": "Carl"}]},
        {"team": {"name": "shipping", "members": [{"username": "Carl"}]}},
    ),
    "what it has no word for": (
        {"sla": {"freshness": "P1D"}, "schema": {"a": "string"}, "check": "daily"},
        {},
    ),
}


@pytest.mark.parametrize("version", ["v1.0.0", "v1.1.0"])
@pytest.mark.parametrize("name", EDITS)
def test_a_change_of_a_product_changes_its_path_alone(
    name: str, version: str, client: Client, products: Client
) -> None:
    changes, expected = EDITS[name]
    post(client, write(apiVersion=version))
    assert products.put("/product/Shipping", changes).status == 200
    wanted = {**TREE, "apiVersion": version, **expected}
    assert read_tree(client) == {key: each for key, each in wanted.items() if each is not None}


def test_lineage_that_came_or_went_changes_its_ports(
    client: Client, products: Client, lineage: Client, sources: None
) -> None:
    post(client, TEXT)
    products.post("/register_product", product_body(name="payments"))
    entry = {"source": "payments", "target": "Shipping", "transformation": "x"}
    assert lineage.post("/register_lineage", entry).status == 200
    gone = {"source": "customers", "target": "Shipping"}
    assert lineage.send(api_event("DELETE", "/lineage", query=gone)).status == 200
    added = {"name": "payments", "version": "1.0.0", "contractId": "payments"}
    ports = TREE["inputPorts"]
    assert read_tree(client) == {**TREE, "inputPorts": [ports[0], ports[2], added]}


def test_a_typo_is_refused_with_its_pointer_and_line(client: Client) -> None:
    text = TEXT.replace("type: external", "typ: external")
    answer = post(client, text)
    assert answer.status == 422
    [fault] = answer.body["errors"]
    line = text.splitlines()[fault["line"] - 1]
    assert fault["field"] == "/outputPorts/0/sbom/0/typ" and "typ: external" in line


def test_a_data_product_without_ports_or_a_version_is_a_product_and_its_id_is_taken(
    client: Client, products: Client
) -> None:
    text = write(outputPorts=None, inputPorts=None, version=None)
    assert post(client, text).status == 200
    assert products.get("/product/Shipping").body["version"] == "1.0.0"
    assert read(client, "Shipping").decode() == text
    assert post(client, text, name="other").status == 409


def test_a_product_is_given_a_data_product(
    client: Client, products: Client, lineage: Client, sources: None
) -> None:
    products.post("/register_product", product_body())
    answer = client.put("/product/orders/contract", TEXT)
    assert answer.status == 200
    assert answer.body["data"]["schema"] == product_body()["schema"]
    assert read(client, "orders").decode() == TEXT
    assert list_sources(lineage, "orders") == ["customers", "parcels"]
