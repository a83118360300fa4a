"""Reads what an event says of its job and its run."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from datamesh.models.jobs import JobDataset, JobFact, JobHistory, JobRun, KeptEvent
from datamesh.models.openlineage import DatasetEvent, Event, EventDataset, JobEvent, RunEvent
from datamesh.services.jobs.joining import (
    ABORTED,
    COMPLETED,
    FAILED,
    RUNNING,
    TERMINAL,
    join_datasets,
)
from datamesh.services.jobs.run_ends import READ, WRITTEN, compute_end, join_ends
from datamesh.services.openlineage import facets
from datamesh.services.openlineage.event_reader import read_outputs
from datamesh.services.openlineage.lifecycle_facet import is_dropped
from datamesh.services.openlineage.version_reader import read_versions

STATES = {
    "START": RUNNING,
    "RUNNING": RUNNING,
    "COMPLETE": COMPLETED,
    "ABORT": ABORTED,
    "FAIL": FAILED,
}
"""Type of an event -> the state that it puts a run in. OTHER and no type say nothing."""

MAX_DESCRIPTION = 5000
MAX_SQL = 20_000
MAX_MESSAGE = 2000
MAX_NAME = 1024
MAX_ITEMS = 50
"""How many tags and owners of a job are kept."""

type Facets = Mapping[str, object]


def read_job_history(event: Event, digest: str) -> JobHistory | None:
    """Return what an event says of its job; None if it has none. It is kept under `digest`."""
    if isinstance(event, DatasetEvent):
        return None
    at, kept = event.event_time, KeptEvent(event.event_time, digest)
    is_run = isinstance(event, RunEvent)
    return JobHistory(
        namespace=event.job.namespace,
        name=event.job.name,
        created_at=at,
        updated_at=at,
        facts=_read_job_facts(event, at),
        inputs=_read_datasets(event.inputs, at),
        outputs=_read_datasets(read_outputs(event), at),
        runs=(_read_run(event, kept),) if isinstance(event, RunEvent) else (),
        events=() if is_run else (kept,),
        versions=read_versions(event, kept),
    )


def _read_run(event: RunEvent, kept: KeptEvent) -> JobRun:
    at, state = event.event_time, STATES.get(event.event_type or "", "")
    nominal = facets.get_facet(event.run.facets, "nominalTime")
    error = facets.get_facet(event.run.facets, "errorMessage")
    parent = facets.get_facet(event.run.facets, "parent")
    told = {
        "nominalStart": facets.as_text(nominal.get("nominalStartTime"), 64),
        "nominalEnd": facets.as_text(nominal.get("nominalEndTime"), 64),
        "error": facets.as_text(error.get("message"), MAX_MESSAGE),
        "location": _read_location(facets.get_facet(event.job.facets, "sourceCodeLocation")),
        "parentRun": facets.as_text(facets.as_mapping(parent.get("run")).get("runId"), 64),
    }
    return JobRun(
        id=str(event.run.run_id),
        created_at=at,
        updated_at=at,
        state=state,
        state_at=at if state else None,
        started_at=at if state == RUNNING else None,
        ended_at=at if state in TERMINAL else None,
        facts={kind: JobFact(value, at) for kind, value in told.items() if value},
        events=(kept,),
        ends=_read_ends(event),
    )


def _read_ends(event: RunEvent) -> tuple[str, ...]:
    sides = ((READ, event.inputs), (WRITTEN, read_outputs(event)))
    return join_ends(
        [[compute_end(way, each.namespace, each.name) for way, side in sides for each in side]]
    )


def _read_datasets(datasets: Iterable[EventDataset], at: datetime) -> tuple[JobDataset, ...]:
    return join_datasets(
        [[JobDataset(each.namespace, each.name, at, at, is_dropped(each)) for each in datasets]]
    )


def _read_job_facts(event: JobEvent, at: datetime) -> dict[str, JobFact]:
    """Return what the facets of the job say. One that says that it is deleted takes it back."""
    found = {
        kind: _READERS[kind](facets.as_mapping(event.job.facets[kind]))
        for kind in _READERS
        if isinstance(event.job.facets.get(kind), dict)
    }
    told = {
        kind: JobFact(None if facets.is_deleted(event.job.facets, kind) else value, at)
        for kind, value in found.items()
        if value or facets.is_deleted(event.job.facets, kind)
    }
    if isinstance(event, RunEvent) and (parent := _read_parent(event.run.facets)):
        told["parent"] = JobFact(parent, at)
    return dict(sorted(told.items()))


def _read_parent(run_facets: Facets) -> object:
    """Return the job of the run that has started this one."""
    name = facets.read_dataset_name(
        facets.as_mapping(facets.get_facet(run_facets, "parent").get("job"))
    )
    return {"namespace": name.namespace, "name": name.name} if name else None


def _read_description(facet: Facets) -> object:
    return facets.as_text(facet.get("description"), MAX_DESCRIPTION)


def _read_sql(facet: Facets) -> object:
    return facets.as_text(facet.get("query"), MAX_SQL)


def _read_source_code(facet: Facets) -> object:
    return facets.as_text(facet.get("language"), 100)


def _read_location(facet: Facets) -> object:
    return facets.as_text(facet.get("url"), MAX_NAME)


def _read_texts(facet: Facets, *names: str) -> dict[str, str]:
    read = {name: facets.as_text(facet.get(name), 200) for name in names}
    return {name: text for name, text in read.items() if text}


def _read_type(facet: Facets) -> object:
    return _read_texts(facet, "processingType", "integration", "jobType")


def _read_tags(facet: Facets) -> object:
    read = [_read_texts(tag, "key", "value") for tag in facets.iterate_objects(facet.get("tags"))]
    return [tag for tag in read if "key" in tag][:MAX_ITEMS]


def _read_owners(facet: Facets) -> object:
    read = [
        _read_texts(each, "name", "type") for each in facets.iterate_objects(facet.get("owners"))
    ]
    return [owner for owner in read if "name" in owner][:MAX_ITEMS]


_READERS = {
    "documentation": _read_description,
    "jobType": _read_type,
    "ownership": _read_owners,
    "sourceCode": _read_source_code,
    "sourceCodeLocation": _read_location,
    "sql": _read_sql,
    "tags": _read_tags,
}
"""Facet of a job -> what is kept of it."""
