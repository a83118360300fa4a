"""Every facet of the specification has the effect that the documents show, in any order."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from datamesh.models.json_codec import decode_value, encode_canonical
from datamesh.services.jobs.records import compute_job_key
from datamesh.services.lineage.queries import list_visible_entries
from datamesh.services.openlineage.facet_shapes import SHAPES, Items
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import events, send
from tests.meshes import event_pipeline, mesh
from tests.openlineage.facets import (
    FACETS,
    HEADER,
    KEPT,
    LAKE,
    OF_VERSIONS,
    SpecifiedFacet,
    build_events,
    build_table,
)
from tests.template import ROOT

PAGE = ROOT / "docs" / "facets.md"
POLICY = EventPolicy(domains={"nightly": "shop", "postgres://warehouse:5432": "shop", LAKE: "shop"})

type Sending = Callable[[Registry, EventPipeline, list[dict[str, Any]]], None]


def send_one_by_one(registry: Registry, into: EventPipeline, raw: list[dict[str, Any]]) -> None:
    send(registry, into, *raw)


def send_as_batch(registry: Registry, into: EventPipeline, raw: list[dict[str, Any]]) -> None:
    ingest_events(CONTEXT, registry, into, events(*raw))


def send_in_halves(registry: Registry, into: EventPipeline, raw: list[dict[str, Any]]) -> None:
    half = len(raw) // 2
    for part in (raw[:half], raw[half:], raw[:half]):
        ingest_events(CONTEXT, registry, into, events(*part))


def send_and_rebuild(registry: Registry, into: EventPipeline, raw: list[dict[str, Any]]) -> None:
    send(mesh(), into, *raw)
    rebuild_derived_lineage(CONTEXT, registry, into, lambda: True)


def fill(sending: Sending = send_one_by_one, seed: int | None = None) -> Registry:
    registry, into, raw = mesh(), event_pipeline(policy=POLICY), build_events()
    if seed is not None:
        random.Random(seed).shuffle(raw)
    sending(registry, into, raw)
    return registry


def show(registry: Registry) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Everything that readers see, but for times: products by a name of theirs, and entries."""
    products = {}
    for record in registry.products.read_latest(NO_DEADLINE).products.values():
        shown = decode_value(record.public_json)
        assert isinstance(shown, dict)
        key = max(name.name for name in record.openlineage)
        times = ("created_at", "updated_at")
        products[key] = {name: value for name, value in shown.items() if name not in times}
    entries = [
        each.to_model().model_dump(mode="json", exclude={"products_revision"})
        for each in list_visible_entries(CONTEXT, registry)
    ]
    return products, sorted(entries, key=lambda each: each["id"])


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize(
    "sending", [send_one_by_one, send_as_batch, send_in_halves, send_and_rebuild]
)
def test_any_way_to_send_them_shows_the_same_registry(sending: Sending, seed: int | None) -> None:
    assert show(fill(sending, seed)) == show(fill())


def test_the_facets_of_a_dataset_are_shown_where_the_documents_say() -> None:
    products, entries = show(fill())
    assert sorted(products) == ["mart.alerts", "mart/spending", "shop.customers", "shop.orders"]
    spending = products["mart/spending"]
    del spending["name"]
    documents = {each.name: each.content for each in FACETS if each.place == "dataset"}
    kept = ("catalog", "dataSource", "datasetType", "hierarchy", "ownership", "storage", "tags")
    assert spending == {
        "domain": "shop",
        "owner": "team:mart",
        "description": "What each customer spent",
        "schema": {
            "customer": "string",
            "total": "decimal(10,2)",
            "address": "struct",
            "address.city": "string",
        },
        "status": spending["status"],
        "version": "1.0.0",
        "tags": ["pii"],
        "openlineage": [
            {"namespace": "postgres://warehouse:5432", "name": "mart.spending"},
            {"namespace": "s3://lake", "name": "mart/spending"},
        ],
        "output_port": None,
        "quality": {
            "status": "failed",
            "checked_at": "2026-01-31T02:05:00Z",
            "failures": [{"assertion": "not_null", "column": "total"}],
        },
        "columns": [
            {
                "name": "customer",
                "type": "string",
                "description": "Number of the customer",
                "tags": [],
            },
            {"name": "total", "type": "decimal(10,2)", "description": None, "tags": ["level:gold"]},
            {
                "name": "address.city",
                "type": "string",
                "description": "Where they live",
                "tags": [],
            },
        ],
        "facets": {name: documents[name] for name in kept},
    }
    orders, customers = products["shop.orders"], products["shop.customers"]
    assert (orders["description"], orders["owner"]) == ("Orders", "team:jobs")
    assert customers["facets"] == {"datasetType": {"datasetType": "TABLE"}}
    name_of = {each["name"]: key for key, each in show(fill())[0].items()}
    edges = {
        (name_of[each["source"]], name_of[each["target"]]): (
            each["confidence"],
            [(column["source"], column["target"]) for column in each["columns"]],
        )
        for each in entries
    }
    assert edges == {
        ("shop.orders", "mart/spending"): (0.9, [("amount", "total")]),
        ("shop.customers", "mart/spending"): (1.0, []),
        ("shop.orders", "mart.alerts"): (1.0, []),
    }


def test_every_event_is_kept_whole_with_all_its_facets() -> None:
    registry, into, raw = mesh(), event_pipeline(policy=POLICY), build_events()
    send(registry, into, *raw)
    names = [name for page in into.log.iterate_pages(NO_DEADLINE) for name in page]
    bodies = [*into.log.read_all(names, NO_DEADLINE)]
    assert sorted(bodies) == sorted(map(encode_canonical, raw))
    for each in FACETS:
        document = encode_canonical(each.document)
        assert any(document in body for body in bodies), (each.place, each.name)


def test_the_facets_of_a_job_and_its_run_are_recorded_where_the_documents_say() -> None:
    registry, into = mesh(), event_pipeline(policy=POLICY)
    send(registry, into, *build_events())
    history = into.open_job(compute_job_key("nightly", "sum_up")).read_latest(NO_DEADLINE).history
    assert history
    assert {kind: fact.value for kind, fact in history.facts.items()} == {
        "documentation": "Sums up spending, nightly",
        "jobType": {"processingType": "BATCH", "integration": "SPARK", "jobType": "JOB"},
        "ownership": [{"name": "team:jobs"}],
        "parent": {"namespace": "nightly", "name": "all"},
        "sourceCode": "python",
        "sourceCodeLocation": "https://example.com/sum.py",
        "sql": "SELECT customer, sum(amount) FROM orders",
        "tags": [{"key": "nightly", "value": "true"}],
    }
    [run] = history.runs
    assert {kind: fact.value for kind, fact in run.facts.items()} == {
        "error": "no space",
        "location": "https://example.com/sum.py",
        "nominalStart": "2026-01-31T02:00:00Z",
        "parentRun": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11",
    }


@pytest.mark.parametrize("each", FACETS, ids=lambda each: f"{each.place}-{each.name}")
@pytest.mark.parametrize("wrong", [None, 7, "text", [], [7], {}, {"_deleted": 7}])
def test_a_facet_of_another_kind_loses_no_more_than_itself(
    each: SpecifiedFacet, wrong: Any
) -> None:
    registry, into = mesh(), event_pipeline(policy=POLICY)
    [received] = events(build_event_with(each, wrong))
    is_bad = wrong is not None and not isinstance(wrong, dict)
    assert received.skipped == ((PLACES[each.place],) if is_bad else ())
    ingest_events(CONTEXT, registry, into, [received])
    products, entries = show(registry)
    assert sorted(products) == ["in", "out"]
    assert [entry["confidence"] for entry in entries] == [0.5]
    assert not {"columns", "facets", "truncated"} & products["out"].keys()
    assert products["out"]["description"].startswith("Dataset out of")


def list_bad_members() -> Iterator[tuple[SpecifiedFacet, dict[str, Any], str]]:
    """Each example with one member of another kind, and where that stands in the facet."""
    for each in FACETS:
        for key, kind in SHAPES.get(each.name, {}).items():
            if key not in each.content:
                continue
            yield each, each.document | {key: 7}, key
            if not isinstance(kind, Items):
                continue
            items = each.content[key]
            yield each, each.document | {key: [*items, 7]}, f"{key}.{len(items)}"
            for member in kind.members:
                yield each, each.document | {key: [{member: 7}, *items]}, f"{key}.0.{member}"


@pytest.mark.parametrize(("each", "document", "part"), [*list_bad_members()])
def test_a_part_of_another_kind_is_skipped_and_counted(
    each: SpecifiedFacet, document: dict[str, Any], part: str
) -> None:
    registry, into = mesh(), event_pipeline(policy=POLICY)
    [received] = events(build_event_with(each, document))
    assert received.skipped == (f"{PLACES[each.place]}.{each.name}.{part}",)
    ingest_events(CONTEXT, registry, into, [received])
    found, _ = show(registry)
    assert "7" not in str([each.get("facets") for each in found.values()])


def test_parts_that_are_null_and_facets_of_ones_own_are_not_counted() -> None:
    document = {"description": None, "owners": None}
    each = SpecifiedFacet("dataset", "documentation", "", {})
    own = SpecifiedFacet("dataset", "example_own", "", {})
    found = events(build_event_with(each, document), build_event_with(own, {"description": 7}))
    assert [received.skipped for received in found] == [(), ()]


@pytest.mark.parametrize(
    "each",
    [each for each in FACETS if each.shown in (KEPT, OF_VERSIONS)],
    ids=lambda each: each.name,
)
def test_a_facet_that_is_kept_in_the_event_alone_changes_no_product(each: SpecifiedFacet) -> None:
    registry, into = mesh(), event_pipeline(policy=POLICY)
    send(registry, into, build_event_with(each, None))
    before = registry.products.read_latest(NO_DEADLINE).revision
    send(registry, into, build_event_with(each, each.document))
    assert registry.products.read_latest(NO_DEADLINE).revision == before


PLACES = {
    "dataset": "outputs.0.facets",
    "input": "inputs.0.inputFacets",
    "output": "outputs.0.outputFacets",
    "job": "job.facets",
    "run": "run.facets",
}


def build_event_with(facet: SpecifiedFacet, document: Any) -> dict[str, Any]:
    """Return an event with one facet, of whatever kind."""
    facets = {facet.name: document}
    place = facet.place
    namespace = "postgres://warehouse:5432"
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-31T02:00:00Z",
        "producer": HEADER["_producer"],
        "run": {
            "runId": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b12",
            "facets": facets if place == "run" else {},
        },
        "job": {
            "namespace": "nightly",
            "name": "sum_up",
            "facets": facets if place == "job" else {},
        },
        "inputs": [
            {
                "namespace": namespace,
                "name": "in",
                "inputFacets": facets if place == "input" else {},
            }
        ],
        "outputs": [
            {
                "namespace": namespace,
                "name": "out",
                "facets": facets if place == "dataset" else {},
                "outputFacets": facets if place == "output" else {},
            }
        ],
    }


def test_the_documents_have_every_facet() -> None:
    assert build_table() in PAGE.read_text()
