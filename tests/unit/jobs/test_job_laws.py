"""The laws of jobs: any order and any repetition of events gives the same jobs and runs."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from datamesh.models.jobs import JobHistory, JobRecord
from datamesh.services.jobs.joining import join_histories
from datamesh.services.openlineage.ingest import ingest_events
from datamesh.services.openlineage.job_reader import read_job_history
from datamesh.services.openlineage.parsing import receive_event
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.registry.registry import Registry
from datamesh.storage.job_files import JOBS_PREFIX, JobFile
from datamesh.storage.objects import StoredObject
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import events, job_event, run_event
from tests.meshes import Bucket, event_pipeline, mesh

NAMES = st.lists(st.sampled_from("abc"), max_size=2)
TYPES = st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"])
TEXTS = st.sampled_from(["one", "two", ""])
VERSIONS: list[dict[str, Any]] = [
    {},
    {"schema": {"fields": [{"name": "a", "type": "int"}]}},
    {"schema": {"fields": [{"name": "b"}]}, "version": {"datasetVersion": "s1"}},
    {"lifecycleStateChange": {"lifecycleStateChange": "TRUNCATE"}},
]
"""Facets of what a job writes."""


@st.composite
def any_event(draw: st.DrawFn) -> dict[str, Any]:
    more: dict[str, Any] = {"minute": draw(st.integers(0, 25)), "job": draw(st.sampled_from("jk"))}
    inputs, outputs = draw(NAMES), draw(NAMES)
    event: dict[str, Any] = job_event(inputs, outputs, **more)
    if draw(st.integers(0, 4)):
        event = run_event(inputs, outputs, run=draw(st.integers(1, 3)), **more)
        event["eventType"] = draw(TYPES)
        event["run"]["facets"] = {"errorMessage": {"message": draw(TEXTS)}}
    for output in event["outputs"]:
        output["facets"] = draw(st.sampled_from(VERSIONS))
    event["job"]["facets"] = {
        "documentation": {"description": draw(TEXTS), "_deleted": draw(st.integers(0, 5)) == 0},
        "tags": {"tags": [{"key": text} for text in draw(st.lists(TEXTS, max_size=2))]},
    }
    return event


EVENTS = st.lists(any_event(), min_size=1, max_size=7)


def histories(bucket: Bucket) -> dict[str, JobHistory | None]:
    found = {key: stored.get() for key, stored in bucket.items() if key.startswith(JOBS_PREFIX)}
    return {
        key: JobFile.decode(key, each.body).history
        for key, each in found.items()
        if isinstance(each, StoredObject)
    }


def records(registry: Registry) -> dict[str, JobRecord]:
    assert registry.jobs
    return registry.jobs.read_latest(NO_DEADLINE).jobs


def jobs_of(raw: list[Any], *, batch: bool = False) -> tuple[Registry, Bucket]:
    registry, bucket = mesh(), Bucket()
    for each in [events(*raw)] if batch else [events(one) for one in raw]:
        ingest_events(CONTEXT, registry, event_pipeline(bucket), each)
    return registry, bucket


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_jobs(raw: Any, random: Any) -> None:
    once, kept = jobs_of(raw)
    shuffled = raw + random.sample(raw, random.randint(0, len(raw)))
    random.shuffle(shuffled)
    for other, there in (jobs_of(shuffled), jobs_of(shuffled, batch=True)):
        assert histories(there) == histories(kept)
        assert records(other) == records(once)


@settings(max_examples=50, deadline=None)
@given(EVENTS)
def test_a_rebuild_gives_the_jobs_that_single_events_gave(raw: Any) -> None:
    registry, bucket = jobs_of(raw)
    again = mesh()
    events_alone = Bucket({key: kept for key, kept in bucket.items() if key.startswith("events/")})
    rebuild_derived_lineage(CONTEXT, again, event_pipeline(events_alone), lambda: True)
    assert histories(events_alone) == histories(bucket)
    assert records(again) == records(registry)


def read_history(raw: dict[str, Any]) -> JobHistory:
    received = receive_event(raw)
    found = read_job_history(received.event, received.digest)
    assert found
    return found


HISTORIES = any_event().map(lambda raw: read_history({**raw, "job": {**raw["job"], "name": "j"}}))


@settings(max_examples=150, deadline=None)
@given(HISTORIES, HISTORIES, HISTORIES)
def test_histories_form_a_semilattice(a: JobHistory, b: JobHistory, c: JobHistory) -> None:
    assert join_histories(a, b) == join_histories(b, a)
    assert join_histories(join_histories(a, b), c) == join_histories(a, join_histories(b, c))
    assert join_histories(a, a) == a
    assert join_histories(a, b, c) == join_histories(join_histories(a, b), c)
