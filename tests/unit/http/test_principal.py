"""A request that did not pass the authorizer is refused, on every route there is or will be."""

from typing import Any

import pytest
from fastapi import FastAPI

from datamesh.http.app import create_app
from datamesh.http.gateway import ANONYMOUS
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import AREAS, api_event, create_configured_client, import_app
from tests.meshes import add_product, product_body, resources

REFUSAL = {
    "success": False,
    "message": "The request carries no principal: it did not pass the authorizer",
}
DATASET = "/api/v1/namespaces/{namespace}/datasets/{dataset}"
JOB = "/api/v1/namespaces/{namespace}/jobs/{job}"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def unsafe_routes(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, getattr(route, "path", ""))
        for route in app.routes
        for method in sorted(UNSAFE & set(getattr(route, "methods", None) or ()))
    ]


def without_principal(method: str, path: str) -> list[dict[str, Any]]:
    path = path.format(
        **dict.fromkeys(("name", "dataset", "job", "field", "source"), "orders"),
        **dict.fromkeys(("domain", "namespace", "tag"), "sales"),
        grant_id="0" * 16,
        request_id="0" * 16,
        key_id="sales-etl",
    )
    headers = {"authorization": "Bearer a-key"}
    events = [api_event(method, path, {}, principal=None, headers=headers) for _ in range(7)]
    authorizers: list[Any] = [None, {}, {"lambda": None}, {"lambda": {}}]
    authorizers += [{"lambda": {"principal": principal}} for principal in ("", 7, ANONYMOUS)]
    for event, authorizer in zip(events, authorizers, strict=True):
        event["requestContext"]["authorizer"] = authorizer
    return [api_event(method, path, {}, principal=None), *events]


@pytest.mark.parametrize("area", AREAS)
def test_401_on_every_unsafe_route_without_a_principal(serve: Serve, area: str) -> None:
    client = serve(area)
    for method, path in unsafe_routes(import_app(area)):
        for event in without_principal(method, path):
            answer = client.send(event)
            body = {key: answer.body[key] for key in REFUSAL}
            assert (answer.status, body) == (401, REFUSAL)


def test_401_comes_before_anything_is_said_about_the_body(serve: Serve) -> None:
    event = api_event("POST", "/register_product", product_body(name=""), principal=None)
    assert serve("products").send(event).status == 401


def test_401_leaves_the_registry_as_it_was(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders")
    client = serve("products", resources(registry))
    assert client.send(api_event("DELETE", "/product/orders", principal=None)).status == 401
    assert list(registry.products.read(NO_DEADLINE).products) == ["orders"]


def test_there_are_unsafe_routes_to_protect(imported_functions: None) -> None:
    found = {area: unsafe_routes(import_app(area)) for area in AREAS}
    assert found == {
        "products": [
            ("POST", "/register_product"),
            ("POST", "/products/bulk"),
            ("PUT", "/product/{name}"),
            ("DELETE", "/product/{name}"),
        ],
        "lineage": [
            ("POST", "/register_lineage"),
            ("POST", "/lineage/bulk"),
            ("DELETE", "/lineage"),
        ],
        "openlineage": [("POST", "/api/v1/lineage"), ("POST", "/api/v1/lineage/batch")],
        "marquez": [],
        "search": [],
        "marquez_writes": [
            ("PUT", "/api/v1/tags/{tag}"),
            ("POST", f"{DATASET}/tags/{{tag}}"),
            ("DELETE", f"{DATASET}/tags/{{tag}}"),
            ("POST", f"{DATASET}/fields/{{field}}/tags/{{tag}}"),
            ("DELETE", f"{DATASET}/fields/{{field}}/tags/{{tag}}"),
            ("POST", f"{JOB}/tags/{{tag}}"),
            ("DELETE", f"{JOB}/tags/{{tag}}"),
            ("PUT", "/api/v1/namespaces/{namespace}"),
            ("PUT", "/api/v1/sources/{source}"),
            ("DELETE", DATASET),
            ("DELETE", JOB),
        ],
        "contracts": [
            ("POST", "/contracts"),
            ("POST", "/contracts/lint"),
            ("PUT", "/product/{name}/contract"),
        ],
        "domains": [
            ("POST", "/domains/{domain}/{dataset}/check"),
            ("POST", "/domains/{domain}/{dataset}/infer"),
        ],
        "analytics": [],
        "access": [
            ("POST", "/grants"),
            ("DELETE", "/grants/{grant_id}"),
            ("POST", "/keys"),
            ("POST", "/keys/{key_id}/rotate"),
            ("DELETE", "/keys/{key_id}"),
            ("POST", "/product/{name}/requests"),
            ("POST", "/requests/{request_id}/grant"),
            ("POST", "/requests/{request_id}/refuse"),
            ("DELETE", "/requests/{request_id}"),
        ],
        "redactions": [("POST", "/redactions")],
        "audit": [],
        "platform": [],
    }


def test_a_route_of_tomorrow_is_protected_too(imported_functions: None) -> None:
    app = create_app("Tomorrow")

    @app.api_route("/both", methods=["GET", "POST"])
    async def both() -> str:
        return "reached"

    @app.get("/read")
    async def read() -> str:
        return "reached"

    client = create_configured_client(app, resources())
    assert client.send(api_event("POST", "/both", {}, principal=None)).status == 401
    assert client.send(api_event("POST", "/both", {})).body == "reached"
    assert client.send(api_event("GET", "/read", principal=None)).status == 401
    assert client.get("/read").body == "reached"
