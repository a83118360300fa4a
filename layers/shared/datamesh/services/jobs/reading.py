"""Reads the files of jobs: of one, of a page of them, or of those that have a run of some id."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from datamesh.models.jobs import JobHistory, JobRun, KeptEvent
from datamesh.models.json_codec import decode_lenient
from datamesh.services.context import RequestContext
from datamesh.services.jobs.recording import OpenJob
from datamesh.services.jobs.records import compute_job_key
from datamesh.storage.backoff import Deadline
from datamesh.storage.event_log import EventLog
from datamesh.storage.journal import Journal

PARALLEL_READS = 8
"""Objects that are read at the same time: the client holds ten connections."""

type JobName = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class JobStore:
    """Where jobs, runs and events are kept."""

    open_job: OpenJob
    open_runs: Callable[[str], Journal]
    """Folder of a runId -> the files of the runs that have it."""
    log: EventLog


def read_histories(
    context: RequestContext, store: JobStore, names: Iterable[JobName]
) -> dict[JobName, JobHistory]:
    """Return what is known of each job. Raises StorageUnavailable."""
    asked = list(names)

    def read_one(name: JobName) -> JobHistory | None:
        document = store.open_job(compute_job_key(*name))
        return document.read_latest(context.deadline).history

    if len(asked) < 2:
        found = [read_one(name) for name in asked]
    else:
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            found = list(pool.map(read_one, asked))
    return {name: each for name, each in zip(asked, found, strict=True) if each}


def read_history(context: RequestContext, store: JobStore, name: JobName) -> JobHistory | None:
    """Return what is known of a job; None if it is not recorded. Raises StorageUnavailable."""
    return read_histories(context, store, [name]).get(name)


def sort_runs(history: JobHistory) -> list[JobRun]:
    """Return the runs of a job, those that began last first."""
    return sorted(
        history.runs, key=lambda run: (run.started_at or run.created_at, run.id), reverse=True
    )


def read_facets(
    store: JobStore, events: Iterable[KeptEvent], deadline: Deadline
) -> dict[str, dict[str, object]]:
    """Return the facets of the `job` and of the `run` of some events; of each, the latest counts.

    Events that have expired say nothing. Raises StorageUnavailable.
    """
    found: dict[str, dict[str, object]] = {"job": {}, "run": {}}
    for body in store.log.read_kept([each.name for each in sorted(events)], deadline):
        event = decode_lenient(body)
        for entity, facets in found.items():
            part = event.get(entity) if isinstance(event, dict) else None
            told = part.get("facets") if isinstance(part, dict) else None
            for kind, facet in told.items() if isinstance(told, dict) else ():
                if isinstance(facet, dict):
                    facets.pop(kind, None)
                    if facet.get("_deleted") is not True:
                        facets[kind] = facet
    return found
