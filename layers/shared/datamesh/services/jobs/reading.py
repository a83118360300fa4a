"""Reads the files of jobs: of one, of a page of them, or of those that have a run of some id."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from datamesh.models.jobs import JobHistory, JobRun, KeptEvent
from datamesh.models.json_codec import decode_lenient
from datamesh.services.context import RequestContext
from datamesh.services.jobs.recording import OpenJob
from datamesh.services.jobs.records import compute_job_key
from datamesh.services.jobs.writers import JobName, WriterIndex
from datamesh.services.registry.hidden_names import (
    NOTHING_HIDDEN,
    HiddenNames,
    show_facets,
)
from datamesh.services.registry.views import show_history
from datamesh.storage.backoff import Deadline
from datamesh.storage.document import Document
from datamesh.storage.event_log import EventLog
from datamesh.storage.job_files import ListedJobFile, get_run_order
from datamesh.storage.journal import Journal

PARALLEL_READS = 8
"""Objects that are read at the same time: the client holds ten connections."""

type OpenListedJob = Callable[[str], Document[ListedJobFile]]


@dataclass(frozen=True)
class JobStore:
    """Where jobs, runs and events are kept."""

    open_job: OpenJob
    open_listed_job: OpenListedJob
    """The same files, of which lists read less."""
    open_runs: Callable[[str], Journal]
    """Folder of a runId -> the files of the runs that have it."""
    log: EventLog
    writers: WriterIndex = field(default_factory=WriterIndex)
    """Lives as long as the execution environment."""
    find_hidden: Callable[[Deadline], HiddenNames] = lambda deadline: NOTHING_HIDDEN
    """Returns the names of what the caller may not see."""


def read_histories(
    context: RequestContext, store: JobStore, names: Iterable[JobName]
) -> dict[JobName, JobHistory]:
    """Return what is known of each job. Raises StorageUnavailable."""
    return _read_each(context, store, store.open_job, names)


def read_listed_histories(
    context: RequestContext, store: JobStore, names: Iterable[JobName]
) -> dict[JobName, JobHistory]:
    """Return what lists show of each job: of its runs the LISTED_RUNS that began last.

    Raises StorageUnavailable.
    """
    return _read_each(context, store, store.open_listed_job, names)


def _read_each(
    context: RequestContext,
    store: JobStore,
    open_job: OpenJob | OpenListedJob,
    names: Iterable[JobName],
) -> dict[JobName, JobHistory]:
    asked = list(names)

    def read_one(name: JobName) -> JobHistory | None:
        return open_job(compute_job_key(*name)).read_latest(context.deadline).history

    if len(asked) < 2:
        found = [read_one(name) for name in asked]
    else:
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            found = list(pool.map(read_one, asked))
    hidden = store.find_hidden(context.deadline) if any(found) else NOTHING_HIDDEN
    found = [each and show_history(each, hidden) for each in found]
    return {name: each for name, each in zip(asked, found, strict=True) if each}


def read_history(context: RequestContext, store: JobStore, name: JobName) -> JobHistory | None:
    """Return what is known of a job; None if it is not recorded. Raises StorageUnavailable."""
    return read_histories(context, store, [name]).get(name)


def sort_runs(history: JobHistory) -> list[JobRun]:
    """Return the runs of a job, those that began last first."""
    return sorted(history.runs, key=get_run_order, reverse=True)


def read_facets(
    store: JobStore, events: Iterable[KeptEvent], deadline: Deadline
) -> dict[str, dict[str, object]]:
    """Return the facets of the `job` and of the `run` of some events; of each, the latest counts.

    Events that have expired say nothing. A facet that names what the caller may not see is left
    out. Raises StorageUnavailable.
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
    hidden = store.find_hidden(deadline) if any(found.values()) else NOTHING_HIDDEN
    return {entity: show_facets(each, hidden) for entity, each in found.items()}
