"""Columns that a person registers with lineage."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_product, lineage_body, mesh, resources, store_product
from tests.unit.http.idempotent_posts import post_with_key

COLUMNS = [
    {"source": "amount", "target": "total", "lineage_type": "aggregated"},
    {"source": "order_id", "target": "count"},
]
STORED = [COLUMNS[0], COLUMNS[1] | {"lineage_type": "direct"}]


@pytest.fixture
def registry(registry: Registry) -> Registry:
    add_product(registry, "orders", schema={"order_id": "string", "amount": "decimal"})
    add_product(registry, "revenue", schema={"total": "decimal", "count": "integer"})
    return registry


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("lineage", resources(registry))


def register(client: Client, columns: Any, **more: Any) -> Answer:
    return client.post("/register_lineage", lineage_body(columns=columns, **more))


def list_sources(client: Client, column: str) -> list[tuple[str, str]]:
    edges = client.get(f"/lineage/columns/revenue/{column}").body["edges"]
    return [(edge["source_column"], edge["lineage_type"]) for edge in edges]


def test_they_are_answered_listed_and_followed(client: Client) -> None:
    answer = register(client, COLUMNS)
    assert (answer.status, answer.body["data"]["columns"]) == (200, STORED)
    assert client.get("/lineage").body[0]["columns"] == STORED
    assert list_sources(client, "total") == [("amount", "aggregated")]
    assert list_sources(client, "count") == [("order_id", "direct")]


def test_a_repeat_with_other_columns_is_another_entry(client: Client) -> None:
    register(client, COLUMNS[:1])
    register(client, [{"source": "order_id", "target": "total"}])
    assert list_sources(client, "total") == [("amount", "aggregated"), ("order_id", "direct")]
    assert len(client.get("/lineage").body) == 2


def test_a_repeat_with_the_key_of_the_first_is_the_same_entry(client: Client) -> None:
    body = lineage_body(columns=COLUMNS)
    first, again = (post_with_key(client, "/register_lineage", body) for _ in range(2))
    assert first.body == again.body
    assert again.body["data"]["columns"] == STORED
    items = {"items": [body, body | {"columns": COLUMNS[:1]}, {}]}
    first, again = (
        post_with_key(client, "/lineage/bulk", items, key="bulk", query={"partial": "true"})
        for _ in range(2)
    )
    assert first.body == again.body
    assert first.body["data"]["registered"] == 2


@pytest.mark.parametrize(
    ("columns", "field", "message"),
    [
        (
            [COLUMNS[0], {"source": "amuont", "target": "total"}],
            "columns.1.source",
            "'amuont' is no column of 'orders', whose schema has order_id, amount;"
            " name one of these, or add it to the schema first",
        ),
        (
            [{"source": "amount", "target": "Total"}],
            "columns.0.target",
            "'Total' is no column of 'revenue', whose schema has total, count;"
            " name one of these, or add it to the schema first",
        ),
    ],
)
def test_a_column_that_a_schema_has_not_is_refused(
    client: Client, columns: Any, field: str, message: str
) -> None:
    answer = register(client, columns)
    assert answer.status == 422
    assert answer.body["message"] == f"{field}: {message}"
    assert answer.body["errors"] == [
        {"field": field, "location": "body", "message": f"{field}: {message}"}
    ]
    bulk = client.post("/lineage/bulk", {"items": [lineage_body(columns=columns)]})
    assert bulk.status == 422
    assert bulk.body["errors"][0]["field"] == f"items.0.{field}"
    items = {"items": [lineage_body(columns=columns), lineage_body(columns=COLUMNS)]}
    partial = client.send(api_event("POST", "/lineage/bulk", items, query={"partial": "true"}))
    assert (partial.status, partial.body["data"]["registered"]) == (200, 1)
    assert [entry["columns"] for entry in client.get("/lineage").body] == [STORED]


def test_of_many_columns_the_first_are_named(client: Client, registry: Registry) -> None:
    add_product(registry, "wide", schema={f"c{number}": "int" for number in range(30)})
    answer = register(client, [{"source": "x", "target": "total"}], source="wide")
    assert "whose schema has c0, c1, c2," in answer.body["message"]
    assert ", c19 and 10 more; name one" in answer.body["message"]


def test_a_product_without_a_schema_has_any_column(client: Client, registry: Registry) -> None:
    store_product(registry, "bare", schema={})
    columns = [{"source": "whatever", "target": "total"}]
    assert register(client, columns, source="bare").status == 200
    assert list_sources(client, "total") == [("whatever", "direct")]


@pytest.mark.parametrize(
    ("columns", "field", "message"),
    [
        ([{"source": "amount"}], "columns.0.target", "Field required"),
        ([{"source": " ", "target": "total"}], "columns.0.source", "at least 1 character"),
        ([{"source": "x" * 201, "target": "total"}], "columns.0.source", "at most 200"),
        ([COLUMNS[0] | {"kind": 1}], "columns.0.kind", "not permitted"),
        ([COLUMNS[0], COLUMNS[1], COLUMNS[0]], "columns", "but 2 repeats 0"),
        ([COLUMNS[0]] * 1001, "columns", "at most 1000 items"),
        (
            [{"source": "é" * 199, "target": f"{number:0199}"} for number in range(200)],
            "columns",
            "at most 65536 bytes of JSON, got",
        ),
        ({"amount": "total"}, "columns", "list"),
    ],
)
def test_what_is_no_list_of_pairs_is_refused(
    client: Client, columns: Any, field: str, message: str
) -> None:
    answer = register(client, columns)
    assert answer.status == 422
    (problem,) = answer.body["errors"]
    assert problem["field"] == field
    assert message in problem["message"]


def test_no_end_is_registered_for_columns_that_are_refused(serve: Serve) -> None:
    registry = mesh(missing_products_domain="unknown")
    add_product(registry, "orders", schema={"order_id": "string"})
    client = serve("lineage", resources(registry))
    bad = [{"source": "amount", "target": "total"}]
    assert register(client, bad).status == 422
    assert [*registry.products.read_latest(CONTEXT.deadline).products] == ["orders"]
    good = [{"source": "order_id", "target": "total"}]
    assert register(client, good).status == 200
    assert list_sources(client, "total") == [("order_id", "direct")]
