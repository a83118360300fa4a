"""The lineage anew, and what an interrupted try leaves to the next."""

import gzip
import json
from typing import Any

import pytest

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.models.lineage import LineageType
from datamesh.models.openlineage import RunEvent
from datamesh.services.jobs.records import RUNS_PREFIX, compute_job_key
from datamesh.services.openlineage.files import RebuildFile, RunFile
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.openlineage.runs import compute_run_path
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.event_log import EVENTS_PREFIX
from datamesh.storage.job_files import JOBS_PREFIX
from datamesh.storage.objects import MemoryObject
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import (
    add_datasets,
    column_lineage,
    dataset,
    dataset_event,
    events,
    job_event,
    lineage_facet,
    run_event,
    send,
)
from tests.meshes import Bucket, add_lineage, add_product, event_pipeline, mesh
from tests.unit.openlineage.graphs import edges, graph
from tests.unit.storage.faults import FaultyObject, no_connection, request_is_lost


def explicit(event: dict[str, Any], **targets: list[str]) -> dict[str, Any]:
    event["job"]["facets"] = lineage_facet(**targets)
    return event


EVENTS_SENT = [
    run_event(["a"], run=1, minute=1),
    run_event([], ["b"], run=1, minute=2),
    run_event(["b"], [dataset("c", facets=column_lineage(x=[("b", "y", "IDENTITY")]))], run=2),
    explicit(run_event(["a", "b"], ["d"], run=3, job="k"), d=["b"]),
    job_event(["c"], ["d"], job="m"),
    dataset_event(dataset("e", facets={"lineage": {"inputs": [dataset("d")]}})),
]


def whole_time() -> bool:
    return True


def sent() -> tuple[Registry, EventPipeline]:
    registry, into = mesh(), event_pipeline()
    send(registry, into, *EVENTS_SENT)
    return registry, into


def test_a_rebuild_of_what_is_as_it_should_be_writes_nothing() -> None:
    registry, into = sent()
    before = (registry.products.read(NO_DEADLINE), registry.lineage.read(NO_DEADLINE))
    assert rebuild_derived_lineage(CONTEXT, registry, into, whole_time) == {
        "finished": 1,
        "events": len(EVENTS_SENT),
        "derived_entries": len(before[1].lineage),
    }
    assert (
        registry.products.read_latest(NO_DEADLINE),
        registry.lineage.read_latest(NO_DEADLINE),
    ) == before


def test_an_empty_registry_becomes_what_it_was() -> None:
    registry, into = sent()
    again = mesh()
    rebuild_derived_lineage(CONTEXT, again, into, whole_time)
    assert graph(again) == graph(registry)
    assert (
        again.products.read(NO_DEADLINE).products.keys()
        == registry.products.read(NO_DEADLINE).products.keys()
    )
    assert (
        again.products.read(NO_DEADLINE).revision,
        again.lineage.read(NO_DEADLINE).revision,
    ) == (1, 1)


@pytest.mark.parametrize("damage", ["lost", "changed", "invented", "hidden"])
def test_damage_is_mended_and_entries_registered_by_hand_stay(damage: str) -> None:
    registry, into = sent()
    intact = graph(registry)
    names = sorted(registry.products.read(NO_DEADLINE).products)
    by_hand = add_lineage(registry, names[0], names[1])

    def harm(file: Any) -> Any:
        derived = [row.to_model() for row in file.lineage if row.id != by_hand.id]
        kept = [row for row in file.lineage if row.id == by_hand.id]
        bad: dict[str, Any] = {
            "lost": derived[1:],
            "changed": [
                each.model_copy(update={"confidence": 0.1, "lineage_type": LineageType.DIRECT})
                for each in derived
            ],
            "invented": [*derived, derived[0].model_copy(update={"id": "x", "target": names[-1]})],
            "hidden": [each.model_copy(update={"products_revision": 0}) for each in derived],
        }
        after = [*kept, *map(LineageRecord.from_model, bad[damage])]
        return file.model_copy(update={"lineage": after}), None

    registry.lineage.commit(harm, NO_DEADLINE)
    rebuild_derived_lineage(CONTEXT, registry, into, whole_time)
    stored = {entry.id: entry for entry in registry.lineage.read(NO_DEADLINE).lineage}
    assert stored.pop(by_hand.id).to_model().model_dump(include={"transformation"}) == {
        "transformation": by_hand.transformation
    }
    assert {id: graph(registry)[id] for id in stored} == intact
    assert len(edges(registry)) > 1


def test_where_events_expire_what_the_kept_ones_do_not_tell_stays() -> None:
    registry, _ = sent()
    whole = graph(registry)
    few = event_pipeline()
    send(mesh(), few, *EVENTS_SENT[:2])
    result = rebuild_derived_lineage(CONTEXT, registry, few, whole_time, events_expire=True)
    assert result == {
        "finished": 1,
        "events": 2,
        "derived_entries": len(whole),
        "may_remove": 0,
    }
    assert graph(registry) == whole
    # Where they do not, what no event tells is gone.
    assert "may_remove" not in rebuild_derived_lineage(CONTEXT, registry, few, whole_time)
    assert edges(registry) == {("a", "b")}


def test_where_events_expire_what_is_missing_is_derived_all_the_same() -> None:
    registry, into = sent()
    again = mesh()
    rebuild_derived_lineage(CONTEXT, again, into, whole_time, events_expire=True)
    assert graph(again) == graph(registry)


def test_products_that_are_missing_are_registered_again() -> None:
    registry, into = sent()
    name = next(iter(registry.products.read(NO_DEADLINE).products))
    registration.delete_product(CONTEXT, registry, name)
    rebuild_derived_lineage(CONTEXT, registry, into, whole_time)
    assert name in registry.products.read(NO_DEADLINE).products
    assert graph(registry) == graph(sent()[0])


def test_other_names_that_were_learned_late_count_at_once_and_in_a_rebuild() -> None:
    registry, into = mesh(), event_pipeline()
    add_product(registry, "orders", openlineage=[dataset("table", "glue")])
    send(registry, into, run_event(["s3"], ["out"], run=1))
    symlinks = {"symlinks": {"identifiers": [dataset("table", "glue")]}}
    send(registry, into, dataset_event(dataset("s3", facets=symlinks)))
    assert edges(registry) == {("orders", "out")}
    rebuild_derived_lineage(CONTEXT, registry, into, whole_time)
    assert edges(registry) == {("orders", "out")}


def test_a_rebuild_that_runs_out_of_time_goes_on_where_it_stopped() -> None:
    registry, into = sent()
    again = mesh()
    for read in (2, 4, 6):
        # One page of two events in each call.
        result = rebuild_derived_lineage(CONTEXT, again, into, iter([True, False]).__next__)
        assert result == {"finished": 0, "events": read} or read == len(EVENTS_SENT)
        assert read == len(EVENTS_SENT) or again.lineage.read_latest(NO_DEADLINE).lineage == []
    assert (result["finished"], result["events"]) == (1, len(EVENTS_SENT))
    assert graph(again) == graph(registry)
    assert rebuild_derived_lineage(CONTEXT, again, into, whole_time)["events"] == len(EVENTS_SENT)


# what an interrupted try leaves


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(1, 7))
def test_an_event_that_was_cut_short_is_finished_by_its_repetition(step: int) -> None:
    """Event, run, job, jobs, products, lineage: the process dies just before one of these PUTs."""
    event = run_event(["a"], ["b"])
    event_object, run, job, stored_jobs, stored_products, stored_lineage = objects = [
        FaultyObject() for _ in range(6)
    ]

    def dies(*_: object) -> str:
        raise Killed

    objects[step - 1].put_faults.append(dies)
    registry = mesh(products=stored_products, lineage=stored_lineage, jobs=stored_jobs)
    [received] = events(event)
    bucket = Bucket({EVENTS_PREFIX + received.name: event_object})
    assert isinstance(received.event, RunEvent)
    bucket[f"{RUNS_PREFIX}{compute_run_path(received.event)}.json"] = run
    bucket[f"{JOBS_PREFIX}{compute_job_key('scheduler', 'daily')}.json"] = job
    into = event_pipeline(bucket)
    with pytest.raises(Killed):
        ingest_events(CONTEXT, registry, into, events(event))
    fresh = mesh(products=stored_products, lineage=stored_lineage, jobs=stored_jobs)
    ingest_events(CONTEXT, fresh, into, events(event))
    assert edges(fresh) == {("a", "b")}
    assert fresh.lineage.read(NO_DEADLINE).revision == 1
    assert fresh.jobs
    assert [each.name for each in fresh.jobs.read(NO_DEADLINE).jobs.values()] == ["daily"]


# the record


def test_events_are_kept_by_day_and_read_in_pages() -> None:
    bucket = Bucket()
    into = event_pipeline(bucket)
    later = {**run_event(["b"]), "eventTime": "2026-02-01T00:00:00Z"}
    send(mesh(), into, later, *EVENTS_SENT)
    pages = [*into.log.iterate_pages(NO_DEADLINE)]
    names = [name for page in pages for name in page]
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert names == sorted(names)
    assert [name.partition("/")[0] for name in names] == ["2026-01-31"] * 6 + ["2026-02-01"]
    assert [name for name in names if not name.endswith(".json.gz")] == []
    assert json.loads(next(into.log.read_all(names[-1:], NO_DEADLINE))) == later


def test_an_event_that_cannot_be_read_is_told_with_its_name() -> None:
    broken = MemoryObject(f"{EVENTS_PREFIX}n", gzip.compress(b"{}")[:-3])
    into = event_pipeline(Bucket({f"{EVENTS_PREFIX}n": broken}))
    with pytest.raises(StorageUnavailable, match="events/openlineage/n cannot be read"):
        [*into.log.read_all(["n"], NO_DEADLINE)]


@pytest.mark.parametrize(
    ("fault", "error"), [(request_is_lost, OutcomeUnknown), (no_connection, StorageUnavailable)]
)
def test_an_event_that_cannot_be_kept_is_told_so_and_nothing_follows(
    fault: Any, error: type[Exception]
) -> None:
    registry = mesh()
    [received] = events(run_event(["a"], ["b"]))
    stored = FaultyObject()
    stored.put_faults.extend([fault] * 3)
    with pytest.raises(error):
        ingest_events(
            CONTEXT,
            registry,
            event_pipeline(Bucket({EVENTS_PREFIX + received.name: stored})),
            [received],
        )
    assert registry.products.read(NO_DEADLINE).products == {}


@pytest.mark.parametrize("pause", [False, True])
def test_events_that_come_in_meanwhile_join_in(pause: bool) -> None:
    """Even if they are of a day that has been read."""
    registry, into = sent()
    late = {**run_event(["x"], ["y"], run=9), "eventTime": "2020-01-01T00:00:00Z"}
    surer = run_event(["y"], [dataset("z", facets=column_lineage(c=[("y", "d", "IDENTITY")]))])
    calls = 0

    def in_time() -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            send(registry, into, late, {**surer, "eventTime": "2020-01-01T00:00:00Z"})
        return not pause or calls != 3

    expected, other = sent()
    send(expected, other, late, {**surer, "eventTime": "2020-01-01T00:00:00Z"})
    result = rebuild_derived_lineage(CONTEXT, registry, into, in_time)
    if pause:
        assert result["finished"] == 0
        result = rebuild_derived_lineage(CONTEXT, registry, into, whole_time)
    assert result["finished"] == 1
    assert graph(registry) == graph(expected)


def test_products_by_hand_are_left_alone_by_a_rebuild() -> None:
    registry, into = mesh(), event_pipeline()
    add_datasets(registry, "ab")
    send(registry, into, run_event(["a"], ["b"]))
    before = registry.products.read(NO_DEADLINE)
    rebuild_derived_lineage(CONTEXT, registry, into, whole_time)
    assert registry.products.read_latest(NO_DEADLINE) == before


def test_files_without_an_envelope_are_adopted() -> None:
    """As those of the registry itself: an operator may put one there by hand."""
    run = RunFile.decode("run", b'{"jobs": [{"namespace": "n", "name": "j"}]}')
    assert (run.adopted, run.revision, run.statements[0].jobs[0].name) == (True, 0, "j")
    rebuilt = RebuildFile.decode("rebuild", b'{"facts": []}')
    assert (rebuilt.adopted, rebuilt.revision, rebuilt.gathered.facts) == (True, 0, ())
