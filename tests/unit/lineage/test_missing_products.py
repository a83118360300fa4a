"""`MISSING_PRODUCTS=register`: lineage registers its ends as products that nobody owns yet."""

from typing import Any

import pytest

from datamesh.services.analytics.snapshot_builder import build_snapshot
from datamesh.services.products.registration import delete_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import Answer, Client, api_event
from tests.meshes import NOON, add_product, add_products, lineage_body, mesh, resources
from tests.unit.http.idempotent_posts import post_with_key
from tests.unit.storage.faults import FaultyObject, MemoryView, reply_is_lost, unreachable

REGISTERED = {
    "domain": "unknown",
    "owner": "unowned",
    "description": "Named by lineage, and not described by an owner yet",
    "schema": {},
    "status": "inactive",
    "tags": [],
    "created_at": NOON.isoformat().replace("+00:00", "Z"),
}


def entry(source: str, target: str, **more: Any) -> dict[str, Any]:
    return lineage_body(source=source, target=target, **more)


def make_registry(**changes: Any) -> Registry:
    return mesh(missing_products_domain="unknown", **changes)


def list_names(registry: Registry) -> list[str]:
    return [*registry.products.read_latest(NO_DEADLINE).products]


def list_edges(client: Client) -> list[tuple[str, str]]:
    return [(each["source"], each["target"]) for each in client.get("/lineage").body]


def list_statuses(answer: Answer) -> list[str]:
    return [item["status"] for item in answer.body["data"]["items"]]


def post_bulk(client: Client, items: list[dict[str, Any]], partial: str) -> Answer:
    body, query = {"items": items}, {"partial": partial}
    return client.send(api_event("POST", "/lineage/bulk", body, query=query))


def outcome_is_unknown(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    """The PUT lands, and storage is out of reach until the request gives up."""
    stored.get_faults.extend([unreachable] * 3)
    return reply_is_lost(stored, body, replaces)


def test_an_end_that_is_no_product_becomes_one_without_an_owner(serve: Serve) -> None:
    registry = make_registry()
    add_product(registry, "orders")
    client = serve("lineage", resources(registry))
    assert client.post("/register_lineage", entry("raw-orders", "orders")).status == 200
    assert list_edges(client) == [("raw-orders", "orders")]
    found = serve("products", resources(registry)).get("/product/raw-orders").body
    assert found | REGISTERED == found
    downstream = client.get("/lineage/downstream/raw-orders").body
    assert [each["target"] for each in downstream] == ["orders"]


def test_analytics_count_it_as_inactive_and_unowned(serve: Serve) -> None:
    registry = make_registry()
    add_product(registry, "orders")
    serve("lineage", resources(registry)).post("/register_lineage", entry("raw", "orders"))
    found = build_snapshot(CONTEXT, registry, NOON, stale_days=90, pruned=0, usage=None).products
    assert found.by_status == {"active": 1, "deprecated": 0, "inactive": 1}
    assert found.by_owner == {"sales-team": 1, "unowned": 1}
    assert found.by_domain == {"sales": 1, "unknown": 1}
    assert (found.complete.owner, found.complete.schema_) == (1, 1)


def test_two_ends_and_a_product_that_feeds_itself(serve: Serve) -> None:
    registry = make_registry()
    client = serve("lineage", resources(registry))
    assert client.post("/register_lineage", entry("a", "b")).status == 200
    assert client.post("/register_lineage", entry("c", "c")).status == 200
    assert list_names(registry) == ["a", "b", "c"]
    assert list_edges(client) == [("a", "b"), ("c", "c")]


def test_by_default_it_is_refused_and_nothing_is_registered(serve: Serve) -> None:
    registry = mesh()
    answer = serve("lineage", resources(registry)).post("/register_lineage", entry("a", "b"))
    assert (answer.status, list_names(registry)) == (400, [])


def test_what_can_be_no_products_name_is_refused(serve: Serve) -> None:
    registry = make_registry()
    client = serve("lineage", resources(registry))
    answer = client.post("/register_lineage", entry("raw orders", "b"))
    assert answer.status == 400
    assert answer.body["message"] == "Lineage names unknown products: 'raw orders', 'b'"
    assert list_names(registry) == []


def test_nothing_is_committed_to_products_if_there_is_nothing_missing(serve: Serve) -> None:
    registry = make_registry()
    add_products(registry, "ab")
    serve("lineage", resources(registry)).post("/register_lineage", entry("a", "b"))
    assert registry.products.read_latest(NO_DEADLINE).revision == 2


def test_a_bulk_registers_all_ends_in_one_commit(serve: Serve) -> None:
    registry = make_registry()
    client = serve("lineage", resources(registry))
    items = [entry("a", "b"), entry("b", "c"), entry("a", "c")]
    answer = client.post("/lineage/bulk", {"items": items})
    assert answer.body["data"]["registered"] == 3
    assert list_names(registry) == ["a", "b", "c"]
    assert registry.products.read_latest(NO_DEADLINE).revision == 1
    assert list_edges(client) == [("a", "b"), ("b", "c"), ("a", "c")]


@pytest.mark.parametrize("bad", [entry("a b", "c"), entry("a", "c", confidence=2)])
def test_a_refused_bulk_registers_no_product(serve: Serve, bad: dict[str, Any]) -> None:
    registry = make_registry()
    client = serve("lineage", resources(registry))
    answer = client.post("/lineage/bulk", {"items": [entry("x", "y"), bad]})
    assert (answer.status, list_names(registry)) == (422, [])


def test_a_partial_bulk_registers_the_ends_of_its_good_items(serve: Serve) -> None:
    registry = make_registry()
    client = serve("lineage", resources(registry))
    items = [entry("x", "y"), entry("a b", "c"), entry("d", "e", confidence=2), entry("y", "z")]
    answer = post_bulk(client, items, "true")
    assert list_statuses(answer) == ["registered", "refused", "refused", "registered"]
    assert list_names(registry) == ["x", "y", "z"]
    assert list_edges(client) == [("x", "y"), ("y", "z")]


# limits


def test_a_product_too_many_is_429_and_registers_nothing(serve: Serve) -> None:
    registry = make_registry(max_products=1)
    client = serve("lineage", resources(registry))
    answer = client.post("/register_lineage", entry("a", "b"))
    assert (answer.status, list_names(registry)) == (429, [])
    assert answer.body["message"] == "The registry is full: MAX_PRODUCTS is 1"
    answer = client.post("/lineage/bulk", {"items": [entry("a", "b")]})
    assert (answer.status, list_names(registry)) == (429, [])


def test_a_partial_bulk_says_for_which_items_there_was_no_room(serve: Serve) -> None:
    registry = make_registry(max_products=3)
    client = serve("lineage", resources(registry))
    items = [entry("a", "b"), entry("c", "d"), entry("b", "a")]
    answer = post_bulk(client, items, "true")
    assert list_statuses(answer) == ["registered", "refused", "registered"]
    [problem] = answer.body["data"]["items"][1]["errors"]
    assert problem["message"] == "The registry is full: MAX_PRODUCTS is 3"
    assert list_names(registry) == ["a", "b"]


def test_a_full_lineage_registers_no_product(serve: Serve) -> None:
    registry = make_registry(max_lineage_entries=1)
    client = serve("lineage", resources(registry))
    client.post("/register_lineage", entry("a", "b"))
    for partial in ("false", "true"):
        post_bulk(client, [entry("a", "c")], partial)
    answer = client.post("/register_lineage", entry("a", "c"))
    assert answer.body["message"] == "The registry is full: MAX_LINEAGE_ENTRIES is 1"
    assert (answer.status, list_names(registry)) == (429, ["a", "b"])


@pytest.mark.parametrize("partial", ["true", "false"])
@pytest.mark.parametrize("setting", ["max_products_bytes", "max_lineage_bytes"])
def test_a_limit_of_bytes_that_would_be_passed_registers_no_product(
    serve: Serve, partial: str, setting: str
) -> None:
    registry = make_registry(**{setting: 100})
    client = serve("lineage", resources(registry))
    answer = post_bulk(client, [entry("a", "b")], partial)
    assert (answer.status, list_names(registry)) == (200 if partial == "true" else 429, [])
    assert setting.upper() in str(answer.body)


# rivals and repetitions


def test_a_rival_that_registers_the_end_first_is_kept(serve: Serve) -> None:
    stored = FaultyObject()
    registry = make_registry(products=stored)
    registry.products.read_latest(NO_DEADLINE)
    rival = mesh(products=MemoryView(stored))

    def register_first(faulty: FaultyObject, body: bytes, replaces: str | None) -> str:
        add_product(rival, "raw", owner="a-team")
        return faulty.land(body, replaces)

    stored.put_faults.append(register_first)
    client = serve("lineage", resources(registry))
    assert client.post("/register_lineage", entry("raw", "orders")).status == 200
    found = serve("products", resources(registry)).get("/products").body
    assert {each["name"]: each["owner"] for each in found} == {"raw": "a-team", "orders": "unowned"}
    assert list_edges(client) == [("raw", "orders")]


@pytest.mark.parametrize("lost", ["products", "lineage"])
@pytest.mark.parametrize("path", ["/register_lineage", "/lineage/bulk"])
def test_an_unknown_outcome_is_found_out_by_its_repetition(
    serve: Serve, lost: str, path: str
) -> None:
    stored = {"products": MemoryObject("products.json"), "lineage": MemoryObject("lineage.json")}
    faulty = FaultyObject()
    faulty.name = f"{lost}.json"
    registry = make_registry(**{**stored, lost: faulty})
    client = serve("lineage", resources(registry))
    one = entry("raw", "orders")
    body = one if path == "/register_lineage" else {"items": [one]}
    faulty.put_faults.append(outcome_is_unknown)
    assert post_with_key(client, path, body).status == 503
    assert not faulty.get_faults
    assert post_with_key(client, path, body).status == 200
    assert list_edges(client) == [("raw", "orders")]
    assert list_names(registry) == ["raw", "orders"]
    assert registry.products.read_latest(NO_DEADLINE).revision == 1


def test_a_repetition_does_not_bring_back_what_was_deleted_since(serve: Serve) -> None:
    faulty = FaultyObject()
    faulty.name = "lineage.json"
    registry = make_registry(lineage=faulty)
    client = serve("lineage", resources(registry))
    faulty.put_faults.append(outcome_is_unknown)
    body = entry("raw", "orders")
    assert post_with_key(client, "/register_lineage", body).status == 503
    delete_product(CONTEXT, registry, "raw")
    assert post_with_key(client, "/register_lineage", body).status == 200
    assert list_names(registry) == ["orders"]
    assert list_edges(client) == []


def test_an_entry_is_younger_than_the_end_that_it_registers(serve: Serve) -> None:
    """An end that is deleted and comes back does not bring back its lineage."""
    registry = make_registry()
    client = serve("lineage", resources(registry))
    client.post("/register_lineage", entry("raw", "orders"))
    delete_product(CONTEXT, registry, "raw")
    client.post("/register_lineage", entry("raw", "bills"))
    assert list_edges(client) == [("raw", "bills")]


def test_one_audit_record_names_both_commits(serve: Serve) -> None:
    registry = make_registry()
    held = resources(registry)
    serve("lineage", held).post("/register_lineage", entry("raw", "orders"))
    answer = serve("audit", held).send(api_event("GET", "/audit"))
    [record] = answer.body["records"]
    assert [(each["document"], each["added"]) for each in record["commits"]] == [
        ("products.json", 2),
        ("lineage.json", 1),
    ]
