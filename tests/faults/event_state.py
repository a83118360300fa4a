"""Everything that follows from events, to compare, however and in whatever order they came."""

from collections.abc import Sequence
from typing import Any

from datamesh.models.jobs import JobHistory
from datamesh.models.openlineage import DatasetEvent, RunEvent
from datamesh.services.jobs.records import compute_job_key
from datamesh.services.openlineage.ingest import EventPipeline, derive_events
from datamesh.services.openlineage.keeping import StoredEvent
from datamesh.services.openlineage.parsing import ReceivedEvent
from datamesh.services.openlineage.runs import compute_run_path
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import show


def derive_undisturbed(
    events: Sequence[ReceivedEvent], of: Sequence[ReceivedEvent]
) -> dict[str, Any]:
    """Return what follows from events in memory, one after the other, as to runs and jobs `of`."""
    registry, pipeline = mesh(), event_pipeline()
    for event in events:
        derive_events(CONTEXT, registry, pipeline, [StoredEvent(event, b"")])
    return read_state(registry, pipeline, of)


def read_state(
    registry: Registry, pipeline: EventPipeline, events: Sequence[ReceivedEvent]
) -> dict[str, Any]:
    """Return products, lineage, runs, jobs and the index of jobs."""
    products, lineage = show(registry)
    assert registry.jobs
    index = registry.jobs.read_latest(NO_DEADLINE).jobs
    return {
        "products": products,
        "lineage": lineage,
        "runs": {path: _read_run(pipeline, path) for path in _list_runs(events)},
        "jobs": {key: read_job(pipeline, key) for key in list_jobs(events)},
        "index": {
            key: (each.name, each.created_at, each.updated_at, bytes(each.details))
            for key, each in index.items()
        },
    }


def find_differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [
        f"{part} {key}: {found[part].get(key)} instead of {expected[part].get(key)}"
        for part in expected
        for key in sorted(found[part].keys() | expected[part].keys())
        if found[part].get(key) != expected[part].get(key)
    ]


def list_derived(pipeline: EventPipeline, events: Sequence[ReceivedEvent]) -> set[str]:
    """Return the digests of the events that jobs' files name."""
    histories = (read_job(pipeline, key) for key in list_jobs(events))
    return {
        kept.digest
        for history in histories
        if history
        for kept in (*history.events, *(kept for run in history.runs for kept in run.events))
    }


def read_job(pipeline: EventPipeline, key: str) -> JobHistory | None:
    return pipeline.open_job(key).read_latest(NO_DEADLINE).history


def list_jobs(events: Sequence[ReceivedEvent]) -> list[str]:
    of_jobs = [each.event for each in events if not isinstance(each.event, DatasetEvent)]
    return sorted({compute_job_key(each.job.namespace, each.job.name) for each in of_jobs})


def _list_runs(events: Sequence[ReceivedEvent]) -> list[str]:
    return sorted({compute_run_path(e.event) for e in events if isinstance(e.event, RunEvent)})


def _read_run(pipeline: EventPipeline, path: str) -> Any:
    return pipeline.open_run(path).read_latest(NO_DEADLINE).statements
