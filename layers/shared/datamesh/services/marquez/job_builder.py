"""Builds the answers about a job and its runs from what the index and the job's file hold."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from datamesh.models.jobs import JobDetails, JobFact, JobHistory, JobRun
from datamesh.models.marquez import MarquezJob, MarquezName, MarquezRun, MarquezVersionName
from datamesh.models.marquez_jobs import MarquezJobVersion
from datamesh.services.jobs.joining import TERMINAL
from datamesh.services.jobs.reading import sort_runs
from datamesh.services.jobs.records import build_details
from datamesh.services.marquez.index import MarquezIndex
from datamesh.services.marquez.job_versions import JobContent, JobVersions
from datamesh.services.marquez.nodes import IndexedJob, list_names
from datamesh.storage.job_files import LISTED_RUNS
from datamesh.storage.records import RecordedName

MAX_TEXT = 5000


def get_job_name(job: IndexedJob) -> tuple[str, str]:
    """Return what a job's file is found by."""
    return (job.name.namespace, job.name.name)


class JobBuilder:
    """Builds the answers about one job; its history is None if it is not recorded."""

    def __init__(
        self,
        index: MarquezIndex,
        job: IndexedJob,
        history: JobHistory | None,
        inputs: Iterable[RecordedName],
        outputs: Iterable[RecordedName],
    ) -> None:
        self._job = job
        self._history = history
        self._inputs = [_build_name(each) for each in inputs]
        self._outputs = [_build_name(each) for each in outputs]
        self._name = job.name
        self._version_names: dict[JobContent, MarquezVersionName] = {}
        self._runs = sort_runs(history) if history else []
        self._details = (
            build_details(history, MAX_TEXT)
            if history
            else job.record.read_details()
            if job.record
            else JobDetails()
        )
        location = self._details.location
        self._versions = JobVersions(index, job, history, self._runs, location)

    @classmethod
    def from_index(
        cls, index: MarquezIndex, job: IndexedJob, history: JobHistory | None
    ) -> "JobBuilder":
        """Return a builder that calls each product by its first name."""
        ends = (job.inputs, job.outputs)
        names = [[list_names(index.products[end])[0] for end in side] for side in ends]
        return cls(index, job, history, *names)

    def _build_version_name(self, content: JobContent) -> MarquezVersionName:
        """Return the name of a version."""
        found = self._version_names.get(content)
        if found is None:
            found = self._version_names[content] = MarquezVersionName(
                namespace=self._name.namespace,
                name=self._name.name,
                version=content.compute_id(self._name),
            )
        return found

    def build_job(self, facets: dict[str, object] | None = None) -> MarquezJob:
        """Return the job with its latest runs; `facets` are those of the job."""
        runs = self.build_runs(LISTED_RUNS)
        return MarquezJob(
            id=MarquezName(namespace=self._name.namespace, name=self._name.name),
            type=cast(Any, self._details.type),
            name=self._name.name,
            simple_name=self._get_simple_name(),
            parent_job_name=self._details.parent or None,
            created_at=self._job.created_at,
            updated_at=self._history.updated_at if self._history else self._job.updated_at,
            namespace=self._name.namespace,
            inputs=self._inputs,
            outputs=self._outputs,
            location=self._details.location or None,
            description=self._details.description or None,
            latest_run=runs[0] if runs else None,
            latest_runs=runs,
            tags=list(self._details.tags),
            labels=[],
            current_version=self._build_version_name(self._versions.current).version
            if self._job.record
            else None,
            facets=facets or {},
        )

    def _get_simple_name(self) -> str:
        """Return the name without that of the parent before it: a task of a DAG by its own name."""
        parent = self._details.parent
        return self._name.name.removeprefix(f"{parent}.") if parent else self._name.name

    def build_runs(self, limit: int, offset: int = 0) -> list[MarquezRun]:
        """Return runs of the job, those that began last first."""
        return [self.build_run(run) for run in self._runs[offset : offset + limit]]

    def build_run(self, run: JobRun, facets: dict[str, object] | None = None) -> MarquezRun:
        """Return a run of the job."""
        ended_at = run.ended_at if run.state in TERMINAL else None
        return MarquezRun(
            id=run.id,
            created_at=run.created_at,
            updated_at=run.updated_at,
            nominal_start_time=_get_text(run.facts.get("nominalStart")),
            nominal_end_time=_get_text(run.facts.get("nominalEnd")),
            state=cast(Any, run.state or "NEW"),
            started_at=run.started_at,
            ended_at=ended_at,
            duration_ms=_compute_duration(run.started_at, ended_at),
            args={},
            job_version=self._build_version_name(self._versions.find_content(run)),
            input_dataset_versions=[],
            output_dataset_versions=[],
            facets=facets or {},
        )

    def list_versions(self) -> list[MarquezJobVersion]:
        """Return the versions of a recorded job, that of the latest run first."""
        if not self._job.record:
            return []
        return [self._build_version(*each) for each in self._versions.contents.items()]

    def _build_version(self, content: JobContent, runs: Sequence[JobRun]) -> MarquezJobVersion:
        """Return a version: it is as old as its first run, or the newest dataset of the job."""
        name = self._build_version_name(content)
        history = self._history
        datasets = (*history.inputs, *history.outputs) if history else ()
        newest = max((each.first_at for each in datasets), default=self._job.created_at)
        latest = runs[0] if runs else self._runs[0] if self._runs else None
        return MarquezJobVersion(
            id=name,
            name=name.name,
            created_at=min((each.created_at for each in runs), default=newest),
            version=name.version,
            namespace=name.namespace,
            location=content.location or None,
            inputs=[_build_name(each) for each in content.inputs],
            outputs=[_build_name(each) for each in content.outputs],
            latest_run=self.build_run(latest) if latest else None,
        )


def _build_name(name: RecordedName) -> MarquezName:
    return MarquezName(namespace=name.namespace, name=name.name)


def _get_text(fact: JobFact | None) -> str | None:
    return str(fact.value) if fact and fact.value else None


def _compute_duration(started_at: datetime | None, ended_at: datetime | None) -> int | None:
    """Return milliseconds; None if the run has not begun, or not ended."""
    if started_at is None or ended_at is None:
        return None
    return max(0, round((ended_at - started_at).total_seconds() * 1000))
