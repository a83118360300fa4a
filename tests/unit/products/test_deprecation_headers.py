"""Deprecated products say so on every read of them, rows included (RFC 9745, RFC 8594)."""

from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, resources

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
    freshness = client.get("/product/orders/freshness")
    assert read_headers(freshness) == expect("../../product/new.orders/freshness")
    assert read_headers(client.get("/product/new.orders")) == {}
    listed = client.get("/products")
    assert read_headers(listed) == {}
    assert [each.get("deprecation", {}).get("replacement") for each in listed.body] == [
        None,
        "new.orders",
    ]


@pytest.mark.parametrize(
    ("path", "successor"),
    [
        ("/domains/sales/orders", "../../domains/New%20Sales/new.orders"),
        ("/domains/sales/orders/profile", "../../../domains/New%20Sales/new.orders/profile"),
        ("/domains/sales/orders/files", "../../../domains/New%20Sales/new.orders/files"),
        ("/sales/orders", "../product/new.orders"),
    ],
)
def test_reads_of_its_data_say_so_too(
    serve: Serve, old: Registry, path: str, successor: str
) -> None:
    client = serve("domains", resources(old, FILES))
    first = client.send(api_event("GET", path, principal="key:a"))
    assert read_headers(first) == expect(successor)


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
