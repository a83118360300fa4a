"""Grants over HTTP, and what they let other functions do."""

from collections.abc import Callable
from typing import Any

import pytest

from datamesh.models.access import Role
from datamesh.models.grants import GrantRequest
from datamesh.models.values import TICK
from datamesh.services.access.grants import MAX_GRANTS_OF_PRINCIPAL, build_grant_id, grant_role
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, Client, api_event
from tests.meshes import NOON, Bucket, mesh, product_body, resources

AREAS = ("access", "products", "lineage", "openlineage", "domains", "audit")
EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T09:30:00Z",
    "run": {"runId": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"},
    "job": {"namespace": "sales", "name": "daily"},
    "inputs": [],
    "outputs": [{"namespace": "sales", "name": "revenue"}],
    "producer": "https://example.com",
}

type Call = Callable[..., Answer]


@pytest.fixture
def held() -> Resources:
    return resources(mesh(), bucket=Bucket())


@pytest.fixture
def clients(serve: Serve, held: Resources) -> dict[str, Client]:
    return {area: serve(area, held) for area in AREAS}


@pytest.fixture
def admin(clients: dict[str, Client]) -> Call:
    def send(area: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return clients[area].send(api_event(method, path, body, **more))

    return send


@pytest.fixture
def etl(clients: dict[str, Client]) -> Call:
    """A key that has no grants but those of the document."""

    def send(area: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        event = api_event(method, path, body, principal="key:etl", grants=(), **more)
        return clients[area].send(event)

    return send


def grant(call: Call, role: str, domain: str, principal: str = "key:etl", **more: Any) -> Answer:
    body = {"principal": principal, "role": role, "domain": domain, **more}
    return call("access", "POST", "/grants", body)


def test_a_grant_is_listed_and_taken_back(admin: Call, etl: Call) -> None:
    answer = grant(admin, "contributor", "sales", namespaces=["airflow", "airflow", "s3://*"])
    assert answer.status == 200
    assert answer.body["message"] == "'key:etl' is contributor of the domain 'sales'"
    found = answer.body["data"]
    assert found == {
        "id": build_grant_id("key:etl", "contributor", "SALES"),  # type: ignore[arg-type]
        "principal": "key:etl",
        "role": "contributor",
        "domain": "sales",
        "namespaces": ["airflow", "s3://*"],
        "product": None,
        "expires_at": None,
        "granted_by": "key:key-1",
        "granted_at": found["granted_at"],
    }
    assert admin("access", "GET", "/grants").body == [found]
    shown = ("role", "domain", "namespaces", "product", "expires_at")
    assert etl("access", "GET", "/me").body == {
        "principal": "key:etl",
        "grants": [{name: found[name] for name in shown}],
    }
    path = f"/grants/{found['id']}"
    assert etl("access", "DELETE", path).status == 404
    assert admin("access", "DELETE", path).body["data"] == {"id": found["id"]}
    assert admin("access", "DELETE", path).status == 404
    assert etl("access", "GET", "/me").body["grants"] == []


def test_a_grant_of_the_same_role_in_the_same_place_replaces_the_former(admin: Call) -> None:
    grant(admin, "reader", "sales", expires_at="2999-01-01T00:00:00Z")
    grant(admin, "reader", "Sales")
    [found] = admin("access", "GET", "/grants").body
    assert (found["domain"], found["expires_at"]) == ("Sales", None)


def test_a_grant_that_has_ended_is_not_given(admin: Call) -> None:
    """It would take the place of one that holds."""
    grant(admin, "steward", "sales")
    answer = grant(admin, "steward", "sales", expires_at="2026-01-31T09:30:00Z")
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "expires_at")
    [found] = admin("access", "GET", "/grants").body
    assert found["expires_at"] is None


def test_an_expired_grant_gives_no_role_and_goes_with_the_next(
    admin: Call, etl: Call, held: Resources
) -> None:
    request = GrantRequest(principal="key:etl", role=Role.ADMIN, domain="*", expires_at=NOON)
    grant_role(CONTEXT, held.open_access(), request, NOON - TICK)
    assert etl("access", "GET", "/me").body["grants"] == []
    assert etl("products", "POST", "/register_product", product_body()).status == 403
    grant(admin, "reader", "sales")
    assert [each["role"] for each in admin("access", "GET", "/grants").body] == ["reader"]


def test_stewards_grant_roles_of_their_domain_and_no_more(admin: Call, etl: Call) -> None:
    grant(admin, "steward", "sales", namespaces=["s3://sales*"])
    assert grant(etl, "steward", "sales", "key:other").status == 200
    some = {"namespaces": ["s3://sales-eu"]}
    assert grant(etl, "contributor", "sales", "key:other", **some).status == 200
    for role, domain, more in (
        ("reader", "finance", {}),
        ("reader", "*", {}),
        ("admin", "*", {}),
        ("contributor", "sales", {"namespaces": ["s3://finance"]}),
        ("contributor", "sales", {"namespaces": ["*"]}),
    ):
        assert grant(etl, role, domain, "key:other", **more).status == 403, (role, domain, more)
    grant(admin, "reader", "finance", "key:other")
    assert {each["domain"] for each in etl("access", "GET", "/grants").body} == {"sales"}
    path = f"/grants/{build_grant_id('key:other', 'reader', 'finance')}"  # type: ignore[arg-type]
    assert etl("access", "DELETE", path).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"principal": "etl", "role": "reader", "domain": "sales"}, "principal"),
        ({"principal": "anonymous", "role": "reader", "domain": "sales"}, "principal"),
        ({"principal": "key:etl", "role": "owner", "domain": "sales"}, "role"),
        ({"principal": "key:etl", "role": "reader", "domain": "a/b"}, "domain"),
        ({"principal": "key:etl", "role": "admin", "domain": "sales"}, "body"),
        ({"principal": "key:etl", "role": "reader", "domain": "s", "namespaces": ["n"]}, "body"),
        ({"principal": "key:etl", "role": "reader", "domain": "s", "more": 1}, "more"),
    ],
)
def test_what_is_no_grant_is_refused(admin: Call, body: Any, field: str) -> None:
    answer = admin("access", "POST", "/grants", body)
    assert answer.status == 422
    assert [each["field"] for each in answer.body["errors"]] == [field]
    assert admin("access", "GET", "/grants").body == []


@pytest.mark.parametrize("subject", ["Ada Lovelace", " ", "a" * 255, "auth0|1#2", "CN=ada, O=x"])
def test_every_subject_of_a_token_may_be_granted_a_role(admin: Call, subject: str) -> None:
    principal = f"jwt:https://login.example.com/#{subject}"
    assert grant(admin, "reader", "sales", principal).status == 200
    found = admin("access", "GET", "/grants").body
    assert [each["principal"] for each in found] == [principal]


def test_a_principal_has_so_many_grants(admin: Call) -> None:
    for number in range(MAX_GRANTS_OF_PRINCIPAL):
        assert grant(admin, "reader", f"d{number}").status == 200
    assert grant(admin, "reader", "one-more").status == 429
    assert grant(admin, "reader", "d0").status == 200


def test_products_are_changed_by_contributors_and_deleted_by_stewards(
    admin: Call, etl: Call
) -> None:
    refused = etl("products", "POST", "/register_product", product_body())
    assert refused.status == 403
    assert refused.body == {
        "success": False,
        "message": "'key:etl' may not do this: it needs the role contributor in the domain 'sales';"
        " a steward of the domain, or an administrator, can grant it",
    }
    grant(admin, "contributor", "sales")
    assert etl("products", "POST", "/register_product", product_body()).status == 200
    foreign = product_body(name="costs", domain="finance")
    assert etl("products", "POST", "/register_product", foreign).status == 403
    assert etl("products", "POST", "/products/bulk", {"items": [foreign]}).status == 403
    assert etl("products", "PUT", "/product/orders", {"status": "deprecated"}).status == 200
    port = {"location": "domains/sales/orders/", "format": "csv"}
    for changes in (
        {"domain": "finance"},
        {"visibility": "private"},
        {"restricted_columns": ["order_id"]},
        {"output_port": port},
    ):
        assert etl("products", "PUT", "/product/orders", changes).status == 403, changes
    assert etl("products", "DELETE", "/product/orders").status == 403
    grant(admin, "steward", "sales")
    assert etl("products", "PUT", "/product/orders", {"domain": "finance"}).status == 403
    assert etl("products", "PUT", "/product/orders", {"output_port": port}).status == 200
    assert etl("products", "DELETE", "/product/orders").status == 200


def test_a_product_that_is_hidden_is_not_there_for_writers(admin: Call, etl: Call) -> None:
    body = product_body(name="salaries", domain="finance", visibility="private")
    assert (
        admin("products", "POST", "/register_product", body).body["data"]["visibility"] == "private"
    )
    grant(admin, "steward", "sales")
    missing = etl("products", "PUT", "/product/nothing", {"status": "active"})
    for method, changes in (("PUT", {"status": "active"}), ("DELETE", None)):
        answer = etl("products", method, "/product/salaries", changes)
        assert answer.status == 404
        assert answer.body["message"] == missing.body["message"].replace("nothing", "salaries")
    admin("products", "POST", "/register_product", product_body())
    edge = {"source": "salaries", "target": "orders", "transformation": "sum"}
    answer = etl("lineage", "POST", "/register_lineage", edge)
    assert (answer.status, answer.body["message"]) == (
        400,
        "Lineage names unknown products: 'salaries'",
    )
    admin("lineage", "POST", "/register_lineage", edge)
    query = {"source": "salaries", "target": "orders"}
    assert etl("lineage", "DELETE", "/lineage", query=query).status == 404
    assert admin("lineage", "DELETE", "/lineage", query=query).status == 200


def test_no_write_tells_of_a_hidden_product_by_a_name_that_it_has_or_had(
    admin: Call, etl: Call
) -> None:
    body = product_body(name="salaries", domain="finance", visibility="private")
    admin("products", "POST", "/register_product", body)
    admin("products", "PUT", "/product/salaries", {"name": "wages"})
    admin("products", "POST", "/register_product", product_body())
    grant(admin, "contributor", "sales")
    edge = {"target": "orders", "transformation": "sum"}
    for name in ("salaries", "wages"):
        for method, area, path, sent in (
            ("PUT", "products", "/product/{}", {"status": "active"}),
            ("DELETE", "products", "/product/{}", None),
            ("POST", "domains", "/domains/finance/{}/check", None),
            ("POST", "lineage", "/register_lineage", {"source": "{}", **edge}),
        ):
            hidden, missing = (
                etl(area, method, path.format(each), sent and fill_in(sent, each))
                for each in (name, "nothing")
            )
            assert hidden.status == missing.status, (method, path)
            assert hidden.body["message"] == missing.body["message"].replace("nothing", name)


def fill_in(body: dict[str, str], name: str) -> dict[str, str]:
    return {key: value.replace("{}", name) for key, value in body.items()}


def test_lineage_is_of_whoever_makes_its_target(admin: Call, etl: Call) -> None:
    for name, domain in (("orders", "sales"), ("costs", "finance")):
        admin("products", "POST", "/register_product", product_body(name=name, domain=domain))
    grant(admin, "contributor", "sales")
    into = {"source": "costs", "target": "orders", "transformation": "sum"}
    back = {"source": "orders", "target": "costs", "transformation": "sum"}
    assert etl("lineage", "POST", "/register_lineage", into).status == 200
    assert etl("lineage", "POST", "/register_lineage", back).status == 403
    assert etl("lineage", "POST", "/lineage/bulk", {"items": [into, back]}).status == 403
    assert admin("lineage", "POST", "/register_lineage", back).status == 200
    assert etl("lineage", "DELETE", "/lineage", query=back).status == 403
    assert etl("lineage", "DELETE", "/lineage", query=into).status == 200


def test_events_are_of_granted_namespaces(admin: Call, etl: Call) -> None:
    answer = etl("openlineage", "POST", "/api/v1/lineage", EVENT)
    assert answer.status == 403
    assert "'key:etl' may not send events of 'sales'" in answer.body["message"]
    grant(admin, "contributor", "sales")
    assert etl("openlineage", "POST", "/api/v1/lineage", EVENT).status == 201
    facet = {"_producer": "https://example.com", "_schemaURL": "https://example.com"}
    link = {"namespace": "finance", "name": "transactions", "type": "TABLE"}
    previous = {"namespace": "finance", "name": "transactions"}
    change = {"lifecycleStateChange": "RENAME", "previousIdentifier": previous}
    for outputs in (
        [{"namespace": "finance", "name": "transactions"}],
        [{**EVENT["outputs"][0], "facets": {"symlinks": {**facet, "identifiers": [link]}}}],  # type: ignore[index]
        [{**EVENT["outputs"][0], "facets": {"lifecycleStateChange": {**facet, **change}}}],  # type: ignore[index]
    ):
        answer = etl("openlineage", "POST", "/api/v1/lineage", {**EVENT, "outputs": outputs})
        assert answer.status == 403, outputs
    foreign = {**EVENT, "job": {"namespace": "finance", "name": "daily"}}
    batch = etl("openlineage", "POST", "/api/v1/lineage/batch", [EVENT, foreign])
    assert batch.status == 200
    assert [each["index"] for each in batch.body["failed_events"]] == [1]


def test_of_foreign_inputs_only_that_they_are_read_is_taken(admin: Call, etl: Call) -> None:
    grant(admin, "contributor", "sales")
    fields = [{"name": "id", "type": "text"}]
    facets = {"schema": {"_producer": "https://x", "_schemaURL": "https://x", "fields": fields}}
    source = {"namespace": "finance", "name": "transactions", "facets": facets}
    answer = etl("openlineage", "POST", "/api/v1/lineage", {**EVENT, "inputs": [source]})
    assert answer.status == 201
    assert answer.headers["x-skipped-parts"] == "1; inputs.0.facets"
    found = admin("products", "GET", "/product/transactions").body
    assert found["schema"] == {}
    upstream = admin("lineage", "GET", "/lineage/upstream/revenue").body
    assert [each["source"] for each in upstream] == ["transactions"]
    admin("openlineage", "POST", "/api/v1/lineage", {**EVENT, "inputs": [source]})
    assert admin("products", "GET", "/product/transactions").body["schema"] == {"id": "text"}


def test_a_changed_grant_leaves_a_record(admin: Call) -> None:
    grant(admin, "reader", "sales")
    [record] = admin("audit", "GET", "/audit").body["records"]
    assert record["route"] == "POST /grants"
    assert [each["document"] for each in record["commits"]] == ["access.json"]
