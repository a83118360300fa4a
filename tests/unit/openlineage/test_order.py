"""Order never shows: products are the same for any order of the same events.

Singly, in batches, and after all is deleted and rebuilt: name, domain, owner, description, tags,
schema, columns, checks and datasets of each product, whether it was dropped, and the lineage
between them.
"""

from itertools import permutations
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.products.registration import delete_product
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import column_lineage, dataset, dataset_event, events, job_event, run_event
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import graph, show

PLACES = [
    ("db", "orders"),
    ("db", "shop.orders"),
    ("db", "crm.orders"),
    ("hive", "shop.orders"),
    ("s3://lake", "raw/orders"),
    ("db", "shop.items"),
]
NAMED = st.sampled_from(PLACES).map(lambda place: dataset(place[1], place[0]))
TAGS = st.lists(st.sampled_from(["pii", "gold"]), min_size=1, max_size=2, unique=True)
TEXTS = st.sampled_from(["one", "two"])


@st.composite
def described_fields(draw: st.DrawFn) -> dict[str, Any]:
    said = {"description": draw(TEXTS)} if draw(st.booleans()) else {}
    return {"name": draw(st.sampled_from("xyz")), "type": "int", **said}


@st.composite
def origins(draw: st.DrawFn) -> dict[str, Any]:
    """Facets that say what a dataset is made from: mostly two of one source, or none."""
    facets: dict[str, Any] = {}
    source = draw(NAMED)
    kind = draw(st.sampled_from(["none", "none", "both", "both", "columns", "lineage", "denied"]))
    if kind in ("both", "columns"):
        subtype = draw(st.sampled_from(["IDENTITY", "AGGREGATION"]))
        column = {**source, "field": draw(st.sampled_from("xyz"))}
        column["transformations"] = [{"type": "DIRECT", "subtype": subtype}]
        fields = {draw(st.sampled_from("xyz")): {"inputFields": [column]}}
        facets["columnLineage"] = {"fields": fields}
    if kind in ("both", "lineage"):
        facets["lineage"] = {"inputs": [{**source, "type": "DATASET"}]}
    elif kind == "denied":
        facets["lineage"] = {"inputs": []}
    return facets


@st.composite
def described(draw: st.DrawFn) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        facets["symlinks"] = {"identifiers": draw(st.lists(NAMED, min_size=1, max_size=2))}
    if draw(st.integers(0, 3)) == 0:
        facets["schema"] = {"fields": [draw(described_fields())]}
    if draw(st.integers(0, 3)) == 0:
        facets["ownership"] = {"owners": [{"name": draw(st.sampled_from(["ann", "bob"]))}]}
    if draw(st.integers(0, 5)) == 0:
        facets["documentation"] = {"description": draw(TEXTS)}
    if draw(st.integers(0, 5)) == 0:
        facets["tags"] = {"tags": [{"key": each, "value": "true"} for each in draw(TAGS)]}
    if draw(st.integers(0, 5)) == 0:
        check = {"assertion": "not_null", "success": draw(st.booleans())}
        facets["dataQualityAssertions"] = {"assertions": [check]}
    facets |= draw(origins())
    if draw(st.integers(0, 2)) == 0:
        state = draw(st.sampled_from(["DROP", "DROP", "RENAME", "CREATE", "ALTER", "OVERWRITE"]))
        facets["lifecycleStateChange"] = {"lifecycleStateChange": state}
        if state == "RENAME":
            facets["lifecycleStateChange"]["previousIdentifier"] = draw(NAMED)
    return {**draw(NAMED), "facets": facets}


@st.composite
def any_event(draw: st.DrawFn) -> dict[str, Any]:
    minute = draw(st.integers(0, 9))
    if draw(st.integers(0, 3)) == 0:
        return dataset_event(draw(described()), minute)
    kind = draw(st.sampled_from([run_event, job_event]))
    parts = [draw(st.lists(described(), max_size=2)) for _ in range(2)]
    event: dict[str, Any] = kind(
        *parts, run=draw(st.integers(1, 2)), minute=minute, job=draw(st.sampled_from("jk"))
    )
    event["job"]["namespace"] = draw(st.sampled_from(["air", "flow"]))
    if kind is run_event and draw(st.integers(0, 4)) == 0:
        event["eventType"] = "FAIL"
    return event


EVENTS = st.lists(any_event(), min_size=1, max_size=7)


def ingest_singly(raw: list[dict[str, Any]]) -> tuple[Registry, EventPipeline]:
    registry, into = mesh(), event_pipeline()
    for each in raw:
        ingest_events(CONTEXT, registry, into, events(each))
    return registry, into


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_products(raw: Any, random: Any) -> None:
    shuffled = raw + random.sample(raw, random.randint(0, len(raw)))
    random.shuffle(shuffled)
    assert show(ingest_singly(shuffled)[0]) == show(ingest_singly(raw)[0])


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(0, 7))
def test_batches_give_the_same_products(raw: Any, cut: int) -> None:
    registry, into = mesh(), event_pipeline()
    for batch in (raw[cut:], raw[:cut]):
        if batch:
            ingest_events(CONTEXT, registry, into, events(*batch))
    assert show(registry) == show(ingest_singly(raw)[0])


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_all_is_the_same_after_it_is_deleted_and_rebuilt(raw: Any) -> None:
    registry, into = ingest_singly(raw)
    before = show(registry)
    rebuild_derived_lineage(CONTEXT, registry, into, lambda: True)
    assert show(registry) == before
    for name in [*registry.products.read_latest(NO_DEADLINE).products]:
        delete_product(CONTEXT, registry, name)
    assert show(registry) == ({}, {})
    rebuild_derived_lineage(CONTEXT, registry, into, lambda: True)
    assert show(registry) == before


def test_columns_between_datasets_that_are_one_later_are_the_same_in_any_order() -> None:
    """A stronger facet on the same edge leaves nothing behind when both ends become one."""
    facets = column_lineage(x=[("a", "u", "AGGREGATION")])
    facets["lineage"] = {"inputs": [dataset("a")]}
    between = run_event(outputs=[dataset("b", facets=facets)], minute=3)
    link = {"symlinks": {"identifiers": [dataset("a")]}}
    tie = run_event(outputs=[dataset("b", facets=link)], job="tie", minute=1)
    registry, _ = ingest_singly([between, tie])
    assert show(registry) == show(ingest_singly([tie, between])[0])
    [own] = graph(registry).values()
    assert (own["source"], own["target"], own["superseded"]) == ("a", "a", True)
    assert own["columns"] == ({"source": "u", "target": "x", "lineage_type": "aggregated"},)


def test_checks_of_datasets_that_are_one_later_are_the_same_in_any_order() -> None:
    """Two runs of one time: the result is that of the same run, whenever the two merge."""

    def check(name: str, run: int, success: bool) -> dict[str, Any]:
        facet = {"assertions": [{"assertion": "not_null", "success": success}]}
        return run_event([dataset(name, facets={"dataQualityAssertions": facet})], run=run)

    link = {"symlinks": {"identifiers": [dataset("a")]}}
    raw = [check("a", 1, False), check("b", 2, True), run_event([dataset("b", facets=link)])]
    found = [show(ingest_singly([*order])[0]) for order in permutations(raw)]
    assert found == [found[0]] * 6
    [product] = found[0][0].values()
    assert [len(each["failures"]) for each in product["checks"]] == [0, 1]
    assert product["quality"]["status"] == "passed"
