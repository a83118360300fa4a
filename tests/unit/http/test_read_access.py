"""The reads without a key, in each mode and by each route, cell by cell."""

from typing import Any

import pytest
from fastapi.routing import APIRoute

from datamesh.http.app import MeshRoute
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.gateway import ANONYMOUS
from datamesh.models.read_access import ReadAccess, ReadKind
from datamesh.services.access.read_access import OPEN_KINDS
from tests.lambdas import (
    AREAS,
    ENVIRONMENT,
    Answer,
    Client,
    api_event,
    create_configured_client,
    import_app,
)
from tests.meshes import add_product, mesh, resources

NEEDS_A_KEY = "This read needs a key here: send it as `Authorization: Bearer <key>`"
NOT_PASSED = "The request carries no principal: it did not pass the authorizer"

PUBLIC = {"/health", "/openapi.json", "/docs", "/redoc", "/docs/assets/{file}"}
OTHERS = {
    "/domains/{domain}/{dataset}": "rows",
    "/domains/{domain}/{dataset}/profile": "rows",
    "/domains/{domain}/{dataset}/files": "files",
    "/product/{name}/quality": "rows",
    "/product/{name}/versions": "past",
    "/product/{name}/versions/{version}": "past",
    "/sales/orders": "rows",
    "/marketing/campaigns": "rows",
    "/finance/transactions": "rows",
    "/changes": "past",
    "/audit": "keyed",
    "/me": "keyed",
    "/grants": "keyed",
    "/keys": "keyed",
    "/redactions": "keyed",
    "/requests": "keyed",
    "/product/{name}/requests": "keyed",
    "/api/v1/events": "events",
    "/api/v1/events/lineage": "events",
    "/api/v1/events/{namespace}": "events",
    "/api/v1/jobs/runs/{run_id}": "events",
    "/api/v1/jobs/runs/{run_id}/facets": "events",
}
"""Path -> kind; every other read is of the catalog."""

pytestmark = pytest.mark.usefixtures("imported_functions")


def list_reads() -> list[tuple[str, MeshRoute]]:
    return [
        (area, route)
        for area in AREAS
        for route in import_app(area).routes
        if isinstance(route, MeshRoute) and route.methods == {"GET"}
    ]


def fill_path(path: str) -> str:
    for name, value in {
        "{domain}": "sales",
        "{dataset}": "orders",
        "{name}": "orders",
        "{file}": "docs.js",
    }.items():
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")


def test_each_route_is_of_the_kind_that_is_written_down_here() -> None:
    found = {route.path: str(route.declared_read.kind) for _, route in list_reads()}
    assert {path for path, kind in found.items() if kind == "public"} == PUBLIC
    rest = {path: kind for path, kind in found.items() if kind not in ("public", "catalog")}
    assert rest == OTHERS


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("open", {"public", "catalog", "rows", "events", "past"}),
        ("catalog", {"public", "catalog", "rows"}),
        ("keyed", {"public"}),
    ],
)
def test_the_table(mode: str, kinds: set[str]) -> None:
    assert OPEN_KINDS[ReadAccess(mode)] == kinds


def client_of(area: str, mode: str | None) -> Client:
    registry = mesh()
    add_product(registry, "orders")
    environ = {} if mode is None else {"READ_ACCESS": mode}
    return create_configured_client(import_app(area), resources(registry), **environ)


def assert_refused(answer: Answer, area: str, message: str) -> None:
    assert answer.status == 401
    expected: dict[str, Any] = {"success": False, "message": message}
    if area == "marquez":
        expected |= {"code": 401, "details": None}
    assert answer.body == expected
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("mode", ReadAccess)
@pytest.mark.parametrize("area", AREAS)
def test_every_read_of_every_mode(area: str, mode: ReadAccess) -> None:
    client = client_of(area, mode)
    for each, route in list_reads():
        if each != area:
            continue
        path = fill_path(route.path)
        event = api_event("GET", path, principal=ANONYMOUS, query={"nonsense": 1})
        answer = client.send(event)
        if route.declared_read.kind is ReadKind.ROWS and mode is ReadAccess.CATALOG:
            # Rows of public products are open: whether this is one is asked for each.
            continue
        if route.declared_read.kind in OPEN_KINDS[mode]:
            assert answer.status != 401, path
        else:
            assert_refused(answer, area, NEEDS_A_KEY)
        # Who has a key is asked no more.
        assert client.send(api_event("GET", path, query={"nonsense": 1})).status != 401


@pytest.mark.parametrize("area", AREAS)
def test_an_event_that_did_not_pass_the_authorizer_is_refused_in_every_mode(area: str) -> None:
    client = client_of(area, "open")
    for each, route in list_reads():
        if each == area:
            headers = {"authorization": "Bearer a-key"}
            event = api_event("GET", fill_path(route.path), principal=None, headers=headers)
            answer = client.send(event)
            if route.declared_read.kind is ReadKind.PUBLIC:
                assert answer.status != 401, route.path
            else:
                assert_refused(answer, area, NOT_PASSED)


@pytest.mark.parametrize(
    ("grants", "may_read"),
    [
        (None, False),
        ("[]", False),
        ('[{"role":"reader","domain":"sales"}]', True),
        ('[{"role":"reader","domain":"sales"},{"role":"reader","domain":"*"}]', True),
        ('[{"role":"admin","domain":"*"}]', True),
    ],
)
def test_a_token_reads_more_than_anonymous_callers_by_a_grant(
    grants: str | None, may_read: bool
) -> None:
    """An issuer may know all the world, as GitHub does."""
    context = {"principal": "jwt:https://login.example.com#ada"} | (
        {} if grants is None else {"grants": grants}
    )
    for mode, path in (("keyed", "/products"), ("catalog", "/products"), ("open", "/products")):
        event = api_event("GET", path)
        event["requestContext"]["authorizer"] = {"lambda": context}
        answer = client_of("products", mode).send(event)
        assert answer.status == (200 if may_read or mode != "keyed" else 403), mode
        if answer.status == 403:
            assert "needs the role reader in some domain" in answer.body["message"]


@pytest.mark.parametrize(
    ("area", "method", "path"),
    [
        ("products", "GET", "/products"),
        ("products", "HEAD", "/products"),
        ("products", "POST", "/register_product"),
        ("marquez", "GET", "/api/v1/jobs"),
        ("access", "GET", "/me"),
        ("audit", "GET", "/audit"),
    ],
)
def test_credentials_that_could_not_be_verified_are_refused_with_the_reason(
    area: str, method: str, path: str
) -> None:
    """Even where no credentials are needed: whoever sends some is not served as somebody else."""
    event = api_event(method, path, principal=ANONYMOUS)
    event["requestContext"]["authorizer"]["lambda"]["refusal"] = "The issuer is not to be had"
    answer = client_of(area, "open").send(event)
    assert answer.status == 401
    if method != "HEAD":
        assert answer.body["message"] == "The issuer is not to be had"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_function_without_the_setting_is_keyed() -> None:
    environ = {name: value for name, value in ENVIRONMENT.items() if name != "READ_ACCESS"}
    client = Client(create_lambda_handler(import_app("products"), environ))
    assert_refused(client.get("/products"), "products", NEEDS_A_KEY)


def test_a_moment_makes_any_read_one_of_the_past() -> None:
    client = client_of("products", "catalog")
    assert client.get("/products").status == 200
    moment = "2026-01-01T00:00:00Z"
    assert_refused(client.get("/products", as_of=moment), "products", NEEDS_A_KEY)
    assert_refused(client.get("/products", as_of=""), "products", NEEDS_A_KEY)


def test_who_may_not_read_learns_nothing_of_a_copy() -> None:
    client = client_of("products", "keyed")
    known = client.send(api_event("GET", "/products"))
    assert known.status == 200
    for tag in (known.headers["etag"], "*"):
        for method in ("GET", "HEAD"):
            event = api_event(
                method, "/products", principal=ANONYMOUS, headers={"if-none-match": tag}
            )
            answer = client.send(event)
            assert answer.status == 401
            assert "etag" not in answer.headers
            assert (answer.content == b"") is (method == "HEAD")


def test_what_is_there_and_what_is_not_are_refused_alike() -> None:
    client = client_of("products", "keyed")
    found, missing = (client.get(f"/product/{name}") for name in ("orders", "nothing"))
    assert (found.status, found.content) == (missing.status, missing.content)


def test_a_path_of_marquez_is_read_alike_whatever_is_known() -> None:
    """A name with slashes may be read in several ways, and what is known would choose."""
    known, empty = mesh(), mesh()
    add_product(known, "tagged", openlineage=[{"namespace": "ns", "name": "a/tags/PII"}])
    path = "/api/v1/namespaces/ns/datasets/a/tags/PII"
    clients = [
        create_configured_client(import_app("marquez"), resources(known), READ_ACCESS="open"),
        create_configured_client(import_app("marquez"), resources(known), READ_ACCESS="keyed"),
    ]
    assert clients[0].get(path).body["name"] == "a/tags/PII"
    told = clients[1].get(path)
    untold = create_configured_client(
        import_app("marquez"), resources(empty), READ_ACCESS="keyed"
    ).get(path)
    assert told.status in (401, 404, 405)
    assert (told.status, told.content) == (untold.status, untold.content)


def test_caches_tell_callers_apart() -> None:
    client = client_of("products", "open")
    signed_in = client.send(api_event("GET", "/products"))
    assert signed_in.headers["cache-control"] == "no-store"
    assert "Authorization" in signed_in.headers["vary"]
    anonymous = client.get("/products")
    assert "cache-control" not in anonymous.headers
    assert "Authorization" in anonymous.headers["vary"]
    health = client_of("platform", "open").send(api_event("GET", "/health", principal=None))
    assert "Authorization" not in health.headers.get("vary", "")


def test_there_are_reads_to_look_at() -> None:
    assert len(list_reads()) > 40
    assert all(
        isinstance(route, MeshRoute)
        for area in AREAS
        for route in import_app(area).routes
        if isinstance(route, APIRoute)
    )
