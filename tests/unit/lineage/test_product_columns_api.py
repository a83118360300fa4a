"""The lineage of all columns of a product, and of columns with any name, through the handler."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter

from datamesh.models.graph import ProductColumnGraph
from datamesh.models.products import MAX_FIELD_LENGTH, ProductUpdate
from datamesh.services.lineage import known_columns
from datamesh.services.products.registration import update_product
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Client
from tests.meshes import add_lineage, add_product, resources, store_product

RAW = {"id": "string", "price/unit": "decimal", "a.b": "string", "50%": "string", "rate%20a": "int"}


def pairs(*found: str) -> list[dict[str, str]]:
    """`a-b`: column a of the source goes into column b of the target."""
    return [dict(zip(("source", "target"), each.split("-"), strict=True)) for each in found]


@pytest.fixture
def registry(registry: Registry) -> Registry:
    add_product(registry, "raw", schema=RAW)
    add_product(registry, "clean", schema={"id": "string", "price": "decimal", "note": "string"})
    add_product(registry, "report", schema={"total": "decimal"})
    columns = pairs("id-id", "price/unit-price", "a.b-note", "50%-note", "rate%20a-note")
    add_lineage(registry, "raw", "clean", columns=columns)
    add_lineage(registry, "clean", "report", columns=pairs("price-total"))
    return registry


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("lineage", resources(registry))


def nodes(body: Any) -> list[tuple[str, str, int]]:
    return [(node["product"], node["column"], node["distance"]) for node in body["nodes"]]


def edges(body: Any) -> set[str]:
    return {
        "{source_product}.{source_column} {target_product}.{target_column}".format(**edge)
        for edge in body["edges"]
    }


def change_schema(registry: Registry, name: str, columns: Sequence[str]) -> None:
    schema = dict.fromkeys(columns, "string")
    update_product(CONTEXT, registry, name, ProductUpdate.model_validate({"schema": schema}))


@pytest.mark.parametrize("column", ["price/unit", "a.b", "50%", "rate%20a"])
def test_columns_have_any_name(client: Client, column: str) -> None:
    path = f"/lineage/columns/raw/{column.replace('%', '%25')}"
    body = client.get(path, direction="downstream", depth=1).body
    target = "price" if column == "price/unit" else "note"
    assert nodes(body) == [("raw", column, 0), ("clean", target, 1)]


def test_a_column_without_a_name_is_refused(client: Client) -> None:
    assert client.get("/lineage/columns/raw/").status == 422


def test_all_columns_are_answered_at_once_as_documented(client: Client) -> None:
    answer = client.get("/lineage/columns/clean")
    TypeAdapter(ProductColumnGraph).validate_python(answer.body)
    assert (answer.status, answer.body["direction"], answer.body["depth"]) == (200, "both", 10)
    assert nodes(answer.body) == [
        ("clean", "id", 0),
        ("clean", "price", 0),
        ("clean", "note", 0),
        ("raw", "50%", 1),
        ("raw", "a.b", 1),
        ("raw", "id", 1),
        ("raw", "price/unit", 1),
        ("raw", "rate%20a", 1),
        ("report", "total", 1),
    ]
    assert edges(answer.body) == {
        "raw.id clean.id",
        "raw.price/unit clean.price",
        "raw.a.b clean.note",
        "raw.50% clean.note",
        "raw.rate%20a clean.note",
        "clean.price report.total",
    }
    assert len(answer.body["edges"]) == 6
    assert not answer.body["truncated"]
    assert answer.headers["x-total-count"] == "3"
    assert "x-next-offset" not in answer.headers


def test_ways_and_depth_of_all_columns(client: Client) -> None:
    up = client.get("/lineage/columns/report", direction="upstream").body
    assert nodes(up) == [("report", "total", 0), ("clean", "price", 1), ("raw", "price/unit", 2)]
    near = client.get("/lineage/columns/report", direction="upstream", depth=1).body
    assert nodes(near) == nodes(up)[:2]
    down = client.get("/lineage/columns/report", direction="downstream").body
    assert nodes(down) == [("report", "total", 0)]


def test_columns_come_in_pages_and_others_are_bounded(client: Client) -> None:
    answer = client.get("/lineage/columns/clean", limit=1, offset=1)
    assert nodes(answer.body) == [
        ("clean", "price", 0),
        ("raw", "price/unit", 1),
        ("report", "total", 1),
    ]
    assert answer.headers["x-total-count"] == "3"
    assert answer.headers["x-next-offset"] == "2"
    few = client.get("/lineage/columns/clean", max_nodes=1).body
    assert nodes(few)[3:] == [("raw", "50%", 1)]
    assert few["truncated"]
    assert edges(few) == {"raw.50% clean.note"}
    past = client.get("/lineage/columns/clean", offset=9)
    assert (past.body["nodes"], past.headers["x-total-count"]) == ([], "3")


def test_entries_that_say_the_same_are_both_named_and_own_columns_too(
    client: Client, registry: Registry
) -> None:
    add_lineage(registry, "clean", "report", columns=pairs("price-total"))
    add_lineage(registry, "clean", "clean", columns=pairs("price-note"))
    body = client.get("/lineage/columns/clean", direction="downstream").body
    assert [edge["target_column"] for edge in body["edges"]] == ["total", "total", "note"]
    assert nodes(body)[3:] == [("report", "total", 1)]


def test_a_column_that_is_gone_has_no_lineage(client: Client, registry: Registry) -> None:
    change_schema(registry, "clean", ["id", "note"])
    assert nodes(client.get("/lineage/columns/report/total").body) == [("report", "total", 0)]
    assert nodes(client.get("/lineage/columns/clean/price").body) == [("clean", "price", 0)]
    body = client.get("/lineage/columns/raw", direction="downstream").body
    assert "clean.price" not in str(edges(body))
    assert "raw.id clean.id" in edges(body)
    assert client.get("/lineage").body[0]["columns"][1]["target"] == "price"
    change_schema(registry, "clean", ["id", "price"])
    assert nodes(client.get("/lineage/columns/report/total").body)[1:] == [
        ("clean", "price", 1),
        ("raw", "price/unit", 2),
    ]


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({}, True),
        ({"other": "string"}, False),
        ({"PRICE": "string"}, True),
        ({"price.net": "decimal"}, False),
    ],
)
def test_what_a_schema_denies(
    client: Client, registry: Registry, schema: dict[str, str], shown: bool
) -> None:
    store_product(registry, "clean", schema=schema)
    found = nodes(client.get("/lineage/columns/report/total").body)
    assert (("clean", "price", 1) in found) == shown


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        (["a"], True),
        (["a", "a.b"], True),
        (["a", "a.c"], False),
        (["A.B"], True),
        (["a", "b"], True),
        (["b"], False),
        (["ab"], False),
    ],
)
def test_a_field_of_a_struct_is_part_of_it_if_its_fields_are_not_listed(
    client: Client, registry: Registry, schema: list[str], shown: bool
) -> None:
    change_schema(registry, "raw", schema)
    found = nodes(client.get("/lineage/columns/clean/note").body)
    assert (("raw", "a.b", 1) in found) == shown


@pytest.mark.parametrize("cut", [False, True])
def test_a_schema_that_was_cut_denies_nothing(
    client: Client, registry: Registry, cut: bool
) -> None:
    store_product(registry, "clean", schema={"other": "string"}, observed={"schema_cut": cut})
    assert (len(nodes(client.get("/lineage/columns/report/total").body)) == 3) == cut


def test_a_name_that_is_too_long_for_a_schema_is_not_denied(registry: Registry) -> None:
    product = registry.products.read(CONTEXT.deadline).products["clean"]
    found = known_columns.ProductColumns(product)
    assert found.has_column("x" * (MAX_FIELD_LENGTH + 1))
    assert not found.has_column("x" * MAX_FIELD_LENGTH)


def test_the_column_of_a_folder_is_a_column(serve: Serve, registry: Registry) -> None:
    port = {
        "location": "domains/sales/days/",
        "format": "parquet",
        "partitions": ["day"],
    }
    add_product(registry, "days", schema={"id": "string"}, output_port=port)
    add_lineage(registry, "raw", "days", columns=pairs("id-day"))
    body = serve("lineage", resources(registry)).get("/lineage/columns/days").body
    assert nodes(body) == [("days", "id", 0), ("days", "day", 0), ("raw", "id", 1)]
