"""The runs that a run comes after: of the jobs that write what its job reads."""

from datetime import datetime

from datamesh.models.jobs import JobRun
from datamesh.models.marquez_run_lineage import (
    UpstreamDataset,
    UpstreamJob,
    UpstreamRun,
    UpstreamRuns,
    UpstreamRunSummary,
)
from datamesh.services.context import RequestContext
from datamesh.services.jobs.reading import JobStore, read_histories
from datamesh.services.marquez.index import MarquezIndex, open_index
from datamesh.services.marquez.jobs import FoundRun
from datamesh.services.marquez.nodes import list_names
from datamesh.services.registry.registry import Registry

MAX_RUNS = 50
"""How many runs an answer has at most, the nearest first."""

type JobName = tuple[str, str]
"""The namespace and the name of a job."""


def get_start(run: JobRun) -> datetime:
    """Return when a run began, as far as its events tell."""
    return run.started_at or run.created_at


def list_upstream_runs(
    context: RequestContext, registry: Registry, store: JobStore, run_id: str, depth: int
) -> UpstreamRuns:
    """Return a run and those before it: of each job upstream, the latest that began before.

    Raises NodeNotFound if there is no such run.
    """
    index = open_index(context, registry)
    found = FoundRun(context, registry, store, run_id)
    kept: dict[JobName, JobRun] = {found.name: found.run}
    latest = {found.name: found.run}
    for _ in range(depth):
        asked: dict[JobName, datetime] = {}
        for name, run in latest.items():
            for writer in _list_writers(index, name):
                if writer not in kept and len(kept) + len(asked) < MAX_RUNS:
                    asked[writer] = max(get_start(run), asked.get(writer, get_start(run)))
        histories = read_histories(context, store, asked)
        latest = {}
        for name, history in histories.items():
            before = [run for run in history.runs if get_start(run) < asked[name]]
            if before:
                latest[name] = max(before, key=lambda run: (get_start(run), run.id))
        kept |= latest
        if not latest:
            break
    return UpstreamRuns(runs=[_build_run(index, name, kept) for name in kept])


def _list_writers(index: MarquezIndex, name: JobName) -> list[JobName]:
    """Return the jobs that write what a job reads."""
    job = index.find_job(*name)
    ids = dict.fromkeys(
        id
        for end in (job.inputs if job else ())
        for id in index.jobs_of_products.get(end, ())
        if end in index.jobs[id].outputs
    )
    names = [index.jobs[id].name for id in ids if index.jobs[id].record]
    return [(each.namespace, each.name) for each in names]


def _build_run(index: MarquezIndex, name: JobName, kept: dict[JobName, JobRun]) -> UpstreamRun:
    job, run = index.find_job(*name), kept[name]
    inputs = [
        UpstreamDataset(namespace=each.namespace, name=each.name)
        for end in (job.inputs if job else ())
        for each in [list_names(index.products[end])[0]]
    ]
    return UpstreamRun(
        job=UpstreamJob(namespace=name[0], name=name[1]),
        run=UpstreamRunSummary(
            id=run.id,
            start=run.started_at,
            end=run.ended_at,
            status=run.state or "NEW",
        ),
        inputs=inputs,
    )
