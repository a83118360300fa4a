"""Products that people rename, move to another domain, or give datasets of events."""

from typing import Any
from urllib.parse import quote, unquote

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject, Unreachable
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import WAREHOUSE, run_event, send
from tests.lambdas import Answer, Client, api_event, assert_problem
from tests.meshes import (
    add_lineage,
    add_product,
    event_pipeline,
    lineage_body,
    mesh,
    product_body,
    resources,
)
from tests.past import Timeline

RENAMED = "Product 'orders' is called 'sales_orders' now"


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    """orders -> revenue."""
    add_product(registry, "orders")
    add_product(registry, "revenue", domain="finance")
    add_lineage(registry, "orders", "revenue")
    return serve("products", resources(registry))


@pytest.fixture
def lineage(serve: Serve, registry: Registry) -> Client:
    return serve("lineage", resources(registry))


def stored(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in registry.lineage.read(NO_DEADLINE).lineage]


# renaming and moving


def test_a_person_renames_and_moves_a_product(
    client: Client, lineage: Client, registry: Registry
) -> None:
    changes = {"name": "sales_orders", "domain": "ordering", "tags": ["gold"]}
    answer = client.put("/product/orders", changes)
    assert (answer.status, answer.body["message"]) == (200, RENAMED)
    data = answer.body["data"]
    assert (data["name"], data["domain"], data["tags"]) == ("sales_orders", "ordering", ["gold"])
    read = client.get("/product/sales_orders")
    assert (read.body, read.headers["etag"]) == (data, answer.headers["etag"])
    assert [each["name"] for each in client.get("/products", domain="ordering").body] == [
        "sales_orders"
    ]
    [entry] = lineage.get("/lineage/upstream/revenue").body
    assert entry["source"] == "sales_orders"
    assert stored(registry) == [("sales_orders", "revenue")]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "revenue"}, 409),
        ({"name": "no blanks"}, 422),
        ({"name": ""}, 422),
        ({"name": None}, 422),
        ({"domain": "a/b"}, 422),
        ({"domain": " "}, 422),
    ],
)
def test_what_a_registration_refuses_a_change_refuses(
    client: Client, changes: dict[str, Any], status: int
) -> None:
    assert client.put("/product/orders", changes).status == status
    assert client.get("/product/orders").status == 200


def test_its_own_name_is_no_rename(client: Client, registry: Registry) -> None:
    answer = client.put("/product/orders", {"name": "orders", "domain": "SALES"})
    assert answer.body["message"] == "Product 'orders' updated"
    assert registry.products.read(NO_DEADLINE).renamed == {}


def test_a_precondition_holds_for_a_rename(client: Client) -> None:
    old = client.get("/product/orders").headers["etag"]
    client.put("/product/orders", {"tags": ["x"]})
    body, headers = {"name": "sales_orders"}, {"if-match": old}
    assert client.send(api_event("PUT", "/product/orders", body, headers=headers)).status == 412
    new = client.get("/product/orders").headers["etag"]
    answer = client.send(api_event("PUT", "/product/orders", body, headers={"if-match": new}))
    assert answer.status == 200


def test_data_stays_at_its_port_unless_the_new_domain_may_have_none_there(client: Client) -> None:
    port = {"location": "domains/sales/orders/", "format": "parquet"}
    client.put("/product/orders", {"output_port": port})
    named = client.put("/product/orders", {"name": "sales_orders"})
    assert named.body["data"]["output_port"]["location"] == port["location"]
    moved = client.put("/product/sales_orders", {"domain": "finance"})
    assert moved.status == 422
    assert moved.body["errors"][0]["field"] == "output_port.location"
    there = {**port, "location": "domains/finance/sales_orders/"}
    body = {"domain": "finance", "output_port": there}
    assert client.put("/product/sales_orders", body).status == 200


def test_lineage_follows_where_its_file_cannot_be_written(serve: Serve) -> None:
    class Broken(MemoryObject):
        is_broken = False

        def put(self, body: bytes, replaces: str | None) -> str:
            if self.is_broken:
                raise Unreachable("no route")
            return super().put(body, replaces)

    held = Broken("lineage.json")
    registry = mesh(lineage=held)
    for name in ("orders", "revenue"):
        add_product(registry, name)
    add_lineage(registry, "orders", "revenue")
    held.is_broken = True
    client = serve("products", resources(registry))
    assert client.put("/product/orders", {"name": "sales_orders"}).status == 200
    assert stored(registry) == [("orders", "revenue")]
    [entry] = serve("lineage", resources(registry)).get("/lineage").body
    assert entry["source"] == "sales_orders"


# old names


@pytest.fixture
def renamed(client: Client) -> Client:
    client.put("/product/orders", {"name": "sales_orders"})
    return client


def assert_moved(answer: Answer, location: str) -> None:
    assert answer.status == 301
    assert answer.headers["location"] == location
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.body == {"success": False, "message": f"{RENAMED}; ask for that"}


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/lineage/upstream/orders", "sales_orders"),
        ("/lineage/downstream/orders?limit=5", "sales_orders?limit=5"),
        ("/lineage/graph/orders?depth=2&direction=both", "sales_orders?depth=2&direction=both"),
        ("/lineage/impact/orders?format=csv", "sales_orders?format=csv"),
        ("/lineage/columns/orders?limit=2", "sales_orders?limit=2"),
        ("/lineage/columns/orders/order_id", "../sales_orders/order_id"),
        ("/lineage/columns/orders/a%20b%3F?depth=3", "../sales_orders/a%20b%3F?depth=3"),
    ],
)
def test_a_get_of_an_old_name_leads_to_the_new_one(
    renamed: Client, lineage: Client, path: str, location: str
) -> None:
    bare, _, query = path.partition("?")
    event = lineage_event("GET", bare, query)
    assert_moved(lineage.send(event), location)
    head = lineage.send(lineage_event("HEAD", bare, query))
    assert (head.status, head.headers["location"], head.content) == (301, location, b"")


def lineage_event(method: str, path: str, query: str) -> dict[str, Any]:
    return {**api_event(method, unquote(path)), "rawQueryString": query}


def test_a_product_is_read_under_its_new_name(renamed: Client) -> None:
    assert_moved(renamed.get("/product/orders"), "sales_orders")


def test_data_is_read_under_the_new_name_and_domain(
    renamed: Client, registry: Registry, serve: Serve
) -> None:
    domains = serve("domains", resources(registry))
    assert_moved(domains.get("/domains/sales/orders", limit=3), "sales_orders?limit=3")
    assert_moved(domains.get("/domains/sales/orders/profile"), "../sales_orders/profile")
    renamed.put("/product/sales_orders", {"domain": "order handling"})
    location = f"../../{quote('order handling')}/sales_orders/profile"
    assert_moved(domains.get("/domains/sales/orders/profile"), location)
    assert domains.post("/domains/sales/orders/check", None).status == 404


@pytest.mark.parametrize("parameters", [{"source": "orders", "target": "revenue"}])
def test_a_query_of_an_old_name_is_told_the_new_one(
    renamed: Client, lineage: Client, parameters: dict[str, str]
) -> None:
    answer = lineage.get("/lineage/path", **parameters)
    assert_problem(answer, 404, f"{RENAMED}; ask for that")


def test_writes_to_an_old_name_are_told_the_new_one(renamed: Client, lineage: Client) -> None:
    message = f"{RENAMED}; ask for that"
    assert_problem(renamed.put("/product/orders", {"tags": ["x"]}), 404, message)
    assert_problem(renamed.delete("/product/orders"), 404, message)
    answer = lineage.post("/register_lineage", lineage_body())
    assert_problem(answer, 400, f"Lineage names unknown products: 'orders'; {RENAMED[8:]}")


def test_lineage_does_not_register_a_product_under_an_old_name(serve: Serve) -> None:
    registry = mesh(missing_products_domain="unknown")
    for name in ("orders", "revenue"):
        add_product(registry, name)
    serve("products", resources(registry)).put("/product/orders", {"name": "sales_orders"})
    answer = serve("lineage", resources(registry)).post("/register_lineage", lineage_body())
    assert answer.status == 400
    assert [*registry.products.read(NO_DEADLINE).products] == ["sales_orders", "revenue"]


def test_a_product_may_be_registered_under_an_old_name(renamed: Client, lineage: Client) -> None:
    assert renamed.post("/register_product", product_body()).status == 200
    assert renamed.get("/product/orders").status == 200
    assert lineage.get("/lineage/downstream/orders").body == []
    assert len(lineage.get("/lineage/downstream/sales_orders").body) == 1


# the past


def test_the_past_knows_the_old_name_alone(serve: Serve) -> None:
    timeline = Timeline()
    registry = timeline.registry
    for name in ("orders", "revenue"):
        add_product(registry, name)
    add_lineage(registry, "orders", "revenue")
    before = timeline.tick().isoformat().replace("+00:00", "Z")
    held = timeline.resources()
    products, lineage = serve("products", held), serve("lineage", held)
    products.put("/product/orders", {"name": "sales_orders", "domain": "ordering"})
    timeline.tick()
    assert products.get("/product/orders", as_of=before).body["name"] == "orders"
    assert products.get("/product/sales_orders", as_of=before).status == 404
    [entry] = lineage.get("/lineage/upstream/revenue", as_of=before).body
    assert entry["source"] == "orders"
    [entry] = lineage.get("/lineage/upstream/revenue").body
    assert entry["source"] == "sales_orders"

    changes = serve("analytics", held).get("/changes", since=before).body
    [changed] = changes["products"]["changed"]
    assert changed["name"] == "sales_orders"
    assert changed["fields"]["name"] == {"before": "orders", "after": "sales_orders"}
    assert changed["fields"]["domain"] == {"before": "sales", "after": "ordering"}
    assert changes["products"]["added"] == changes["products"]["removed"] == []
    [moved] = changes["lineage"]["changed"]
    assert moved["fields"] == {"source": {"before": "orders", "after": "sales_orders"}}
    for name in ("orders", "sales_orders"):
        found = serve("analytics", held).get("/changes", since=before, product=name).body
        assert [each["name"] for each in found["products"]["changed"]] == ["sales_orders"]


# claims


@pytest.fixture
def made() -> Registry:
    """Return what events have made: raw -> orders -> report, as products of the warehouse."""
    registry = mesh()
    load = run_event(["raw"], ["orders"], run=1, job="load")
    send(registry, event_pipeline(), load, run_event(["orders"], ["report"], run=2, job="report"))
    return registry


def names_of(*names: str) -> list[dict[str, str]]:
    return [{"namespace": WAREHOUSE, "name": name} for name in names]


def holder(registry: Registry, name: str) -> str:
    [found] = [
        product.name
        for product in registry.products.read_latest(NO_DEADLINE).products.values()
        if any(each.name == name for each in product.openlineage)
    ]
    return found


@pytest.mark.parametrize("way", ["register", "bulk", "update"])
def test_a_person_claims_what_events_have_made(serve: Serve, made: Registry, way: str) -> None:
    old, raw, report = (holder(made, name) for name in ("orders", "raw", "report"))
    client = serve("products", resources(made))
    body = product_body(name="mine", openlineage=names_of("orders"))
    if way == "register":
        answer = client.post("/register_product", body)
    elif way == "bulk":
        answer = client.post("/products/bulk", {"items": [body]})
    else:
        client.post("/register_product", {**body, "openlineage": []})
        answer = client.put("/product/mine", {"openlineage": names_of("orders")})
    assert answer.status == 200
    product = client.get("/product/mine").body
    assert product["openlineage"] == names_of("orders")
    assert (product["owner"], product["schema"]) == ("sales-team", {"order_id": "string"})
    assert stored(made) == [(raw, "mine"), ("mine", report)]
    assert client.get(f"/product/{old}").headers["location"] == "mine"
    marquez = serve("marquez", resources(made))
    node = f"dataset:{WAREHOUSE}:orders"
    answer = marquez.get("/api/v1/lineage", nodeId=node)
    assert {each["id"] for each in answer.body["graph"]} >= {
        node,
        f"dataset:{WAREHOUSE}:raw",
        f"dataset:{WAREHOUSE}:report",
    }


def test_events_go_on_at_the_product_that_has_claimed_them(made: Registry, serve: Serve) -> None:
    client = serve("products", resources(made))
    client.post("/register_product", product_body(name="mine", openlineage=names_of("orders")))
    before = (made.products.read(NO_DEADLINE).revision, made.lineage.read(NO_DEADLINE).revision)
    send(made, event_pipeline(), run_event(["raw"], ["orders"], run=1, job="load"))
    after = (made.products.read(NO_DEADLINE).revision, made.lineage.read(NO_DEADLINE).revision)
    assert after == before


def test_a_product_of_a_person_keeps_its_names(serve: Serve, made: Registry) -> None:
    client = serve("products", resources(made))
    old = holder(made, "orders")
    client.put(f"/product/{old}", {"description": "Edited by a person"})
    message = f"The dataset 'orders' of '{WAREHOUSE}' is product '{old}' already"
    claim = {"openlineage": names_of("orders")}
    assert_problem(
        client.post("/register_product", product_body(name="mine", **claim)), 409, message
    )
    assert_problem(client.put(f"/product/{holder(made, 'raw')}", claim), 409, message)
