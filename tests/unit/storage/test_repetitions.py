"""A POST whose outcome nobody learned, sent again under its Idempotency-Key."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from datamesh.models.products import ProductUpdate
from datamesh.models.values import TICK
from datamesh.services.lineage.registration import remove_lineage
from datamesh.services.products import registration
from datamesh.storage.registry_file import RECENT_COMMITS
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import (
    NOON,
    add_lineage,
    add_product,
    add_products,
    lineage_body,
    mesh,
    product_body,
    resources,
)
from tests.unit.http.idempotent_posts import post_with_key, read_revision, register_with_key
from tests.unit.storage.faults import (
    FaultyObject,
    MemoryView,
    bump,
    document,
    reply_is_lost,
    request_is_lost,
    unreachable,
)


def inject_faults(stored: FaultyObject, *faults: Any, then_unreachable: bool = True) -> None:
    """The next PUT meets the faults, and storage is out of reach until the request gives up."""
    stored.put_faults.extend(faults)
    if then_unreachable:
        stored.get_faults.extend([unreachable] * 3)


@pytest.fixture
def stored() -> FaultyObject:
    return FaultyObject()


@pytest.fixture
def used_resources(stored: FaultyObject) -> Resources:
    """Resources whose products are `stored`, already read once."""
    registry = mesh(products=stored)
    registry.products.read_latest(NO_DEADLINE)
    return resources(registry)


@pytest.mark.parametrize("fault", [reply_is_lost, request_is_lost])
@pytest.mark.parametrize("up_to_date", [True, False])
def test_an_unknown_outcome_is_found_out_by_its_repetition(
    serve: Serve, used_resources: Resources, stored: FaultyObject, fault: Any, up_to_date: bool
) -> None:
    client = serve("products", used_resources)
    inject_faults(stored, fault)
    assert register_with_key(client).status == 503
    if up_to_date:  # the copy in memory of the function that the repetition reaches
        client.get("/products")
    answer = register_with_key(client)
    assert answer.status == 200
    assert answer.body["data"] == client.get("/product/orders").body
    assert read_revision(used_resources.registry) == 1


@pytest.mark.parametrize("fault", [reply_is_lost, request_is_lost])
@pytest.mark.parametrize("partial", ["true", "false"])
def test_an_unknown_bulk_is_found_out_by_its_repetition(
    serve: Serve, used_resources: Resources, stored: FaultyObject, fault: Any, partial: str
) -> None:
    client = serve("products", used_resources)
    body = {"items": [product_body(name="a"), product_body(name="b")]}
    query = {"partial": partial}
    inject_faults(stored, fault)
    assert post_with_key(client, "/products/bulk", body, query=query).status == 503
    client.get("/products")
    answer = post_with_key(client, "/products/bulk", body, query=query)
    assert answer.body["data"]["registered"] == 2
    assert read_revision(used_resources.registry) == 1


def test_unknown_lineage_is_appended_once(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue"])
    registry.lineage.read_latest(NO_DEADLINE)
    client = serve("lineage", resources(registry))
    body = lineage_body(source="orders", target="revenue")
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/register_lineage", body).status == 503
    client.get("/lineage")
    answer = post_with_key(client, "/register_lineage", body)
    assert client.get("/lineage").body == [answer.body["data"]]


def test_an_unknown_bulk_of_lineage_is_found_out_by_its_repetition(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue"])
    registry.lineage.read_latest(NO_DEADLINE)
    client = serve("lineage", resources(registry))
    good, bad = (lineage_body(source="orders", target=end) for end in ("revenue", "nobody"))
    body, query = {"items": [good, bad, good]}, {"partial": "true"}
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/lineage/bulk", body, query=query).status == 503
    client.get("/lineage")
    answer = post_with_key(client, "/lineage/bulk", body, query=query)
    statuses = [item["status"] for item in answer.body["data"]["items"]]
    assert statuses == ["registered", "refused", "registered"]
    assert client.get("/lineage").headers["x-total-count"] == "2"


def test_a_repetition_behind_the_whole_ring_stays_unknown(
    serve: Serve, used_resources: Resources, stored: FaultyObject
) -> None:
    client = serve("products", used_resources)
    inject_faults(stored, reply_is_lost)
    assert register_with_key(client).status == 503
    rivals = document(MemoryView(stored))
    for _ in range(RECENT_COMMITS):
        rivals.commit(bump, NO_DEADLINE)
    client.get("/products")
    assert register_with_key(client).status == 503
    assert read_revision(used_resources.registry) == 1 + RECENT_COMMITS


def test_an_unknown_request_may_not_change_its_body(
    serve: Serve, used_resources: Resources, stored: FaultyObject
) -> None:
    client = serve("products", used_resources)
    inject_faults(stored, request_is_lost)
    assert register_with_key(client).status == 503
    assert register_with_key(client, owner="another").status == 422


def test_an_unknown_bulk_that_was_not_partial_was_registered_whole(serve: Serve) -> None:
    """Whatever became of the products that its entries named."""
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue"])
    registry.lineage.read_latest(NO_DEADLINE)
    client = serve("lineage", resources(registry))
    body = {"items": [lineage_body(source="orders", target="revenue")]}
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/lineage/bulk", body).status == 503
    registration.delete_product(CONTEXT, registry, "revenue")
    answer = post_with_key(client, "/lineage/bulk", body)
    assert answer.body["data"] == {
        "registered": 1,
        "refused": 0,
        "items": [{"index": 0, "status": "registered", "errors": []}],
    }


def test_an_unknown_bulk_of_lineage_does_not_count_against_its_own_limit(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored, max_lineage_entries=3)
    add_products(registry, ["orders", "revenue"])
    add_lineage(registry, "orders", "revenue")
    one_later = replace(registry, now=lambda: NOON + TICK)
    client = serve("lineage", resources(one_later))
    good = lineage_body(source="orders", target="revenue")
    body, query = {"items": [good] * 3}, {"partial": "true"}
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/lineage/bulk", body, query=query).status == 503
    answer = post_with_key(client, "/lineage/bulk", body, query=query)
    statuses = [item["status"] for item in answer.body["data"]["items"]]
    assert statuses == ["registered", "registered", "refused"]
    assert client.get("/lineage").headers["x-total-count"] == "3"


def test_a_repetition_has_the_time_of_the_first_try(serve: Serve) -> None:
    stored = FaultyObject()
    ticks = count()
    registry = mesh(lineage=stored, now=lambda: NOON + timedelta(seconds=next(ticks)))
    add_products(registry, ["orders", "revenue"])
    registry.lineage.read_latest(NO_DEADLINE)
    client = serve("lineage", resources(registry))
    body = lineage_body(source="orders", target="revenue")
    inject_faults(stored, request_is_lost)
    assert post_with_key(client, "/register_lineage", body).status == 503
    first_at = NOON + timedelta(seconds=2)
    answer = post_with_key(client, "/register_lineage", body)
    assert datetime.fromisoformat(answer.body["data"]["timestamp"]) == first_at


def test_lineage_overtaken_by_a_ring_of_others_stays_unknown(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue"])
    registry.lineage.read_latest(NO_DEADLINE)
    client = serve("lineage", resources(registry))
    body = lineage_body(source="orders", target="revenue")
    inject_faults(stored, request_is_lost)
    assert post_with_key(client, "/register_lineage", body).status == 503
    for _ in range(RECENT_COMMITS - 1):
        add_lineage(registry, "orders", "revenue")
    assert post_with_key(client, "/register_lineage", body, key="another").status == 200
    answer = post_with_key(client, "/register_lineage", body)
    assert answer.status == 503
    assert answer.body["message"] == (
        f"Whether the write to {stored.name} took effect is unknown; read before you retry"
    )


def test_one_commit_less_than_the_ring_is_found_out(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue"])
    add_lineage(registry, "orders", "revenue")
    client = serve("lineage", resources(registry))
    body = lineage_body(source="orders", target="revenue")
    inject_faults(stored, request_is_lost)
    assert post_with_key(client, "/register_lineage", body).status == 503
    for _ in range(RECENT_COMMITS - 1):
        add_lineage(registry, "orders", "revenue")
    assert post_with_key(client, "/register_lineage", body).status == 200
    assert len(registry.lineage.read_latest(NO_DEADLINE).lineage) == RECENT_COMMITS + 1


UNKNOWN = [
    {
        "field": "",
        "message": "It is not registered now. Whether an earlier try of this request registered"
        " it, and it was removed since, is unknown",
    }
]


@pytest.mark.parametrize("fault", [reply_is_lost, request_is_lost])
def test_a_repeated_bulk_never_reports_a_product_that_is_not_there(
    serve: Serve, used_resources: Resources, stored: FaultyObject, fault: Any
) -> None:
    registry = used_resources.registry
    add_products(registry, ["taken", "kept"])
    client, query = serve("products", used_resources), {"partial": "true"}
    body = {"items": [product_body(name=name) for name in ("taken", "kept", "new", "removed")]}
    inject_faults(stored, fault)
    assert post_with_key(client, "/products/bulk", body, query=query).status == 503
    client.get("/products")
    registration.delete_product(CONTEXT, registry, "taken")
    if fault is reply_is_lost:
        registration.delete_product(CONTEXT, registry, "removed")
    for _ in range(2):
        answer = post_with_key(client, "/products/bulk", body, query=query)
        items = answer.body["data"]["items"]
        names = [item["name"] for item in client.get("/products").body]
        if fault is request_is_lost:  # it is made now
            assert [item["status"] for item in items] == [
                "registered",
                "refused",
                "registered",
                "registered",
            ]
            assert names == ["kept", "taken", "new", "removed"]
        else:
            assert answer.body["message"] == "1 products registered"
            assert answer.body["data"]["refused"] == 3
            assert [item["errors"] for item in items] == [
                UNKNOWN,
                [{"field": "name", "message": "Product 'kept' is already registered"}],
                [],
                UNKNOWN,
            ]
            assert names == ["kept", "new"]


def test_a_product_that_another_has_registered_since_is_not_ours(
    serve: Serve, used_resources: Resources, stored: FaultyObject
) -> None:
    registry = used_resources.registry
    client, query = serve("products", used_resources), {"partial": "true"}
    body = {"items": [product_body(name=name) for name in ("a", "b")]}
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/products/bulk", body, query=query).status == 503
    client.get("/products")
    registration.delete_product(CONTEXT, registry, "a")
    add_products(registry, ["a"])
    registration.update_product(
        CONTEXT, registry, "b", ProductUpdate.model_validate({"owner": "another"})
    )
    answer = post_with_key(client, "/products/bulk", body, query=query)
    statuses = [item["status"] for item in answer.body["data"]["items"]]
    assert statuses == ["refused", "registered"]


def test_of_two_items_of_one_name_the_one_that_is_there_was_registered(
    serve: Serve, used_resources: Resources, stored: FaultyObject
) -> None:
    registry = used_resources.registry
    datasets = [{"namespace": "warehouse", "name": "t"}]
    add_product(registry, "holder", openlineage=datasets)
    client, query = serve("products", used_resources), {"partial": "true"}
    first = product_body(name="a", openlineage=datasets)
    body = {"items": [first, product_body(name="a"), product_body(name="a")]}
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/products/bulk", body, query=query).status == 503
    client.get("/products")
    registration.delete_product(CONTEXT, registry, "holder")
    answer = post_with_key(client, "/products/bulk", body, query=query)
    statuses = [item["status"] for item in answer.body["data"]["items"]]
    assert statuses == ["refused", "registered", "refused"]


def test_a_repeated_bulk_never_reports_lineage_that_is_not_there(serve: Serve) -> None:
    stored = FaultyObject()
    registry = mesh(lineage=stored)
    add_products(registry, ["orders", "revenue", "costs"])
    registry.lineage.read_latest(NO_DEADLINE)
    client, query = serve("lineage", resources(registry)), {"partial": "true"}
    ends = ("later", "revenue", "costs", "revenue")
    items = [lineage_body(source="orders", target=end) for end in ends]
    inject_faults(stored, reply_is_lost)
    assert post_with_key(client, "/lineage/bulk", {"items": items}, query=query).status == 503
    client.get("/lineage")
    add_products(registry, ["later"])
    remove_lineage(CONTEXT, registry, "orders", "costs")
    answer = post_with_key(client, "/lineage/bulk", {"items": items}, query=query)
    found = answer.body["data"]["items"]
    assert [item["errors"] for item in found] == [UNKNOWN, [], UNKNOWN, []]
    assert [entry["target"] for entry in client.get("/lineage").body] == ["revenue", "revenue"]
