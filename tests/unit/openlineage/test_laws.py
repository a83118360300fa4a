"""The laws of the merge: any order and any repetition of events gives the same lineage."""

from functools import reduce
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from datamesh.models import product_facts
from datamesh.models.json_codec import encode_value
from datamesh.models.lifecycle import NO_LIFE, DatasetLife, LifecycleChange
from datamesh.models.lineage import ColumnLineage, Evidence, LineageType, StoredLineageEntry
from datamesh.models.product_facts import Observation
from datamesh.models.products import DatasetName
from datamesh.models.quality import QualityFailure, RunChecks
from datamesh.models.stored_products import NamespaceMention
from datamesh.services.lineage import joining
from datamesh.services.lineage.joining import build_own_columns, join_claims, join_columns
from datamesh.services.openlineage.event_reader import join_observations, read_statement
from datamesh.services.openlineage.ingest import ingest_events
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.parsing import receive_event
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.events import (
    at,
    column_lineage,
    dataset,
    dataset_event,
    events,
    job_event,
    lineage_facet,
    run_event,
)
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import graph

NAMES = st.sampled_from(["a", "b", "c", "d"])
SUBTYPES = st.sampled_from(["IDENTITY", "AGGREGATION", "TRANSFORMATION"])
UNLINKED = st.sampled_from(["a", "b"])
"""A dataset event cannot tell the other names of those that its facets name."""
LINKED = {"c": [dataset("link", "glue")], "d": [dataset("link2", "glue"), dataset("link3", "hive")]}
"""Every mention of these carries the same other names."""


def shown(name: str, facets: dict[str, Any] | None = None) -> dict[str, Any]:
    links = LINKED.get(name)
    symlinks = {"symlinks": {"identifiers": links}} if links else {}
    return dataset(name, facets={**(facets or {}), **symlinks})


def columns(sources: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    origins = st.lists(st.tuples(sources, st.sampled_from("uv"), SUBTYPES), max_size=3)
    return st.dictionaries(st.sampled_from(["x", "y"]), origins)


@st.composite
def outputs(draw: st.DrawFn, sources: st.SearchStrategy[str] = NAMES) -> dict[str, Any]:
    facets = column_lineage(**draw(columns(sources))) if draw(st.booleans()) else {}
    if draw(st.integers(0, 5)) == 0:
        facets |= {"lineage": {"inputs": [{**dataset(draw(sources)), "type": "DATASET"}]}}
    if draw(st.integers(0, 4)) == 0:
        state = draw(st.sampled_from(["DROP", "OVERWRITE"]))
        facets |= {"lifecycleStateChange": {"lifecycleStateChange": state}}
    return shown(draw(NAMES), facets)


@st.composite
def any_event(draw: st.DrawFn) -> dict[str, Any]:
    minute = draw(st.integers(0, 9))
    if draw(st.integers(0, 5)) == 0:
        return dataset_event(draw(outputs(UNLINKED)), minute)
    kind = draw(st.sampled_from([run_event, job_event]))
    more: dict[str, Any] = {"minute": minute, "job": draw(st.sampled_from(["j", "k", "j.x"]))}
    read = [shown(name) for name in draw(st.lists(NAMES, max_size=2))]
    event: dict[str, Any] = kind(
        read, draw(st.lists(outputs(), max_size=2)), run=draw(st.integers(1, 2)), **more
    )
    if draw(st.integers(0, 2)) == 0:
        targets = draw(st.dictionaries(NAMES, st.lists(NAMES, max_size=2), max_size=2))
        event["job"]["facets"] = lineage_facet(**targets)
    # Whatever a facet names is shown with its other names, too.
    event["inputs"] += [shown(name) for name in LINKED]
    return event


EVENTS = st.lists(any_event(), min_size=1, max_size=6)


def lineage_of(raw: list[dict[str, Any]]) -> tuple[Registry, dict[str, Any]]:
    registry, into = mesh(), event_pipeline()
    for each in raw:
        ingest_events(CONTEXT, registry, into, events(each))
    return registry, graph(registry)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_lineage(raw: Any, random: Any) -> None:
    _, once = lineage_of(raw)
    shuffled = raw + random.sample(raw, random.randint(0, len(raw)))
    random.shuffle(shuffled)
    assert lineage_of(shuffled)[1] == once


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_a_rebuild_gives_what_single_events_gave(raw: Any) -> None:
    registry, into = mesh(), event_pipeline()
    for each in raw:
        ingest_events(CONTEXT, registry, into, events(each))
    again = mesh()
    rebuild_derived_lineage(CONTEXT, again, into, lambda: True)
    assert graph(again) == graph(registry)


STATEMENTS = any_event().map(lambda raw: read_statement(receive_event(raw).event))


@settings(max_examples=150, deadline=None)
@given(STATEMENTS, STATEMENTS, STATEMENTS)
def test_statements_form_a_semilattice(a: Statement, b: Statement, c: Statement) -> None:
    assert a.join_with(b) == b.join_with(a)
    assert a.join_with(b).join_with(c) == a.join_with(b.join_with(c))
    assert a.join_with(a) == a
    assert a.join_with(Statement()) == a


TIMES = st.none() | st.integers(0, 3).map(at)
LIVES = st.builds(
    DatasetLife,
    dropped_at=TIMES,
    named_at=TIMES,
    written_at=TIMES,
    change=st.none()
    | st.builds(
        LifecycleChange,
        state=st.sampled_from(["ALTER", "CREATE"]),
        at=st.integers(0, 3).map(at),
    ),
)


@settings(max_examples=300, deadline=None)
@given(LIVES, LIVES, LIVES)
def test_lives_form_a_semilattice(a: DatasetLife, b: DatasetLife, c: DatasetLife) -> None:
    assert a.join_with(b) == b.join_with(a)
    assert a.join_with(b).join_with(c) == a.join_with(b.join_with(c)) == a.join_with(b, c)
    assert a.join_with(a) == a
    assert a.join_with(NO_LIFE) == a


@st.composite
def claim(draw: st.DrawFn) -> StoredLineageEntry:
    evidence = draw(st.sampled_from(Evidence))
    told = st.builds(
        ColumnLineage,
        source=st.sampled_from("xy"),
        target=st.sampled_from("ux"),
        lineage_type=st.sampled_from(LineageType),
    )
    return StoredLineageEntry(
        id="1",
        source="a",
        target="b",
        transformation="t",
        lineage_type=draw(st.sampled_from(LineageType)),
        confidence=evidence / 10,
        columns=join_columns(draw(st.lists(told, max_size=4))),
        timestamp=at(draw(st.integers(0, 3))),
        evidence=evidence,
    )


@settings(max_examples=300, deadline=None)
@given(claim(), claim(), claim())
def test_claims_form_a_semilattice(
    a: StoredLineageEntry, b: StoredLineageEntry, c: StoredLineageEntry
) -> None:
    assert join_claims(a, b) == join_claims(b, a)
    assert join_claims(join_claims(a, b), c) == join_claims(a, join_claims(b, c))
    assert join_claims(a, a) == a
    assert join_claims(a, b, c) == join_claims(join_claims(a, b), c)


@settings(max_examples=300, deadline=None)
@given(claim(), claim())
def test_claims_may_be_joined_before_or_after_both_ends_are_one(
    a: StoredLineageEntry, b: StoredLineageEntry
) -> None:
    merged = [each.model_copy(update={"source": "b"}) for each in (a, b)]
    before = build_own_columns(join_claims(*merged))
    assert before == join_claims(*map(build_own_columns, merged))
    assert before == build_own_columns(before)


def test_many_claims_of_an_entry_are_joined_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each column of each claim is looked at once, and all of them are kept."""
    seen: list[int] = []

    def count(*sets: tuple[ColumnLineage, ...]) -> tuple[ColumnLineage, ...]:
        seen.append(sum(map(len, sets)))
        return join_columns(*sets)

    monkeypatch.setattr(joining, "join_columns", count)
    claims = [
        StoredLineageEntry(
            id="1",
            source="a",
            target="b",
            transformation="t",
            columns=(ColumnLineage(source=f"c{number}", target="x"),),
            timestamp=at(0),
            evidence=Evidence.COLUMNS,
        )
        for number in range(50)
    ]
    [joined] = joining.reduce_claims(claims)
    assert len(joined.columns) == sum(seen) == 50


def observation(schema: dict[str, str] | None, minute: int) -> DatasetObservations:
    return DatasetObservations(
        dataset=DatasetName(namespace="n", name="t"),
        writer=NamespaceMention(namespace=f"job {minute}", at=at(minute)),
        at=at(minute),
        schema_=None if schema is None else Observation(value=schema, at=at(minute)),
        checks=(
            RunChecks(
                run=f"run {minute % 2}",
                checked_at=at(minute),
                failures=(QualityFailure(assertion=f"check {minute}"),),
            ),
        ),
    )


def test_many_observations_of_a_dataset_are_joined_in_linear_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    def count(value: object) -> bytes:
        seen.append(value)
        return encode_value(value)

    monkeypatch.setattr(product_facts, "encode_value", count)
    large = observation({"x": "int"}, 1)
    [joined] = join_observations([large, *(observation(None, n) for n in range(2, 50))]).values()
    assert seen == []
    assert (joined.schema_, joined.writer) == (large.schema_, large.writer)
    assert {each.run: len(each.failures) for each in joined.checks} == {"run 1": 25, "run 0": 24}
    schemas = [observation({"x": f"t{n}"}, n % 10) for n in range(50)]
    [joined] = join_observations(schemas).values()
    assert len(seen) == 50
    assert joined == reduce(DatasetObservations.join_with, schemas)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_one_batch_gives_what_single_events_give(raw: Any) -> None:
    registry = mesh()
    ingest_events(CONTEXT, registry, event_pipeline(), events(*raw))
    assert graph(registry) == lineage_of(raw)[1]
