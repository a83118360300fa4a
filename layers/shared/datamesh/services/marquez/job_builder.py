"""Builds the answers about a job and its runs from what the index and the job's file hold."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from datamesh.models.jobs import JobDetails, JobFact, JobHistory, JobRun
from datamesh.models.json_codec import encode_for_digest
from datamesh.models.marquez import MarquezJob, MarquezName, MarquezRun, MarquezVersionName
from datamesh.models.marquez_jobs import MarquezJobVersion
from datamesh.services.jobs.joining import TERMINAL
from datamesh.services.jobs.reading import sort_runs
from datamesh.services.jobs.records import build_details
from datamesh.services.marquez.index import MarquezIndex
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
        job: IndexedJob,
        history: JobHistory | None,
        inputs: Iterable[RecordedName],
        outputs: Iterable[RecordedName],
    ) -> None:
        self._job = job
        self._history = history
        self._inputs = [MarquezName(namespace=n.namespace, name=n.name) for n in inputs]
        self._outputs = [MarquezName(namespace=n.namespace, name=n.name) for n in outputs]
        self._name = job.name
        self._runs = sort_runs(history) if history else []
        self._details = (
            build_details(history, MAX_TEXT)
            if history
            else job.record.read_details()
            if job.record
            else JobDetails()
        )

    @classmethod
    def from_index(
        cls, index: MarquezIndex, job: IndexedJob, history: JobHistory | None
    ) -> "JobBuilder":
        """Return a builder that calls each product by its first name."""
        ends = (job.inputs, job.outputs)
        names = [[list_names(index.products[end])[0] for end in side] for side in ends]
        return cls(job, history, *names)

    @cached_property
    def _version(self) -> MarquezVersionName:
        """The name of the version that has these datasets and this location."""
        sides = (self._inputs, self._outputs)
        ends = [[[each.namespace, each.name] for each in side] for side in sides]
        content: Any = [self._name.namespace, self._name.name, *ends, self._details.location]
        digest = sha256(encode_for_digest(content, ascii_only=True)).digest()
        version = str(UUID(bytes=digest[:16], version=5))
        return MarquezVersionName(
            namespace=self._name.namespace, name=self._name.name, version=version
        )

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
            current_version=self._version.version if self._job.record else None,
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
            job_version=self._version,
            input_dataset_versions=[],
            output_dataset_versions=[],
            facets=facets or {},
        )

    def list_versions(self) -> list[MarquezJobVersion]:
        """Return the present version of a recorded job: it is as old as its newest dataset."""
        return [self._build_version()] if self._job.record else []

    def _build_version(self) -> MarquezJobVersion:
        job, history = self.build_job(), self._history
        datasets = (*history.inputs, *history.outputs) if history else ()
        return MarquezJobVersion(
            id=self._version,
            name=job.name,
            created_at=max((each.first_at for each in datasets), default=job.created_at),
            version=self._version.version,
            namespace=job.namespace,
            location=job.location,
            inputs=job.inputs,
            outputs=job.outputs,
            latest_run=job.latest_run,
        )


def _get_text(fact: JobFact | None) -> str | None:
    return str(fact.value) if fact and fact.value else None


def _compute_duration(started_at: datetime | None, ended_at: datetime | None) -> int | None:
    """Return milliseconds; None if the run has not begun, or not ended."""
    if started_at is None or ended_at is None:
        return None
    return max(0, round((ended_at - started_at).total_seconds() * 1000))
