"""Reads as of an earlier moment, and what changed between two."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from datamesh.models.answer_size import MAX_PAGE_BYTES
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, Client, assert_problem
from tests.large import add_large_entries, add_large_products
from tests.meshes import add_lineage, add_product
from tests.past import Timeline

CHANGES = ProductUpdate.model_validate({"owner": "another", "status": "deprecated"})


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def moments(timeline: Timeline) -> list[str]:
    """Return moments: before anything; two products; lineage between them; one changed; one
    gone."""
    registry = timeline.registry
    found = [text(timeline.tick())]
    add_product(registry, "orders")
    add_product(registry, "revenue", domain="finance")
    found.append(text(timeline.tick()))
    add_lineage(registry, "orders", "revenue")
    found.append(text(timeline.tick()))
    registration.update_product(CONTEXT, registry, "orders", CHANGES)
    found.append(text(timeline.tick()))
    registration.delete_product(CONTEXT, registry, "orders")
    found.append(text(timeline.tick()))
    return found


def each_at(client: Client, moments: Iterable[str], path: str) -> list[Any]:
    return [client.get(path, as_of=moment).body for moment in moments]


def test_products_as_of(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    client = serve("products", timeline.resources())
    listed = each_at(client, moments, "/products")
    assert [[each["name"] for each in found] for found in listed] == [
        [],
        ["orders", "revenue"],
        ["orders", "revenue"],
        ["orders", "revenue"],
        ["revenue"],
    ]
    owners = [each.get("owner") for each in each_at(client, moments, "/product/orders")]
    assert owners == [None, "sales-team", "sales-team", "another", None]
    assert client.get("/product/orders").status == 404
    assert client.get("/products").body == listed[-1]
    total = client.get("/products", as_of=moments[1], limit=1).headers["x-total-count"]
    assert total == "2"


def test_an_unknown_product_of_then_is_404(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    answer = serve("products", timeline.resources()).get("/product/orders", as_of=moments[0])
    assert_problem(answer, 404, "Product 'orders' is not registered")


def test_lineage_as_of(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    client = serve("lineage", timeline.resources())
    assert [len(found) for found in each_at(client, moments, "/lineage")] == [0, 0, 1, 1, 0]
    upstream = each_at(client, moments[1:], "/lineage/upstream/revenue")
    assert [len(found) for found in upstream] == [0, 1, 1, 0]
    assert len(client.get("/lineage/downstream/orders", as_of=moments[2]).body) == 1


def test_questions_about_lineage_as_of(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    client = serve("lineage", timeline.resources())
    nodes = [
        [node["name"] for node in client.get("/lineage/graph/revenue", as_of=moment).body["nodes"]]
        for moment in moments[1:]
    ]
    assert nodes == [["revenue"], ["revenue", "orders"], ["revenue", "orders"], ["revenue"]]
    impacts = each_at(client, moments[1:4], "/lineage/impact/orders")
    assert [found["total"] for found in impacts] == [0, 1, 1]
    then = client.get("/lineage/path", source="orders", target="revenue", as_of=moments[2])
    assert then.body["shortest"]["products"] == ["orders", "revenue"]
    now = client.get("/lineage/path", source="orders", target="revenue")
    assert now.status == 404
    exports = [
        len(client.get("/lineage/export", format="json", as_of=moment).body["edges"])
        for moment in moments
    ]
    assert exports == [0, 0, 1, 1, 0]
    columns = client.get("/lineage/columns/orders/order_id", as_of=moments[2])
    assert (columns.status, len(columns.body["nodes"])) == (200, 1)
    # Looking back does not disturb what is known of the present.
    assert client.get("/lineage/graph/revenue").body["nodes"][1:] == []
    assert client.get("/lineage/graph/orders", as_of=moments[0]).status == 404


def test_analytics_as_of(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    client = serve("analytics", timeline.resources())
    both = {"sales": 1, "finance": 1}
    assert each_at(client, moments, "/analytics/domains") == [{}, both, both, both, {"finance": 1}]
    stats = each_at(client, moments, "/analytics/lineage-stats")
    assert [each["total_entries"] for each in stats] == [0, 0, 1, 1, 0]


def test_what_is_unchanged_since_is_304(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    client = serve("products", timeline.resources())
    first, second = (client.get("/products", as_of=moment) for moment in moments[1:3])
    assert first.headers["etag"] == second.headers["etag"]


def test_a_moment_that_is_no_longer_kept_is_410(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    timeline.products.expire(2)
    for area, path in [("products", "/products"), ("analytics", "/analytics/domains")]:
        answer = serve(area, timeline.resources()).get(path, as_of=moments[0])
        message = "The version of products.json that was current then is no longer kept"
        assert_problem(answer, 410, message)
    answer = serve("analytics", timeline.resources()).get("/changes", since=moments[0])
    assert answer.status == 410


@pytest.mark.parametrize(
    "bad",
    ["yesterday", "2026-01-31", "2026-01-31T12:00:00", "1769851800", "2026-02-30T12:00:00Z", ""],
)
@pytest.mark.parametrize(
    ("area", "path", "parameter"),
    [
        ("products", "/products", "as_of"),
        ("products", "/product/orders", "as_of"),
        ("lineage", "/lineage", "as_of"),
        ("lineage", "/lineage/upstream/orders", "as_of"),
        ("analytics", "/analytics/domains", "as_of"),
        ("analytics", "/changes", "since"),
    ],
)
def test_a_moment_that_is_none_is_422(
    serve: Serve, timeline: Timeline, area: str, path: str, parameter: str, bad: str
) -> None:
    answer = serve(area, timeline.resources()).get(path, **{parameter: bad})
    assert answer.status == 422
    assert [each["field"] for each in answer.body["errors"]] == [parameter]


@pytest.mark.parametrize(
    "extreme", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-31T12:00:00.123456789Z"]
)
def test_any_moment_has_an_answer(serve: Serve, timeline: Timeline, extreme: str) -> None:
    timeline.tick()
    add_product(timeline.registry, "orders")
    answer = serve("products", timeline.resources()).get("/products", as_of=extreme)
    assert answer.status == 200
    assert len(answer.body) == (1 if extreme.startswith("9") else 0)


def test_a_zone_is_heeded(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    client = serve("products", timeline.resources())
    there = datetime.fromisoformat(moments[1]).isoformat().replace("12:0", "14:0")
    found = client.get("/products", as_of=there.replace("+00:00", "+02:00"))
    assert len(found.body) == 2


# what changed


def test_changes_between_two_moments(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    client = serve("analytics", timeline.resources())
    found = client.get("/changes", since=moments[0], until=moments[2]).body
    assert (found["since"], found["until"], found["truncated"]) == (moments[0], moments[2], False)
    assert [each["name"] for each in found["products"]["added"]] == ["orders", "revenue"]
    assert [each["source"] for each in found["lineage"]["added"]] == ["orders"]
    assert found["products"]["removed"] == found["products"]["changed"] == []
    found = client.get("/changes", since=moments[2], until=moments[3]).body
    [changed] = found["products"]["changed"]
    assert changed["name"] == "orders"
    assert changed["fields"]["owner"] == {"before": "sales-team", "after": "another"}
    assert changed["fields"]["status"] == {"before": "active", "after": "deprecated"}
    assert set(changed["fields"]) == {"owner", "status", "updated_at"}
    assert found["lineage"] == {"added": [], "removed": [], "changed": []}


def test_changes_show_fields_that_came_and_went(serve: Serve, timeline: Timeline) -> None:
    """Absent fields are left out of a product: null is what they were, or are."""
    registry = timeline.registry
    add_product(registry, "orders", title="Old", schema={"a": "int"})
    middle = text(timeline.tick())
    described = {"a": {"type": "int", "description": "A"}}
    changes = ProductUpdate.model_validate({"title": None, "schema": described})
    registration.update_product(CONTEXT, registry, "orders", changes)
    end = text(timeline.tick())
    answer = serve("analytics", timeline.resources()).get("/changes", since=middle, until=end)
    assert answer.status == 200
    [changed] = answer.body["products"]["changed"]
    column = {"name": "a", "type": "int", "description": "A", "tags": []}
    del changed["fields"]["updated_at"]
    assert changed["fields"] == {
        "title": {"before": "Old", "after": None},
        "columns": {"before": None, "after": [column]},
    }


def test_changes_until_now(serve: Serve, timeline: Timeline, moments: list[str]) -> None:
    found = serve("analytics", timeline.resources()).get("/changes", since=moments[1]).body
    assert found["until"] == text(timeline.now)
    assert [each["name"] for each in found["products"]["removed"]] == ["orders"]
    assert found["products"]["added"] == []
    assert found["lineage"] == {"added": [], "removed": [], "changed": []}


def test_a_registration_under_an_old_name_is_a_change_of_it_and_hides_its_lineage(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    add_product(timeline.registry, "orders")
    found = serve("analytics", timeline.resources()).get("/changes", since=moments[2]).body
    [changed] = found["products"]["changed"]
    assert set(changed["fields"]) == {"created_at", "updated_at"}
    assert [each["target"] for each in found["lineage"]["removed"]] == ["revenue"]


def test_each_list_of_changes_is_cut_to_the_limit(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    client = serve("analytics", timeline.resources())
    found = client.get("/changes", since=moments[0], until=moments[2], limit=1).body
    assert [each["name"] for each in found["products"]["added"]] == ["orders"]
    assert len(found["lineage"]["added"]) == 1
    assert found["truncated"]


def read_changes(client: Client, **query: object) -> list[Answer]:
    pages = [client.get("/changes", **query)]
    while "x-next-offset" in pages[-1].headers:
        following = pages[-1].headers["x-next-offset"]
        pages.append(client.get("/changes", **{**query, "offset": following}))
    assert {page.status for page in pages} == {200}
    assert [page.body["truncated"] for page in pages] == [True] * (len(pages) - 1) + [False]
    return pages


def collect(pages: list[Answer], kind: str, what: str) -> list[Any]:
    return [item for page in pages for item in page.body[kind][what]]


def test_all_pages_of_changes_are_what_changed(serve: Serve, timeline: Timeline) -> None:
    begin = text(timeline.tick())
    add_large_entries(timeline.registry, 260)
    names = add_large_products(timeline.registry, 100)
    middle = text(timeline.tick())
    for name in names[:30]:
        schema = {f"{name}_{number}": "t" * 190 for number in range(300)}
        change = ProductUpdate.model_validate({"schema": schema})
        registration.update_product(CONTEXT, timeline.registry, name, change)
    registration.delete_product(CONTEXT, timeline.registry, "b")
    end = text(timeline.tick())
    client = serve("analytics", timeline.resources())

    pages = read_changes(client, since=begin, until=middle, limit=1000)
    assert [each["name"] for each in collect(pages, "products", "added")] == ["a", "b", *names]
    added = [each["metadata"]["n"] for each in collect(pages, "lineage", "added")]
    assert added == list(range(260))
    assert [page.headers.get("x-truncated") for page in pages[:-1]] == ["true"] * (len(pages) - 1)
    assert len(pages) > 2
    assert max(len(page.content) for page in pages) <= MAX_PAGE_BYTES + 1000

    pages = read_changes(client, since=middle, until=end, limit=1000)
    assert [each["name"] for each in collect(pages, "products", "changed")] == names[:30]
    assert [each["name"] for each in collect(pages, "products", "removed")] == ["b"]
    removed = [each["metadata"]["n"] for each in collect(pages, "lineage", "removed")]
    assert removed == list(range(260))


def test_changes_beyond_the_limit_can_be_reached(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    client = serve("analytics", timeline.resources())
    pages = read_changes(client, since=moments[0], until=moments[2], limit=1)
    assert [each["name"] for each in collect(pages, "products", "added")] == ["orders", "revenue"]
    assert len(collect(pages, "lineage", "added")) == 1
    assert ["x-truncated" in page.headers for page in pages] == [False, False]
    beyond = client.get("/changes", since=moments[0], until=moments[2], offset=2)
    assert beyond.body["products"] == {"added": [], "removed": [], "changed": []}
    assert not beyond.body["truncated"]


@pytest.mark.parametrize(
    ("query", "products", "entries"),
    [
        ({}, ["orders", "revenue"], 1),
        ({"product": "orders"}, ["orders"], 1),
        ({"product": "revenue"}, ["revenue"], 1),
        ({"product": "nobody"}, [], 0),
        ({"domain": " Finance "}, ["revenue"], 1),
        ({"domain": "finance", "product": "orders"}, [], 1),
        ({"domain": "hr"}, [], 0),
    ],
)
def test_changes_of_a_product_and_of_a_domain(
    serve: Serve,
    timeline: Timeline,
    moments: list[str],
    query: dict[str, str],
    products: list[str],
    entries: int,
) -> None:
    registration.delete_product(CONTEXT, timeline.registry, "revenue")
    moments.append(text(timeline.tick()))
    client = serve("analytics", timeline.resources())
    for since, until, what in ((0, 2, "added"), (2, 5, "removed")):
        found = client.get("/changes", since=moments[since], until=moments[until], **query).body
        assert [each["name"] for each in found["products"][what]] == products
        assert len(found["lineage"][what]) == entries
        assert found["products"]["changed"] == []


def test_a_product_that_changed_its_domain_is_a_change_of_both(
    serve: Serve, timeline: Timeline
) -> None:
    add_product(timeline.registry, "orders")
    begin = text(timeline.tick())
    registration.delete_product(CONTEXT, timeline.registry, "orders")
    add_product(timeline.registry, "orders", domain="finance")
    client = serve("analytics", timeline.resources())
    for domain in ("sales", "finance"):
        found = client.get("/changes", since=begin, domain=domain).body["products"]
        assert [each["name"] for each in found["changed"]] == ["orders"]
        assert found["added"] == found["removed"] == []


def test_moments_in_the_wrong_order_are_400(
    serve: Serve, timeline: Timeline, moments: list[str]
) -> None:
    client = serve("analytics", timeline.resources())
    answer = client.get("/changes", since=moments[2], until=moments[1])
    assert answer.status == 400
    assert "is after until" in answer.body["message"]
    same = client.get("/changes", since=moments[2], until=moments[2])
    assert (same.status, same.body["truncated"]) == (200, False)
