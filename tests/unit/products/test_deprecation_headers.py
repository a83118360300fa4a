"""Deprecated products say so on every read of them, rows included (RFC 9745, RFC 8594)."""

import json
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.http.redirects import PRODUCT_PARAMETERS
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from dev.openapi import document as openapi
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, resources
from tests.past import Timeline

ENDS: dict[str, Any] = {
    "since": "2026-11-01T00:00:00Z",
    "sunset": "2027-06-30T12:00:00+02:00",
    "replacement": "new.orders",
}
FILES = {"sales/orders/a.jsonl": b'{"id": "1"}\n'}


def read_headers(answer: Answer) -> dict[str, str]:
    assert answer.status in (200, 304), answer.body
    names = ("deprecation", "sunset", "link")
    return {name: answer.headers[name] for name in names if name in answer.headers}


def expect(path: str) -> dict[str, str]:
    return {
        "deprecation": "@1793491200",
        "sunset": "Wed, 30 Jun 2027 10:00:00 GMT",
        "link": f'<{path}>; rel="successor-version"',
    }


@pytest.fixture
def old(registry: Registry) -> Registry:
    add_product(registry, "new.orders", domain="New Sales")
    add_product(registry, "orders", schema={"id": "string"}, deprecation=ENDS)
    return registry


def test_reads_of_a_product_say_that_it_is_deprecated(serve: Serve, old: Registry) -> None:
    client = serve("products", resources(old))
    answer = client.get("/product/orders")
    assert read_headers(answer) == expect("../product/new.orders")
    event = api_event("GET", "/product/orders", principal=ANONYMOUS)
    event["headers"]["if-none-match"] = answer.headers["etag"]
    again = client.send(event)
    assert (again.status, read_headers(again)) == (304, expect("../product/new.orders"))
    assert read_headers(client.get("/product/new.orders")) == {}
    listed = client.get("/products")
    assert read_headers(listed) == {}
    assert [each.get("deprecation", {}).get("replacement") for each in listed.body] == [
        None,
        "new.orders",
    ]


READS = {
    "/product/{name}": "../product/new.orders",
    "/product/{name}/contract": "../../product/new.orders/contract",
    "/product/{name}/freshness": "../../product/new.orders/freshness",
    "/product/{name}/quality": "../../product/new.orders/quality",
    "/product/{name}/requests": "../../product/new.orders/requests",
    "/product/{name}/versions": "../../product/new.orders/versions",
    "/product/{name}/versions/{version}": "../../../product/new.orders/versions",
    "/lineage/upstream/{product_name}": "../../lineage/upstream/new.orders",
    "/lineage/downstream/{product_name}": "../../lineage/downstream/new.orders",
    "/lineage/graph/{product}": "../../lineage/graph/new.orders",
    "/lineage/impact/{product}": "../../lineage/impact/new.orders",
    "/lineage/columns/{product}": "../../lineage/columns/new.orders",
    "/lineage/columns/{product}/{column}": "../../../lineage/columns/new.orders",
    "/domains/{domain}/{dataset}": "../../domains/New%20Sales/new.orders",
    "/domains/{domain}/{dataset}/profile": "../../../domains/New%20Sales/new.orders/profile",
    "/domains/{domain}/{dataset}/files": "../../../domains/New%20Sales/new.orders/files",
    "/sales/orders": "../product/new.orders",
}
"""Path of a read of one product -> the link to the same read of its successor."""
SAME_VIEWS = {"/marketing/campaigns", "/finance/transactions"}
"""Reads as `/sales/orders` is one."""


def find_area(path: str) -> str:
    for end, area in (("/contract", "contracts"), ("/requests", "access")):
        if path.endswith(end):
            return area
    areas = {"product": "products", "lineage": "lineage"}
    return areas.get(path.split("/")[1], "domains")


@pytest.mark.parametrize("path", READS)
def test_a_read_of_a_product_or_of_its_data_says_so(serve: Serve, old: Registry, path: str) -> None:
    client = serve(find_area(path), resources(old, FILES))
    values = dict.fromkeys(PRODUCT_PARAMETERS, "orders")
    values |= {"domain": "sales", "version": "1.0.0", "column": "id"}
    answer = client.send(api_event("GET", path.format(**values), principal="key:a"))
    assert read_headers(answer) == expect(READS[path])


def test_every_read_of_a_product_is_tried_and_documented() -> None:
    document = json.loads(openapi.DOCUMENT.read_text())["paths"]
    parameters = {f"{{{name}}}" for name in PRODUCT_PARAMETERS}
    reads = {
        path
        for path in document
        if "get" in document[path]
        # Marquez' datasets are those of a namespace, and not products.
        and (parameters & {*path.split("/")} and not path.startswith("/api/v1/"))
    }
    assert reads | {"/sales/orders"} == READS.keys()
    for path in READS.keys() | SAME_VIEWS:
        headers = document[path]["get"]["responses"]["200"]["headers"]
        assert {"Deprecation", "Sunset", "Link"} <= headers.keys(), path


def test_a_read_of_a_moment_says_what_was_so_then(serve: Serve) -> None:
    timeline = Timeline()
    add_product(timeline.registry, "orders")
    then = timeline.tick()
    ends = ProductUpdate.model_validate({"deprecation": {"reason": "Too small"}})
    registration.update_product(CONTEXT, timeline.registry, "orders", ends)
    client = serve("lineage", timeline.resources())
    assert "deprecation" in read_headers(client.get("/lineage/graph/orders"))
    assert read_headers(client.get("/lineage/graph/orders", as_of=then.isoformat())) == {}


def test_a_status_alone_says_since_when_at_the_latest(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders", status="deprecated")
    answer = serve("products", resources(registry)).get("/product/orders")
    assert read_headers(answer) == {"deprecation": "@1769860800"}


def test_the_link_follows_a_rename_and_leads_nobody_to_what_they_do_not_see(
    serve: Serve, old: Registry
) -> None:
    client = serve("products", resources(old))
    change = ProductUpdate.model_validate({"name": "newest"})
    registration.update_product(CONTEXT, old, "new.orders", change)
    link = read_headers(client.get("/product/orders"))["link"]
    assert link == '<../product/newest>; rel="successor-version"'
    registration.update_product(
        CONTEXT, old, "newest", ProductUpdate.model_validate({"visibility": "private"})
    )
    assert "link" not in read_headers(client.get("/product/orders"))
    registration.delete_product(CONTEXT, old, "newest")
    assert read_headers(client.get("/product/orders")).keys() == {"deprecation", "sunset"}
