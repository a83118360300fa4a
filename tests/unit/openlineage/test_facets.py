"""Facets of another shape, deleted ones, and schemas that are long or wide."""

from typing import Any

import pytest

from datamesh.models.products import MAX_PRODUCT_BYTES
from datamesh.models.types import Kind, find_kind
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import dataset, events, run_event, send
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import named


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


STRANGE: list[Any] = [None, 7, "text", [], [7], {}, {"fields": 7}, {"fields": {"a": 7}}]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    "facet",
    ["schema", "ownership", "symlinks", "dataQualityAssertions", "columnLineage", "lineage"],
)
def test_a_facet_of_another_shape_says_nothing(
    facet: str, strange: Any, into: EventPipeline
) -> None:
    registry = mesh()
    event = run_event(["a"], [dataset("b", facets={facet: strange})])
    event["job"]["facets"] = event["run"]["facets"] = {facet: strange}
    assert ingest_events(CONTEXT, registry, into, events(event)).skipped == []
    assert len(registry.products.read(NO_DEADLINE).products) == 2


def schema_facet(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema": {"fields": fields}}


def test_an_event_with_long_names_and_types_is_kept_without_them(into: EventPipeline) -> None:
    registry = mesh()
    inner = [{"name": "n" * length, "type": "int"} for length in (198, 199)]
    struct = {"name": "s", "type": "struct", "fields": inner}
    fields: list[dict[str, Any]] = [
        {"name": "n" * 200, "type": "t" * 200},
        {"name": "n" * 201, "type": "int", "fields": [{"name": "inner", "type": "int"}]},
        {"name": "cut", "type": "decimal" + " " * 300 + "!"},
        struct,
        {"name": "last", "type": "int"},
    ]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    found = named(registry, "t").schema_
    assert found == {
        "n" * 200: "t" * 200,
        "cut": "decimal" + " " * 192 + "…",
        "s": "struct",
        "s." + "n" * 198: "int",
        "last": "int",
    }
    assert find_kind(found["cut"]) is Kind.OTHER


def test_a_struct_and_a_column_with_a_dot_in_its_name_are_two_fields(into: EventPipeline) -> None:
    struct = {"name": "a", "type": "struct", "fields": [{"name": "b", "type": "int"}]}
    dotted = {"name": "a.b", "type": "string"}
    cases: list[tuple[list[dict[str, Any]], dict[str, str]]] = [
        ([struct, dotted], {"a.b": "int", "`a.b`": "string"}),
        ([dotted, struct], {"a.b": "string", "a.`b`": "int"}),
    ]
    for fields, found in cases:
        registry = mesh()
        send(registry, event_pipeline(), run_event([], [dataset("t", facets=schema_facet(fields))]))
        assert named(registry, "t").schema_ == {"a": "struct", **found}


def test_a_table_of_many_columns_is_whole(into: EventPipeline) -> None:
    registry = mesh()
    fields = [{"name": f"c{number:04}", "type": "int"} for number in range(1500)]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    assert list(named(registry, "t").schema_) == [field["name"] for field in fields]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_facet_that_is_deleted_takes_back_what_it_said(
    order: tuple[int, int], into: EventPipeline
) -> None:
    registry = mesh()
    owners = {"owners": [{"name": "team-a"}]}
    first = {**schema_facet([{"name": "x", "type": "int"}]), "ownership": owners}
    gone = {name: {**facet, "_deleted": True} for name, facet in first.items()}
    told = [
        run_event([], [dataset("t", facets=first)], minute=1),
        run_event([], [dataset("t", facets=gone)], minute=2),
    ]
    send(registry, into, *(told[place] for place in order))
    found = named(registry, "t")
    assert (found.schema_, found.owner) == ({}, "unowned")


@pytest.mark.parametrize("name", ["columnLineage", "lineage", "symlinks"])
def test_a_deleted_facet_says_nothing(name: str, into: EventPipeline) -> None:
    registry = mesh()
    facets: dict[str, dict[str, Any]] = {
        "columnLineage": {"dataset": [{**dataset("c"), "field": "x"}]},
        "lineage": {"inputs": []},
        "symlinks": {"identifiers": [dataset("c")]},
    }
    output = dataset("b", facets={name: {**facets[name], "_deleted": True}})
    send(registry, into, run_event(["a"], [output]))
    assert len(registry.products.read(NO_DEADLINE).products) == 2
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 1


def test_an_event_with_a_wide_schema_is_kept_as_far_as_a_product_may_be(
    into: EventPipeline,
) -> None:
    registry = mesh()
    fields = [{"name": f"f{n:04}" + "n" * 150, "type": "é" * 1000} for n in range(1000)]
    send(registry, into, run_event([], [dataset("t", facets=schema_facet(fields))]))
    [record] = registry.products.read(NO_DEADLINE).products.values()
    assert MAX_PRODUCT_BYTES / 2 < record.size <= MAX_PRODUCT_BYTES
    assert next(iter(named(registry, "t").schema_)).startswith("f0000")
