"""Details of products that contracts have, and how changes of them are written back."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.mapping import find_owner, map_contract
from datamesh.services.contracts.source import read_source
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from tests.contexts import CONTEXT
from tests.lambdas import Client, api_event
from tests.meshes import product_body
from tests.unit.contracts.documents import build_contract, write_contract
from tests.unit.contracts.test_contracts_api import post

DETAILED: dict[str, Any] = build_contract(
    description={
        "purpose": "Parcels",
        "usage": "Reports",
        "authoritativeDefinitions": [{"url": "https://e.com/terms", "type": "tutorial"}],
    },
    authoritativeDefinitions=[
        {"url": "https://e.com/a", "type": "implementation", "description": "Code", "id": "a1"},
        {"url": "git@e.com:x", "type": "implementation"},
    ],
    team={
        "name": "shipping",
        "members": [
            {"username": "anna@e.com", "name": "Anna", "role": "Owner", "dateIn": "2024-01-01"},
            {"username": "gone@e.com", "role": "steward", "dateOut": "2025-01-01"},
            {"username": "bert", "role": "steward", "description": "Knows the tables"},
        ],
    },
    support=[
        {"channel": "#parcels", "tool": "slack", "url": "https://e.com/chat"},
        {"channel": "mail", "url": "mailto:a@e.com"},
    ],
    slaProperties=[
        {"property": "latency", "value": 4, "unit": "h", "element": "parcels.sent_on"},
        {"property": "freshness", "value": 1, "unit": "d", "element": "others.at"},
        {"property": "freshness", "value": "P1DT12H", "element": "parcels.sent_on"},
        {"property": "retention", "value": 3, "unit": "years", "driver": "regulatory"},
        {"property": "frequency", "value": 1, "unit": "d"},
    ],
    customProperties=[
        {"property": "costCentre", "value": {"id": 7, "tags": [1, None]}, "vendor": "erp"},
        {"property": "deep", "value": [[[[[[[[1]]]]]]]]},
        {"property": "glossaryTerms", "value": ["Parcel", "Shipment"]},
    ],
    schema=[
        {
            "name": "parcels",
            "businessName": "Parcels that were sent",
            "synonyms": [{"synonym": "packages"}],
            "properties": [
                {"name": "parcel_id", "logicalType": "string"},
                {"name": "sent_on", "logicalType": "timestamp"},
            ],
        }
    ],
)
FIELDS: dict[str, Any] = {
    "title": "Parcels that were sent",
    "links": [
        {"title": "Code", "url": "https://e.com/a"},
        {"title": "tutorial", "url": "https://e.com/terms"},
    ],
    "contacts": [
        {"name": "Anna", "role": "Owner", "email": "anna@e.com"},
        {"name": "bert", "role": "steward"},
    ],
    "support": {"channel": "#parcels", "url": "https://e.com/chat"},
    "sla": {
        "freshness": "P1DT12H",
        "latency": "PT4H",
        "retention": "P3Y",
        "element": "sent_on",
    },
    "glossary_terms": ["Parcel", "Shipment"],
    "custom": {"costCentre": {"id": 7, "tags": [1, None]}},
}


def register(client: Client, **changes: Any) -> str:
    """Register the detailed contract with other values, and return its text."""
    tree = {key: value for key, value in {**DETAILED, **changes}.items() if value is not None}
    text: str = yaml.safe_dump(tree, sort_keys=False)
    assert client.send(api_event("POST", "/contracts", text)).status == 200
    return text


def read_tree(client: Client, name: str = "parcels") -> Any:
    """Return the contract of a product, which the standard has no objection to."""
    body = client.get(f"/product/{name}/contract").content
    assert find_faults(read_source(body)) == []
    return yaml.safe_load(body)


def test_a_contract_fills_the_details_of_its_product(client: Client, products: Client) -> None:
    text = register(client)
    shown = products.get("/product/parcels").body
    assert {name: shown[name] for name in FIELDS} == FIELDS
    assert (shown["owner"], shown["description"]) == ("anna@e.com", "Parcels")
    assert client.get("/product/parcels/contract").content == text.encode()


def test_details_say_where_they_come_from(client: Client) -> None:
    text = yaml.safe_dump(DETAILED)
    report = client.send(api_event("POST", "/contracts", text, query={"dry_run": "true"})).body
    sources = report["data"]["mapping"][0]["sources"]
    assert {name: sources[name] for name in FIELDS} == {
        "title": "/schema/0/businessName",
        "links": "/authoritativeDefinitions",
        "contacts": "/team/members",
        "support": "/support/0",
        "sla": "/slaProperties",
        "glossary_terms": "/customProperties/2",
        "custom": "/customProperties",
    }
    assert report["data"]["warnings"] == [
        "custom: 1 of the custom properties are too large or deep"
    ]


def edit(path: list[str | int], value: Any) -> Any:
    """Return the detailed contract with another value at a path; None removes it."""
    tree: Any = deepcopy(DETAILED)
    parent = tree
    for token in path[:-1]:
        parent = parent[token]
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return tree


LINK = {"title": "Wiki", "url": "https://e.com/wiki"}
EDITS: dict[str, tuple[dict[str, Any], Any]] = {
    "title": ({"title": "Sent"}, edit(["schema", 0, "businessName"], "Sent")),
    "no title": ({"title": None}, edit(["schema", 0, "businessName"], None)),
    "the title of a link": (
        {"links": [{"title": "Source", "url": "https://e.com/a"}, FIELDS["links"][1]]},
        edit(["authoritativeDefinitions", 0, "description"], "Source"),
    ),
    "another link": (
        {"links": [*FIELDS["links"], LINK]},
        edit(
            ["authoritativeDefinitions"],
            [*DETAILED["authoritativeDefinitions"], {"url": LINK["url"], "type": "Wiki"}],
        ),
    ),
    "a link less": (
        {"links": FIELDS["links"][:1]},
        edit(["description", "authoritativeDefinitions"], None),
    ),
    "the role of a contact": (
        {"contacts": [FIELDS["contacts"][0], {"name": "bert", "role": "expert"}]},
        edit(["team", "members", 2, "role"], "expert"),
    ),
    "another contact": (
        {"contacts": [*FIELDS["contacts"], {"name": "Carl", "email": "carl@e.com"}]},
        edit(
            ["team", "members"],
            [*DETAILED["team"]["members"], {"username": "carl@e.com", "name": "Carl"}],
        ),
    ),
    "the owner": ({"owner": "dora@e.com"}, edit(["team", "members", 0, "username"], "dora@e.com")),
    "the channel": (
        {"support": {"channel": "#all", "url": "https://e.com/chat"}},
        edit(["support", 0, "channel"], "#all"),
    ),
    "no channel": ({"support": None}, edit(["support", 0], None)),
    "a service level": (
        {"sla": {**FIELDS["sla"], "latency": "PT30M"}},
        edit(["slaProperties", 0], {**DETAILED["slaProperties"][0], "value": 30, "unit": "m"}),
    ),
    "a service level of several parts": (
        {"sla": {**FIELDS["sla"], "freshness": "P2DT1H"}},
        edit(["slaProperties", 2, "value"], "P2DT1H"),
    ),
    "a service level less": (
        {"sla": {key: each for key, each in FIELDS["sla"].items() if key != "retention"}},
        edit(["slaProperties", 3], None),
    ),
    "the glossary": (
        {"glossary_terms": ["Parcel"]},
        edit(["customProperties", 2, "value"], ["Parcel"]),
    ),
    "a custom value": (
        {"custom": {"costCentre": 8}},
        edit(["customProperties", 0, "value"], 8),
    ),
    "another custom value": (
        {"custom": {**FIELDS["custom"], "more": [True]}},
        edit(
            ["customProperties"],
            [*DETAILED["customProperties"], {"property": "more", "value": [True]}],
        ),
    ),
    "no custom value": ({"custom": {}}, edit(["customProperties", 0], None)),
    "a deprecation": (
        {
            "status": "deprecated",
            "deprecation": {
                "since": "2026-01-01T00:00:00Z",
                "sunset": "2027-01-01T00:00:00Z",
                "reason": "Old",
            },
        },
        {
            **DETAILED,
            "status": "deprecated",
            "customProperties": [
                *DETAILED["customProperties"],
                {
                    "property": "deprecation",
                    "value": {"since": "2026-01-01T00:00:00Z", "reason": "Old"},
                },
            ],
            "slaProperties": [
                *DETAILED["slaProperties"],
                {"property": "endOfLife", "value": "2027-01-01T00:00:00Z"},
            ],
        },
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_change_of_a_detail_changes_its_path_alone(
    name: str, client: Client, products: Client
) -> None:
    changes, expected = EDITS[name]
    register(client)
    assert products.put("/product/parcels", changes).status == 200
    tree = read_tree(client)
    assert tree == expected
    shown = products.get("/product/parcels").body
    fields = map_contract(tree, "parcels").fields
    for key in ({*FIELDS, "deprecation"} & changes.keys()) - STAND_BACK.get(name, set()):
        assert sort_entries(fields.get(key)) == sort_entries(shown.get(key) or None)


STAND_BACK = {"no channel": {"support"}}
"""Change -> fields that another entry of the document tells then."""


def sort_entries(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


def test_each_detail_goes_out_and_comes_in_again(client: Client, products: Client) -> None:
    """A product without a contract: what is exported of it says the same."""
    details = {**FIELDS, "deprecation": {"since": "2026-01-01T00:00:00Z", "reason": "Old"}}
    body = product_body(schema={"sent_on": "timestamp"}, status="deprecated", **details)
    assert products.post("/register_product", body).status == 200
    fields = map_contract(read_tree(client, "orders"), "orders").fields
    assert {name: fields[name] for name in details} == details


@pytest.mark.parametrize("version", ["v3.0.2", "v3.1.0"])
def test_details_are_written_as_earlier_versions_have_them(
    version: str, client: Client, products: Client
) -> None:
    text = write_contract(apiVersion=version, name="Sent parcels", schema=None)
    assert client.send(api_event("POST", "/contracts", text)).status == 200
    shown = products.get("/product/Sent-parcels").body
    assert shown["title"] == "Sent parcels"
    details = {**FIELDS, "support": {"channel": "#parcels"}}
    assert products.put("/product/Sent-parcels", details).status == 200
    fields = map_contract(read_tree(client, "Sent-parcels"), None).fields
    assert {name: fields[name] for name in details} == details


def test_a_deprecation_without_a_time_began_when_it_was_imported(
    client: Client, products: Client
) -> None:
    said = [{"property": "deprecation", "value": {"reason": "Old", "sunset": "2999-01-01"}}]
    text = register(client, status="deprecated", customProperties=said)
    shown = products.get("/product/parcels").body["deprecation"]
    assert (shown["reason"], shown["sunset"]) == ("Old", "2999-01-01T00:00:00Z")
    again = register(client, status="deprecated", customProperties=said, version="1.0.1")
    assert products.get("/product/parcels").body["deprecation"] == shown
    assert text != again
    assert client.get("/product/parcels/contract").content == again.encode()


def test_a_usage_describes_a_product_that_has_no_purpose(client: Client, products: Client) -> None:
    text = register(client, description={"usage": "Reports"})
    assert products.get("/product/parcels").body["description"] == "Reports"
    assert client.get("/product/parcels/contract").content == text.encode()
    products.put("/product/parcels", {"description": "Parcels"})
    assert read_tree(client)["description"] == {"usage": "Reports", "purpose": "Parcels"}


def test_products_that_were_registered_without_details_keep_their_document(
    client: Client, products: Client, registry: Registry
) -> None:
    """Files of earlier versions: details of a contract were not set, and are no change."""
    text = register(client)
    forget_details(registry)
    assert "title" not in products.get("/product/parcels").body
    assert client.get("/product/parcels/contract").content == text.encode()
    products.put("/product/parcels", {"title": "New"})
    assert read_tree(client) == edit(["schema", 0, "businessName"], "New")


def forget_details(registry: Registry) -> None:
    """Store the product as earlier versions did."""

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        product = file.products["parcels"].to_model()
        kept = {
            key: value
            for key, value in product.model_dump(by_alias=True).items()
            if key not in FIELDS and key != "contract_base"
        }
        return file.with_product(type(product).model_validate(kept)), None

    CONTEXT.commit_audited(registry.products, change, lambda file, revision: None)


def test_an_owner_that_is_no_contact_any_more_is_the_owner_still(
    client: Client, products: Client
) -> None:
    register(client)
    products.put("/product/parcels", {"contacts": FIELDS["contacts"][1:]})
    assert read_tree(client)["team"] == {
        "name": "anna@e.com",
        "members": DETAILED["team"]["members"][1:],
    }
    products.put("/product/parcels", {"contacts": []})
    tree = read_tree(client)
    assert tree["team"]["members"] == DETAILED["team"]["members"][1:2]
    assert tree["team"]["name"] == "anna@e.com"


def test_more_than_a_product_can_hold_stays_in_the_document(
    client: Client, products: Client
) -> None:
    links = [{"url": f"https://e.com/{n}", "type": f"t{n}"} for n in range(30)]
    register(client, authoritativeDefinitions=links)
    shown = products.get("/product/parcels").body["links"]
    assert len(shown) == 20
    products.put("/product/parcels", {"links": shown[1:]})
    assert read_tree(client)["authoritativeDefinitions"] == links[1:]


@pytest.mark.parametrize("version", ["v3.0.2", "v3.2.0"])
def test_a_contact_who_is_called_an_owner_takes_nobodys_place(
    version: str, client: Client, products: Client
) -> None:
    members = [{"username": "anna", "role": "owner"}]
    team: Any = members if version < "v3.1" else {"name": "shipping", "members": members}
    assert post(client, write_contract(apiVersion=version, team=team)).status == 200
    contacts = [{"name": "ben", "role": "Data Owner"}]
    shown = products.put("/product/parcels", {"contacts": contacts}).body["data"]
    assert (shown["owner"], shown["contacts"]) == ("anna", contacts)
    found = find_owner(read_tree(client)["team"])
    assert found is not None and found[0] == "anna"
