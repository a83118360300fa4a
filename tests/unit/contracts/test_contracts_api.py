"""Contracts through their function's handler: what goes in comes out."""

import json
from hashlib import sha256
from typing import Any

import pytest
import yaml

from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.source import read_source
from tests.lambdas import Answer, Client, api_event, assert_problem
from tests.meshes import Bucket, product_body
from tests.unit.contracts.documents import FULL, SMALL, write_contract

URN = "urn:datacontract:sales:parcels"


def post(client: Client, body: str | bytes, **query: object) -> Answer:
    return client.send(api_event("POST", "/contracts", body, query=query))


def read_contract(client: Client, name: str = "parcels") -> bytes:
    answer = client.get(f"/product/{name}/contract")
    assert answer.status == 200
    return answer.content


def read_tree(client: Client, name: str = "parcels") -> Any:
    """Return the contract of a product, which the standard has no objection to."""
    body = read_contract(client, name)
    assert find_faults(read_source(body)) == []
    return yaml.safe_load(body)


def test_a_contract_is_registered_as_a_product(client: Client, products: Client) -> None:
    answer = post(client, FULL)
    assert answer.status == 200
    assert (
        answer.body["message"] == f"Contract '{URN[:-7]}orders' is registered as 'orders' (create)"
    )
    product = products.get("/product/orders").body
    digest = sha256(FULL.encode()).hexdigest()
    assert product["contract"] == {
        "id": "urn:datacontract:sales:orders",
        "version": "v1.2",
        "api_version": "v3.2.0",
        "media_type": "application/yaml",
        "digest": digest,
        "size": len(FULL),
        "object": "order_lines",
    }
    shown = {
        name: product[name]
        for name in ("domain", "owner", "description", "status", "version", "tags")
    }
    assert shown == {
        "domain": "sales",
        "owner": "anna",
        "description": "One row per order line",
        "status": "active",
        "version": "1.2.0",
        "tags": ["gold", "daily"],
    }
    assert product["schema"] == {
        "order_id": "string",
        "state": "string",
        "amount": "decimal(12,2)",
        "address": "object",
        "tags": "map",
        "embedding": "vector",
    }
    assert answer.body["data"]["warnings"] == [
        "/servers/1: the domain may have no data at s3://lake/orders/, so that the product has no"
        " output port",
        "version: 1.2.0 stands for the contract's v1.2",
    ] or answer.body["data"]["warnings"] == [
        "version: 1.2.0 stands for the contract's v1.2",
        "/servers/1: the domain may have no data at s3://lake/orders/, so that the product has no"
        " output port",
    ]


def test_the_document_is_kept_under_its_digest(client: Client, bucket: Bucket) -> None:
    post(client, FULL)
    stored = bucket["contracts/" + sha256(FULL.encode()).hexdigest()].get()
    assert stored is not None
    assert stored.body == FULL.encode()  # type: ignore[union-attr]


BODIES = {
    "YAML": FULL.encode().replace(b"name: orders", b"name: parcels"),
    "JSON": json.dumps(SMALL, indent=3).encode(),
    "a byte order mark and carriage returns": b"\xef\xbb\xbf"
    + write_contract().replace("\n", "\r\n").encode(),
    "no schema": write_contract(schema=None).encode(),
    "no properties": write_contract(schema=[{"name": "a"}]).encode(),
    "a description": write_contract(description={"purpose": "  Two\n lines "}).encode(),
    "more tags than a product has": write_contract(tags=[f"T{n}" for n in range(30)]).encode(),
    "long texts": write_contract(
        description={"purpose": "x " * 4000}, team={"name": "y" * 300}, domain="z" * 90
    ).encode(),
    "a version": write_contract(version="2").encode(),
    "another status": write_contract(status="draft").encode(),
    "a domain that is no folder": write_contract(domain="sales/eu").encode(),
    "columns that differ by case": write_contract(
        schema=[{"name": "t", "properties": [{"name": "a"}, {"name": "b", "physicalType": "X"}]}]
    ).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_what_went_in_comes_out_byte_for_byte(name: str, client: Client) -> None:
    assert post(client, BODIES[name]).status == 200
    assert read_contract(client) == BODIES[name]


def test_a_dry_run_says_what_would_be_done(client: Client, bucket: Bucket) -> None:
    answer = post(client, write_contract(), dry_run="true")
    digest = sha256(write_contract().encode()).hexdigest()
    assert answer.body["data"] == {
        "id": URN,
        "version": "1.0.0",
        "api_version": "v3.2.0",
        "media_type": "application/yaml",
        "digest": digest,
        "size": len(write_contract()),
        "dry_run": True,
        "lint": [],
        "mapping": [
            {
                "product": "parcels",
                "object": "parcels",
                "fields": {
                    "name": "parcels",
                    "domain": "sales",
                    "status": "active",
                    "version": "1.0.0",
                    "schema": {"parcel_id": "string"},
                },
                "sources": {
                    "name": "/name",
                    "domain": "/domain",
                    "status": "/status",
                    "version": "/version",
                    "schema": "/schema/0/properties",
                },
            }
        ],
        "plan": [
            {"product": "parcels", "object": "parcels", "action": "create", "changed": []},
        ],
        "warnings": [],
    }
    assert client.get("/contracts").body == []
    assert f"contracts/{digest}" not in bucket


def test_a_dry_run_of_a_bad_document_tells_its_faults(client: Client) -> None:
    answer = post(client, write_contract(descripton="x"), dry_run="true")
    assert answer.status == 200
    assert answer.body["data"]["plan"] == []
    assert answer.body["data"]["lint"] == [
        {
            "pointer": "/descripton",
            "line": 13,
            "message": "'descripton' is not known here; is it 'description'?",
        }
    ]


def test_a_bad_document_is_refused_with_pointer_and_line(client: Client) -> None:
    answer = post(client, write_contract(team={"nam": "x"}))
    message = "'nam' is not known here; is it 'name'?"
    problem = {"field": "/team/nam", "location": "body", "message": message, "line": 14}
    assert_problem(
        answer, 422, f"Invalid contract: /team/nam (line 14): {message}", errors=[problem]
    )


def test_what_a_product_needs_comes_from_the_request_if_the_document_lacks_it(
    client: Client, products: Client
) -> None:
    text = write_contract(name="数据", dataProduct=None, id="数据", domain=None)
    fault = "domain is missing: add it, or send `domain=`"
    assert "name is missing: add it, or send `name=`" in post(client, text).body["message"]
    assert fault in post(client, text, name="parcels").body["message"]
    assert post(client, text, name="parcels", domain="sales").status == 200
    shown = products.get("/product/parcels").body
    assert [shown[name] for name in ("domain", "owner", "description")] == [
        "sales",
        "unowned",
        "parcels",
    ]
    assert read_contract(client) == text.encode()


def test_a_version_without_a_number_is_refused(client: Client) -> None:
    answer = post(client, write_contract(version="latest"))
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "/version"


def test_a_version_may_be_a_moment(client: Client, products: Client) -> None:
    assert post(client, write_contract(version="20261127093000")).status == 200
    assert products.get("/product/parcels").body["version"] == "20261127093000.0.0"


TWO = [
    {"name": "lines", "description": "Lines", "properties": [{"name": "a"}]},
    {"name": "heads", "properties": [{"name": "b", "logicalType": "integer"}]},
]


def test_several_objects_are_listed_unless_one_is_chosen(client: Client, products: Client) -> None:
    answer = post(client, write_contract(schema=TWO))
    message = (
        "The contract has 2 objects: choose one with `object`, or register each as a product with"
        " `fan_out=true`: 'lines', 'heads'"
    )
    problem = {"field": "object", "location": "query", "message": message}
    assert_problem(answer, 422, message, errors=[problem])
    assert post(client, write_contract(schema=TWO), object="tables").status == 422
    assert post(client, write_contract(schema=TWO), object="heads", name="heads").status == 200
    assert products.get("/product/heads").body["schema"] == {"b": "integer"}
    assert read_contract(client, "heads") == write_contract(schema=TWO).encode()


def test_each_object_becomes_a_product_in_one_commit(client: Client, products: Client) -> None:
    text = write_contract(schema=TWO)
    answer = post(client, text, fan_out="true")
    assert [each["product"] for each in answer.body["data"]["plan"]] == [
        "parcels-lines",
        "parcels-heads",
    ]
    shown = products.get("/products").body
    assert [(each["name"], each["description"], each["schema"]) for each in shown] == [
        ("parcels-lines", "Lines", {"a": "string"}),
        ("parcels-heads", "parcels-heads", {"b": "integer"}),
    ]
    assert shown[0]["created_at"] == shown[1]["created_at"]
    for name in ("parcels-lines", "parcels-heads"):
        assert read_contract(client, name) == text.encode()
    listed = client.get("/contracts", id=URN)
    assert [(each["product"], each["object"]) for each in listed.body] == [
        ("parcels-lines", "lines"),
        ("parcels-heads", "heads"),
    ]
    assert listed.headers["x-total-count"] == "2"


def test_the_same_document_again_changes_nothing_and_another_replaces_it(
    client: Client, products: Client
) -> None:
    text = write_contract(team={"name": "shipping"})
    post(client, text)
    before = products.get("/product/parcels").body
    again = post(client, text)
    assert again.body["data"]["plan"][0]["action"] == "unchanged"
    assert products.get("/product/parcels").body == before
    products.put("/product/parcels", {"owner": "somebody"})
    again = post(client, text)
    assert again.body["data"]["plan"][0]["action"] == "update"
    assert products.get("/product/parcels").body["owner"] == before["owner"]
    assert read_contract(client) == text.encode()
    other = write_contract(version="1.1.0", tags=["new"])
    answer = post(client, other)
    assert answer.body["data"]["plan"][0]["action"] == "update"
    assert products.get("/product/parcels").body["tags"] == ["new"]
    assert read_contract(client) == other.encode()


def test_a_name_or_an_id_that_is_taken_is_a_conflict(client: Client, products: Client) -> None:
    products.post("/register_product", product_body(name="parcels"))
    assert post(client, write_contract()).status == 409
    assert post(client, write_contract(), name="mine").status == 200
    answer = post(client, write_contract(), name="yours")
    assert_problem(
        answer,
        409,
        f"The contract '{URN}' is that of the product 'mine': replace it with PUT"
        " /product/mine/contract, or give this one another id",
    )


def test_a_product_is_given_a_contract(client: Client, products: Client) -> None:
    products.post("/register_product", product_body(description="Parcels"))
    answer = client.put("/product/orders/contract", write_contract(domain=None))
    assert answer.status == 200
    data = answer.body["data"]
    assert (data["name"], data["domain"], data["description"]) == ("orders", "sales", "Parcels")
    assert (data["owner"], data["schema"]) == ("sales-team", {"parcel_id": "string"})
    assert read_contract(client, "orders") == write_contract(domain=None).encode()
    again = client.put("/product/orders/contract", write_contract(domain=None))
    assert again.body["data"] == data


def test_a_document_that_was_changed_through_its_product_is_put_back(
    client: Client, products: Client
) -> None:
    text = write_contract(team={"name": "shipping"})
    post(client, text)
    before = products.get("/product/parcels").body
    products.put("/product/parcels", {"owner": "somebody"})
    assert read_contract(client) != text.encode()
    put = client.put("/product/parcels/contract", text)
    assert (put.status, put.body["data"]["owner"]) == (200, before["owner"])
    assert read_contract(client) == text.encode()
    again = client.put("/product/parcels/contract", text)
    assert again.body["data"] == put.body["data"]
    products.put("/product/parcels", {"version": "2.0.0"})
    assert client.put("/product/parcels/contract", text).status == 422


def test_a_contract_is_not_replaced_if_the_product_has_changed(client: Client) -> None:
    post(client, write_contract())
    event = api_event(
        "PUT", "/product/parcels/contract", write_contract(), headers={"if-match": '"other"'}
    )
    assert client.send(event).status == 412


def test_a_contract_is_replaced_if_it_is_what_was_read(client: Client, products: Client) -> None:
    post(client, write_contract())

    def replace(purpose: str, etag: str) -> int:
        text = write_contract(description={"purpose": purpose})
        headers = {"if-match": etag}
        return client.send(
            api_event("PUT", "/product/parcels/contract", text, headers=headers)
        ).status

    read = client.get("/product/parcels/contract").headers["etag"]
    assert replace("New", read) == 200
    assert replace("Newer", read) == 412
    read = client.get("/product/parcels/contract").headers["etag"]
    products.put("/product/parcels", {"owner": "bert"})
    assert replace("Newer", f'"other", {read}') == 412
    read = client.get("/product/parcels/contract").headers["etag"]
    assert replace("Newer", f'"other", {read}') == 200
    assert replace("Newest", products.get("/product/parcels").headers["etag"]) == 200
    assert replace("Newest of all", "*") == 200


EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "description": ({"description": "New"}, {"description": {"purpose": "New"}}),
    "owner": ({"owner": "bert"}, {"team": {"name": "bert"}}),
    "domain": ({"domain": "retail"}, {"domain": "retail"}),
    "status": ({"status": "inactive"}, {"status": "retired"}),
    "version": ({"version": "1.0.1"}, {"version": "1.0.1"}),
    "tags": ({"tags": ["A", "b"]}, {"tags": ["a", "b"]}),
    "name": ({"name": "shipments"}, {"name": "shipments"}),
    "schema": (
        {"schema": {"parcel_id": "integer", "sent_on": "date", "fee": "decimal(9,2)"}},
        {
            "schema": [
                {
                    "name": "parcels",
                    "properties": [
                        {"name": "parcel_id", "logicalType": "integer"},
                        {"name": "sent_on", "logicalType": "date"},
                        {"name": "fee", "logicalType": "number", "physicalType": "decimal(9,2)"},
                    ],
                }
            ]
        },
    ),
    "output_port": (
        {"output_port": {"location": "domains/sales/x/", "format": "jsonl"}},
        {
            "servers": [
                {
                    "server": "registry",
                    "type": "s3",
                    "location": "domains/sales/x/",
                    "format": "json",
                    "delimiter": "new_line",
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("media_type", ["application/yaml", "application/json"])
@pytest.mark.parametrize("name", EDITS)
def test_a_change_of_a_product_changes_its_path_alone(
    name: str, media_type: str, client: Client, products: Client
) -> None:
    changes, expected = EDITS[name]
    post(client, write_contract() if media_type.endswith("yaml") else json.dumps(SMALL))
    assert products.put("/product/parcels", changes).status == 200
    now = changes.get("name", "parcels")
    assert read_tree(client, now) == {**SMALL, **expected}
    assert client.get(f"/product/{now}/contract").headers["content-type"] == media_type


def test_a_change_that_is_taken_back_leaves_the_document(client: Client, products: Client) -> None:
    post(client, FULL)
    products.put("/product/orders", {"description": "x", "tags": []})
    products.put(
        "/product/orders", {"description": "One row per order line", "tags": ["gold", "daily"]}
    )
    assert read_contract(client, "orders") == FULL.encode()


def test_a_change_of_a_column_leaves_all_else_of_a_full_document(
    client: Client, products: Client
) -> None:
    post(client, FULL)
    schema = products.get("/product/orders").body["schema"]
    products.put("/product/orders", {"schema": {**schema, "state": "integer"}, "owner": "carl"})
    expected = yaml.load(FULL, Loader=yaml.BaseLoader)
    tree = yaml.load(read_contract(client, "orders"), Loader=yaml.BaseLoader)
    assert tree["schema"][0]["properties"][1]["logicalType"] == "integer"
    assert tree["team"]["members"][1]["username"] == "carl"
    tree["schema"][0]["properties"][1]["logicalType"] = "string"
    tree["team"]["members"][1]["username"] = "anna"
    assert tree["schema"] == expected["schema"]
    assert {key: tree[key] for key in tree} == {key: expected[key] for key in expected}


def test_a_product_without_a_contract_has_one_that_is_made_of_it(
    client: Client, products: Client
) -> None:
    schema = {"id": "bigint", "at": "timestamp", "fee": "decimal(9,2)", "all": "struct"}
    products.post("/register_product", product_body(schema=schema, tags=["gold"]))
    assert read_tree(client, "orders") == {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "orders",
        "name": "orders",
        "domain": "sales",
        "team": {"name": "sales-team"},
        "description": {"purpose": "One row per order line"},
        "schema": [
            {
                "name": "orders",
                "properties": [
                    {"name": "id", "logicalType": "integer", "physicalType": "bigint"},
                    {"name": "at", "logicalType": "timestamp"},
                    {"name": "fee", "logicalType": "number", "physicalType": "decimal(9,2)"},
                    {"name": "all", "physicalType": "struct"},
                ],
            }
        ],
        "status": "active",
        "version": "1.0.0",
        "tags": ["gold"],
    }


def test_lint_answers_without_storing(client: Client, bucket: Bucket) -> None:
    def lint(text: str) -> Any:
        return client.post("/contracts/lint", text).body

    assert lint(write_contract()) == {"valid": True, "api_version": "v3.2.0", "errors": []}
    assert lint("a: [") == {
        "valid": False,
        "api_version": None,
        "errors": [
            {
                "pointer": "",
                "line": 2,
                "message": "The contract is not YAML: while parsing a flow node did not find"
                " expected node content",
            }
        ],
    }
    assert not bucket


def test_a_contributor_of_the_domain_may_register_and_nobody_else(client: Client) -> None:
    grants = [{"role": "contributor", "domain": "sales"}]
    event = api_event("POST", "/contracts", write_contract(domain="finance"), grants=grants)
    assert client.send(event).status == 403
    event = api_event("POST", "/contracts", write_contract(), grants=grants)
    assert client.send(event).status == 200


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    answer = post(client, "a" * 1_048_577)
    assert answer.status == 413


def test_a_product_that_is_not_there_has_no_contract(client: Client) -> None:
    assert client.get("/product/nothing/contract").status == 404
    assert client.put("/product/nothing/contract", write_contract()).status == 404
