"""The details of a product beside what the registry needs."""

from typing import Any

import pytest

from datamesh.models.durations import parse_duration
from datamesh.models.json_codec import decode_value
from datamesh.models.product_details import measure_depth
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_product, product_body, resources

DETAILS: dict[str, Any] = {
    "title": "Orders of the shop",
    "links": [{"title": "Wiki", "url": "https://wiki.example.com/orders?x=1#top"}],
    "contacts": [{"name": "Ada", "role": "owner", "email": "ada@example.com"}, {"name": "Bob"}],
    "support": {"channel": "#sales-data", "url": "HTTPS://chat.example.com/c/1"},
    "sla": {"freshness": "PT24H", "latency": "PT1H", "retention": "P7Y", "element": "order_id"},
    "glossary_terms": ["Order", "Customer"],
    "custom": {"cost_center": 42, "nested": {"a": [1, None]}},
    "check": "daily",
}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def list_refused(answer: Answer) -> list[str]:
    assert answer.status == 422, answer.body
    return [each["field"] for each in answer.body["errors"]]


def test_details_are_shown_as_they_were_given(client: Client) -> None:
    registered = client.post("/register_product", product_body(**DETAILS)).body["data"]
    assert {key: registered[key] for key in DETAILS} == DETAILS
    assert client.get("/product/orders").body == registered
    assert client.get("/products").body == [registered]


def test_absent_details_leave_no_trace(client: Client, registry: Registry) -> None:
    client.post("/register_product", product_body())
    [record] = registry.products.read_latest(NO_DEADLINE).products.values()
    stored = decode_value(bytes(record.json))
    assert isinstance(stored, dict)
    assert not (DETAILS.keys() | {"deprecation"}) & stored.keys()
    assert not DETAILS.keys() & client.get("/product/orders").body.keys()


def test_details_are_changed_and_removed_one_by_one(client: Client) -> None:
    client.post("/register_product", product_body(**DETAILS))
    assert client.put("/product/orders", {"title": "Other"}).body["data"]["links"]
    removed = dict.fromkeys(("title", "support", "sla", "check"))
    emptied: dict[str, Any] = {"links": [], "contacts": [], "glossary_terms": [], "custom": {}}
    product = client.put("/product/orders", {**removed, **emptied}).body["data"]
    assert not DETAILS.keys() & product.keys()


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("title", " ", "title"),
        ("title", "x" * 201, "title"),
        ("links", [{"title": "a", "url": "javascript:alert(1)"}], "links.0.url"),
        ("links", [{"title": "a", "url": "https:///x"}], "links.0.url"),
        ("links", [{"title": "a", "url": "https://a b"}], "links.0.url"),
        ("links", [{"title": "a", "url": "https://a.example/\n"}], "links.0.url"),
        ("links", [{"title": "a", "url": "https://a"}] * 21, "links"),
        ("contacts", [{"email": "a@example.com"}], "contacts.0.name"),
        ("support", {"url": "https://a"}, "support.channel"),
        ("sla", {"freshness": "24h"}, "sla.freshness"),
        ("sla", {"freshness": "P"}, "sla.freshness"),
        ("sla", {"freshness": "PT0S"}, "sla.freshness"),
        ("sla", {"element": "a"}, "sla"),
        ("sla", {"speed": "PT1H"}, "sla.speed"),
        ("glossary_terms", ["x" * 201], "glossary_terms.0"),
        ("custom", {"a": "x" * 8192}, "custom"),
        ("custom", {"a": [[[[[[[[]]]]]]]]}, "custom"),
        ("check", "hourly", "check"),
    ],
)
def test_a_refusal_names_the_detail(client: Client, field: str, value: Any, place: str) -> None:
    add = client.post("/register_product", product_body(**{field: value}))
    client.post("/register_product", product_body())
    for answer in (add, client.put("/product/orders", {field: value})):
        assert place in list_refused(answer)


def test_durations_are_those_of_iso_8601() -> None:
    assert parse_duration("P1DT12H").total_seconds() == 36 * 3600
    assert parse_duration("P1Y2M3W4DT5H6M7S").total_seconds() == (
        (365 + 60 + 21 + 4) * 86_400 + 5 * 3600 + 6 * 60 + 7
    )
    for text in ("", "P", "PT", "P1H", "1D", "P1D\n", "P-1D", "PT1.5H"):
        with pytest.raises(ValueError, match="must be a duration of ISO 8601"):
            parse_duration(text)


def test_depth_is_that_of_objects_and_lists() -> None:
    values: list[Any] = ["a", {}, [{}], {"a": [{}]}]
    assert [measure_depth(each) for each in values] == [0, 1, 2, 3]


def test_a_deprecation_begins_when_it_is_first_said(client: Client) -> None:
    client.post("/register_product", product_body())
    add = {"deprecation": {"reason": "Old"}}
    first = client.put("/product/orders", add).body["data"]
    assert first["deprecation"] == {"since": "2026-01-31T12:00:00Z", "reason": "Old"}
    assert client.put("/product/orders", add).body["data"] == first
    more = {"since": "2026-01-01T01:00:00+01:00", "sunset": "2027-01-01T00:00:00Z"}
    changed = client.put("/product/orders", {"deprecation": more}).body["data"]
    assert changed["deprecation"] == {
        "since": "2026-01-01T00:00:00Z",
        "sunset": "2027-01-01T00:00:00Z",
    }
    removed = client.put("/product/orders", {"deprecation": None}).body["data"]
    assert "deprecation" not in removed


def test_a_sunset_is_not_before_the_deprecation(client: Client) -> None:
    early = {"sunset": "2025-01-01T00:00:00Z"}
    answer = client.post("/register_product", product_body(deprecation=early))
    assert list_refused(answer) == ["deprecation.sunset"]
    items = [product_body(deprecation=early)]
    answer = client.post("/products/bulk", {"items": items})
    assert list_refused(answer) == ["items.0.deprecation.sunset"]


def test_a_replacement_is_a_product_that_readers_find(client: Client, registry: Registry) -> None:
    add_product(registry, "new.orders")
    add_product(registry, "secret", visibility="private")

    def deprecate(replacement: str) -> Answer:
        return client.put("/product/orders", {"deprecation": {"replacement": replacement}})

    answer = client.post("/register_product", product_body(deprecation={"replacement": "nobody"}))
    assert list_refused(answer) == ["deprecation.replacement"]
    client.post("/register_product", product_body())
    assert deprecate("new.orders").body["data"]["deprecation"]["replacement"] == "new.orders"
    for name in ("orders", "nobody", "secret"):
        assert list_refused(deprecate(name)) == ["deprecation.replacement"], name
    assert client.put("/product/orders", {"visibility": "private"}).status == 200
    assert deprecate("secret").status == 200
    answer = client.put("/product/orders", {"visibility": "internal"})
    assert list_refused(answer) == ["deprecation.replacement"]


def test_who_does_not_see_a_product_learns_nothing_of_it_as_a_replacement(
    client: Client, registry: Registry
) -> None:
    add_product(registry, "orders", domain="finance")
    add_product(registry, "secret", visibility="private")
    grants = [{"role": "contributor", "domain": "finance"}]
    messages = []
    for name in ("secret", "nobody"):
        body = {"deprecation": {"replacement": name}}
        event = api_event("PUT", "/product/orders", body, principal="key:a", grants=grants)
        messages.append(client.send(event).body["message"].replace(name, "x"))
    assert messages[0] == messages[1]


def test_names_have_dots_between_other_letters(client: Client) -> None:
    assert client.post("/register_product", product_body(name="sales.orders-v1.eu")).status == 200
    assert client.get("/product/sales.orders-v1.eu").body["name"] == "sales.orders-v1.eu"
    for name in (".", "..", ".a", "a.", "a..b", "a.\n"):
        assert list_refused(client.post("/register_product", product_body(name=name))) == ["name"]
