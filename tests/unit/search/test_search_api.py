"""Searches through their function's handler."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event, assert_problem
from tests.meshes import NOON, add_product, product_body, resources, store_product
from tests.search_mesh import make_registry

HOSTILE = [
    '"',
    "*",
    "a:b",
    "NEAR(a b)",
    "-orders",
    "orders OR",
    "(",
    "^orders",
    "{name} : x",
    "\u0000x",
]


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("search", resources(registry))


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [result["name"] for result in answer.body["results"]]


def facets(answer: Answer, facet: str) -> dict[str, int]:
    return {each["value"]: each["count"] for each in answer.body["facets"][facet]}


def test_a_product_is_found_with_what_a_list_shows_of_it(
    client: Client, registry: Registry
) -> None:
    add_product(
        registry, "orders", tags=["gold"], schema={"order_id": "string", "total": "decimal"}
    )
    assert client.get("/search", q="Order Lines").body == {
        "total": 1,
        "results": [
            {
                "name": "orders",
                "domain": "sales",
                "owner": "sales-team",
                "description": "One row per order line",
                "status": "active",
                "version": "1.0.0",
                "tags": ["gold"],
                "quality": "unknown",
                "type": "none",
                "updated_at": "2026-01-31T12:00:00Z",
                "matched": [
                    {"field": "name", "text": "orders"},
                    {"field": "column", "text": "order_id"},
                    {"field": "description", "text": "One row per order line"},
                ],
            }
        ],
        "facets": {
            "domain": [{"value": "sales", "count": 1}],
            "owner": [{"value": "sales-team", "count": 1}],
            "tag": [{"value": "gold", "count": 1}],
            "status": [{"value": "active", "count": 1}],
            "quality": [{"value": "unknown", "count": 1}],
            "type": [{"value": "none", "count": 1}],
        },
        "next_cursor": None,
    }


def test_exact_names_come_first_then_what_begins_so_then_words(
    client: Client, registry: Registry
) -> None:
    for name, description in (
        ("returned", "orders orders orders orders"),
        ("orders_by_day", "x"),
        ("late_orders", "x"),
        ("orders", "x"),
    ):
        add_product(registry, name, description=description, schema={"orders": "string"})
    found = names(client.get("/search", q="orders"))
    assert found[:2] == ["orders", "orders_by_day"]
    assert {*found[2:]} == {"late_orders", "returned"}


@pytest.mark.parametrize(
    "question",
    ["custmer", "cutsomer", "xcustomer", "customes", "CUSTOMER", "customers", "cust", "Cüstomer"],
)
def test_case_accents_plurals_beginnings_and_one_wrong_letter(
    client: Client, registry: Registry, question: str
) -> None:
    add_product(registry, "orders")
    add_product(registry, "customer_value", description="x")
    assert names(client.get("/search", q=question)) == ["customer_value"]


@pytest.mark.parametrize("question", ["cstmr", "ode", "revenues"])
def test_what_is_further_away_is_not_found(
    client: Client, registry: Registry, question: str
) -> None:
    add_product(registry, "customer_value", description="x")
    assert names(client.get("/search", q=question)) == []


@pytest.mark.parametrize(
    ("field", "changes", "question", "text"),
    [
        ("tag", {"tags": ["quarterly"]}, "quarterly", "quarterly"),
        ("owner", {"owner": "mae.west@example.com"}, "mae west", "mae.west@example.com"),
        ("column", {"schema": {"licencePlate": "string"}}, "plate", "licencePlate"),
        ("description", {"description": "売上の日次集計"}, "日次", "売上の日次集計"),
        (
            "dataset",
            {"openlineage": [{"namespace": "snowflake://a", "name": "RAW.PUBLIC.FACTS"}]},
            "raw.public.facts",
            "RAW.PUBLIC.FACTS",
        ),
    ],
)
def test_each_field_is_searched_and_said(
    client: Client,
    registry: Registry,
    field: str,
    changes: dict[str, Any],
    question: str,
    text: str,
) -> None:
    add_product(registry, "other", description="x")
    add_product(registry, "wanted", **changes)
    answer = client.get("/search", q=question)
    assert names(answer) == ["wanted"]
    assert {"field": field, "text": text} in answer.body["results"][0]["matched"]


def test_the_description_of_a_column_is_told_with_the_column(
    client: Client, registry: Registry
) -> None:
    long = "word " * 60 + "the net weight in kilograms" + " word" * 60
    columns = {"value": {"w": long}, "at": "2026-01-31T12:00:00Z"}
    store_product(registry, "parcels", schema={"w": "decimal"}, said={"columns": columns})
    (result,) = client.get("/search", q="kilograms").body["results"]
    around = "word " * 8 + "the net weight in kilograms" + " word" * 12
    assert result["matched"] == [
        {"field": "column_description", "text": f"… {around} …", "column": "w"}
    ]


def test_filters_must_all_be_met_and_their_own_facet_shows_the_others(
    client: Client, registry: Registry
) -> None:
    add_product(registry, "a", tags=["gold"])
    add_product(registry, "b", domain="Finance", tags=["gold"])
    add_product(registry, "c", domain="Finance", owner="Ann")
    answer = client.get("/search", q="order", domain="finance", tag="GOLD")
    assert (names(answer), answer.body["total"]) == (["b"], 1)
    assert facets(answer, "domain") == {"Finance": 1, "sales": 1}
    assert facets(answer, "tag") == {"gold": 1}
    assert facets(answer, "owner") == {"sales-team": 1}
    assert names(client.get("/search", owner="ann")) == ["c"]


def test_quality_type_and_dropped(client: Client, registry: Registry) -> None:
    checked = {"status": "failed", "checked_at": "2026-01-31T12:00:00Z"}
    port = {"location": "domains/sales/b/", "format": "csv"}
    store_product(registry, "a", quality=checked)
    store_product(registry, "b", output_port=port)
    store_product(registry, "c", dropped_at="2026-01-31T12:00:00Z")
    assert names(client.get("/search", quality="failed")) == ["a"]
    assert names(client.get("/search", type="csv")) == ["b"]
    assert names(client.get("/search")) == ["a", "b"]
    assert names(client.get("/search", dropped="true")) == ["a", "b", "c"]


def test_products_that_are_not_active_come_later(client: Client, registry: Registry) -> None:
    add_product(registry, "flows_a", status="deprecated", description="x")
    add_product(registry, "flows_b", description="x")
    assert names(client.get("/search", q="flows")) == ["flows_b", "flows_a"]


def test_orders(serve: Serve) -> None:
    changed = {"c": "2026-03-01T00:00:00Z"}
    bodies = [
        product_body(name=name, updated_at=changed.get(name, NOON)) for name in ("B", "a", "c")
    ]
    client = serve("search", resources(make_registry(bodies)))
    assert names(client.get("/search", sort="name")) == ["a", "B", "c"]
    assert names(client.get("/search", q="order", sort="updated")) == ["c", "B", "a"]
    assert names(client.get("/search")) == ["B", "a", "c"]


def test_pages_hold_each_product_once_though_others_come_between(
    client: Client, registry: Registry
) -> None:
    for name in "bcdef":
        add_product(registry, name)
    first = client.get("/search", sort="name", limit=2)
    assert (names(first), first.body["total"]) == (["b", "c"], 5)
    add_product(registry, "a")
    second = client.get("/search", sort="name", limit=2, cursor=first.body["next_cursor"])
    third = client.get("/search", sort="name", limit=2, cursor=second.body["next_cursor"])
    assert (names(second), names(third)) == (["d", "e"], ["f"])
    assert third.body["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "e30", "eyJhZnRlciI6ImEiLCJvZmZzZXQiOjB9", "é"])
def test_a_cursor_of_nobody_is_refused(client: Client, registry: Registry, cursor: str) -> None:
    message = "The cursor is not one of this registry's; begin again without one"
    problem = {"field": "cursor", "location": "query", "message": message}
    assert_problem(client.get("/search", cursor=cursor), 422, message, errors=[problem])


def test_what_changes_is_found_at_once(client: Client, registry: Registry) -> None:
    store_product(registry, "a", description="before")
    assert names(client.get("/search", q="before")) == ["a"]
    store_product(registry, "a", description="afterwards")
    assert names(client.get("/search", q="before")) == []
    assert names(client.get("/search", q="afterwards")) == ["a"]


@pytest.mark.parametrize("question", HOSTILE)
def test_the_language_of_the_index_is_none_of_the_api(
    client: Client, registry: Registry, question: str
) -> None:
    add_product(registry, "a", description="x")
    assert client.get("/search", q=question).status == 200


def test_another_sees_no_private_product(client: Client, registry: Registry) -> None:
    add_product(registry, "orders")
    add_product(registry, "secret", visibility="private", description="one order of ours")
    assert names(client.get("/search", q="order")) == ["orders"]
    shown = client.send(api_event("GET", "/search", query={"q": "order"}))
    assert names(shown) == ["orders", "secret"]


def test_titles_and_what_people_say_of_columns(client: Client, registry: Registry) -> None:
    schema = {"w": {"type": "decimal", "description": "Weight in kilograms"}}
    add_product(registry, "parcels", title="Everything we ship", schema=schema)
    add_product(registry, "orders")
    (result,) = client.get("/search", q="everything we ship").body["results"]
    assert (result["title"], result["matched"][0]["field"]) == ("Everything we ship", "title")
    (result,) = client.get("/search", q="kilogram").body["results"]
    assert result["matched"] == [
        {"field": "column_description", "text": "Weight in kilograms", "column": "w"}
    ]


@pytest.mark.parametrize(
    "question", ["orders", "show me the orders", "What is in orders?", "Orders, orders, orders"]
)
def test_a_product_that_the_telling_words_name_comes_first(
    question: str, client: Client, registry: Registry
) -> None:
    add_product(registry, "orders", description="All that was bought, a line for each of them")
    add_product(registry, "order_returns", description="Returned orders: orders of orders")
    assert names(client.get("/search", q=question)) == ["orders", "order_returns"]
