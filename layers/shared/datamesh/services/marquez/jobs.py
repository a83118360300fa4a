"""Marquez' reads of jobs and runs."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.jobs import JobHistory, JobRun
from datamesh.models.json_codec import encode_model
from datamesh.models.marquez import MarquezJob, MarquezRun
from datamesh.models.marquez_jobs import (
    MarquezFacetsOfRun,
    MarquezJobVersion,
    MarquezJobVersions,
    MarquezRuns,
)
from datamesh.models.openlineage import parse_run_id
from datamesh.services.context import RequestContext
from datamesh.services.jobs.reading import (
    JobStore,
    read_facets,
    read_histories,
    read_history,
    read_listed_histories,
    sort_runs,
)
from datamesh.services.jobs.records import compute_run_folder
from datamesh.services.jobs.writers import JobName
from datamesh.services.marquez.index import MarquezIndex, open_index
from datamesh.services.marquez.job_builder import JobBuilder, get_job_name
from datamesh.services.marquez.nodes import IndexedJob
from datamesh.services.registry.registry import EncodedPage, Registry, cut_page, encode_page

MAX_FILTERED_JOBS = 100
"""How many jobs a filter by state looks at, a read of storage each: those that changed last."""


def list_jobs(
    context: RequestContext,
    registry: Registry,
    store: JobStore,
    namespace: str | None,
    states: Collection[str],
    limit: int,
    offset: int,
    declared: Collection[str] = (),
) -> EncodedPage:
    """List the jobs of a namespace, or of all, those that ran last first.

    With `states`, those whose latest run is in one of them, among MAX_FILTERED_JOBS: the page is
    cut if there are more. Raises NodeNotFound if nothing is in the namespace, and it is none of the
    `declared` ones.
    """
    index = open_index(context, registry)
    jobs = _select_jobs(index, namespace, declared)
    is_cut = bool(states) and len(jobs) > MAX_FILTERED_JOBS
    if states:
        jobs = jobs[:MAX_FILTERED_JOBS]
        known = _read_histories(context, store, jobs)
        jobs = [job for job in jobs if _get_state(known.get(get_job_name(job))) in states]
        page = cut_page(jobs, limit, offset)
    else:
        page = cut_page(jobs, limit, offset)
        known = _read_histories(context, store, page.items)
    found = encode_page(
        page,
        lambda job: encode_model(
            JobBuilder.from_index(index, job, known.get(get_job_name(job))).build_job()
        ),
    )
    return replace(found, is_cut=True) if is_cut else found


def _select_jobs(
    index: MarquezIndex, namespace: str | None, declared: Collection[str]
) -> Sequence[IndexedJob]:
    if namespace is None:
        return index.jobs_by_time
    packed = namespace.encode(errors="surrogatepass")
    if packed not in index.namespaces and namespace not in declared:
        raise NodeNotFound("namespace", namespace)
    return index.jobs_of_namespaces.get(packed, ())


def _read_histories(
    context: RequestContext, store: JobStore, jobs: Sequence[IndexedJob]
) -> dict[JobName, JobHistory]:
    return read_listed_histories(context, store, (get_job_name(job) for job in jobs if job.record))


def _get_state(history: JobHistory | None) -> str | None:
    runs = sort_runs(history) if history else []
    return (runs[0].state or "NEW") if runs else None


class FoundJob:
    """One job that somebody asks for. Raises NodeNotFound if there is none."""

    def __init__(
        self,
        context: RequestContext,
        registry: Registry,
        store: JobStore,
        namespace: str,
        name: str,
    ) -> None:
        index = open_index(context, registry)
        job = index.find_job(namespace, name)
        if job is None:
            raise NodeNotFound("job", name)
        self._context = context
        self._store = store
        self.history = read_history(context, store, (namespace, name)) if job.record else None
        self.builder = JobBuilder.from_index(index, job, self.history)

    def read_job(self) -> MarquezJob:
        """Return the job with its facets and latest runs."""
        runs = sort_runs(self.history) if self.history else []
        events = runs[0].events if runs else self.history.events if self.history else ()
        facets = read_facets(self._store, events, self._context.deadline)
        job = self.builder.build_job(facets["job"])
        if job.latest_run is None:
            return job
        latest = job.latest_run.model_copy(update={"facets": facets["run"]})
        return job.model_copy(update={"latest_run": latest})

    def list_runs(self, limit: int, offset: int) -> MarquezRuns:
        """Return the runs of the job, those that began last first."""
        return MarquezRuns(
            runs=self.builder.build_runs(limit, offset),
            total_count=len(self.history.runs) if self.history else 0,
        )

    def list_versions(self, limit: int, offset: int) -> MarquezJobVersions:
        """Return the versions of the job, that of the latest run first."""
        versions = self.builder.list_versions()
        return MarquezJobVersions(
            versions=versions[offset : offset + limit], total_count=len(versions)
        )

    def read_version(self, version: str) -> MarquezJobVersion:
        """Return a version of the job. Raises NodeNotFound if there is none."""
        for found in self.builder.list_versions():
            if found.version == version.lower():
                return found
        raise NodeNotFound("version", version)


class FoundRun:
    """One run that somebody asks for by its id. Raises NodeNotFound if there is none."""

    def __init__(
        self, context: RequestContext, registry: Registry, store: JobStore, run_id: str
    ) -> None:
        self._context = context
        self._store = store
        self.name, self.history, self.run = _find_run(context, store, run_id)
        index = open_index(context, registry)
        job = index.find_job(*self.name)
        if job is None:  # it was deleted
            raise NodeNotFound("run", run_id)
        self.builder = JobBuilder.from_index(index, job, self.history)

    def read_run(self) -> MarquezRun:
        """Return the run with its facets."""
        return self.builder.build_run(self.run, self._read_facets("run"))

    def read_facets(self, kind: str) -> MarquezFacetsOfRun:
        """Return the facets of the run, or of its job."""
        return MarquezFacetsOfRun(run_id=self.run.id, facets=self._read_facets(kind))

    def _read_facets(self, kind: str) -> dict[str, object]:
        return read_facets(self._store, self.run.events, self._context.deadline)[kind]


def _find_run(
    context: RequestContext, store: JobStore, run_id: str
) -> tuple[JobName, JobHistory, JobRun]:
    """Return the run of an id; of two jobs that share it, that of the one that said something last.

    Raises NodeNotFound.
    """
    id = str(parse_run_id(run_id))
    # Not imported where nobody asks for a run: every other cold start would pay for it.
    from datamesh.services.openlineage.files import RunFile

    folder = store.open_runs(compute_run_folder(id))
    names = folder.list_names("", context.deadline)
    files = [RunFile.decode(id, body) for body in folder.read_all(names, context.deadline)]
    jobs = {
        (job.namespace, job.name)
        for file in files
        for statement in file.statements
        for job in statement.jobs
    }
    found = [
        (name, history, run)
        for name, history in read_histories(context, store, sorted(jobs)).items()
        for run in history.runs
        if run.id == id
    ]
    if not found:
        raise NodeNotFound("run", run_id)
    return max(found, key=lambda each: (each[2].updated_at, each[0]))
