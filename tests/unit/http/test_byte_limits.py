"""No write passes the limits of bytes: each way in, through the functions' handlers."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.storage.byte_limit import ByteLimit
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import run_event
from tests.lambdas import Answer, api_event
from tests.meshes import (
    add_lineage,
    add_products,
    event_pipeline,
    lineage_body,
    mesh,
    product_body,
    resources,
)

PRODUCTS_BYTES, LINEAGE_BYTES = 3000, 2000
LONG = "x" * 480
WIDE = {"notes": "\N{ROCKET}" * 120}


@pytest.fixture
def registry() -> Registry:
    found = mesh(max_products_bytes=PRODUCTS_BYTES, max_lineage_bytes=LINEAGE_BYTES)
    add_products(found, ["orders", "revenue"])
    add_lineage(found, "orders", "revenue")
    return found


def assert_full(answer: Answer, setting: str, limit: int, document: str) -> None:
    assert answer.status == 429
    message = answer.body["message"]
    assert message.startswith(
        f"The registry is full: {setting} is {limit}, and {document} would take "
    )
    assert message.endswith(" bytes; remove something from it, or raise the setting")
    assert answer.headers["retry-after"] == "2"


def measure(registry: Registry) -> tuple[int, int]:
    return (
        registry.products.read_latest(NO_DEADLINE).measure_records(),
        registry.lineage.read_latest(NO_DEADLINE).measure_records(),
    )


def products(*names: str) -> list[dict[str, Any]]:
    return [product_body(name=name, description=LONG) for name in names]


def entries(count: int) -> list[dict[str, Any]]:
    return [lineage_body(transformation=f"t{n}", metadata=WIDE) for n in range(count)]


def test_products_are_registered_until_they_take_the_limit(
    serve: Serve, registry: Registry
) -> None:
    client = serve("products", resources(registry))
    found = [client.post("/register_product", each) for each in products("a", "b", "c", "d")]
    assert [answer.status for answer in found] == [200, 200, 429, 429]
    assert_full(found[2], "MAX_PRODUCTS_BYTES", PRODUCTS_BYTES, "products.json")
    assert 0 < PRODUCTS_BYTES - measure(registry)[0] < 1000
    assert client.delete("/product/a").status == 200
    assert client.post("/register_product", products("c")[0]).status == 200


def test_entries_are_registered_until_they_take_the_limit(serve: Serve, registry: Registry) -> None:
    client = serve("lineage", resources(registry))
    found = [client.post("/register_lineage", each) for each in entries(4)]
    assert [answer.status for answer in found] == [200, 200, 429, 429]
    assert_full(found[2], "MAX_LINEAGE_BYTES", LINEAGE_BYTES, "lineage.json")
    assert measure(registry)[1] <= LINEAGE_BYTES
    removed = client.send(
        api_event("DELETE", "/lineage", query={"source": "orders", "target": "revenue"})
    )
    assert removed.status == 200
    assert client.post("/register_lineage", entries(1)[0]).status == 200


@pytest.mark.parametrize(
    ("area", "path", "items", "setting"),
    [
        ("products", "/products/bulk", products("a", "b", "c"), "MAX_PRODUCTS_BYTES"),
        ("lineage", "/lineage/bulk", entries(3), "MAX_LINEAGE_BYTES"),
    ],
    ids=["products", "lineage"],
)
def test_a_bulk_is_registered_whole_or_in_part_as_far_as_it_fits(
    serve: Serve,
    registry: Registry,
    area: str,
    path: str,
    items: list[dict[str, Any]],
    setting: str,
) -> None:
    client = serve(area, resources(registry))
    before = measure(registry)
    answer = client.post(path, {"items": items})
    assert answer.status == 429
    assert f"The registry is full: {setting} is " in answer.body["message"]
    assert measure(registry) == before
    part = client.send(api_event("POST", path, {"items": items}, query={"partial": "true"}))
    assert part.status == 200
    told = part.body["data"]["items"]
    assert [item["status"] for item in told] == ["registered", "registered", "refused"]
    assert f"{setting} is " in told[2]["errors"][0]["message"]
    assert measure(registry)[0] <= PRODUCTS_BYTES
    assert measure(registry)[1] <= LINEAGE_BYTES


def test_what_is_small_still_fits_after_what_is_too_large(serve: Serve, registry: Registry) -> None:
    client = serve("products", resources(registry))
    items = [*products("a", "b", "c"), product_body(name="d")]
    part = client.send(
        api_event("POST", "/products/bulk", {"items": items}, query={"partial": "true"})
    )
    told = [item["status"] for item in part.body["data"]["items"]]
    assert told == ["registered", "registered", "refused", "registered"]


def test_an_update_may_not_pass_the_limit(serve: Serve, registry: Registry) -> None:
    client = serve("products", resources(registry))
    client.post("/products/bulk", {"items": products("a", "b")})
    grown = {f"column_{n}": "string" for n in range(40)}
    answer = client.put("/product/orders", {"schema": grown})
    assert_full(answer, "MAX_PRODUCTS_BYTES", PRODUCTS_BYTES, "products.json")
    assert client.put("/product/a", {"description": "short"}).status == 200


def test_events_may_not_pass_the_limit(serve: Serve, registry: Registry) -> None:
    client = serve("openlineage", resources(registry, events=event_pipeline()))
    answers = [
        client.post("/api/v1/lineage", run_event(inputs=[f"in_{n}"], outputs=[f"out_{n}"]))
        for n in range(6)
    ]
    assert {answer.status for answer in answers} == {201, 429}
    assert measure(registry)[0] <= PRODUCTS_BYTES
    assert measure(registry)[1] <= LINEAGE_BYTES


def test_a_delete_is_let_through_above_a_lowered_limit(serve: Serve, registry: Registry) -> None:
    registry.products.byte_limit = ByteLimit("MAX_PRODUCTS_BYTES", 10)
    registry.lineage.byte_limit = ByteLimit("MAX_LINEAGE_BYTES", 10)
    answer = serve("products", resources(registry)).delete("/product/orders")
    assert answer.status == 200
    assert answer.body["data"]["lineage_entries_removed"] == 1
