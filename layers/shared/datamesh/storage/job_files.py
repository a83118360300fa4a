"""The files of jobs: one for each job, and the index of all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Self

import msgspec
from pydantic import Field, JsonValue, SkipValidation

from datamesh.models.jobs import (
    AwareTime,
    JobDataset,
    JobFact,
    JobHistory,
    JobRecord,
    JobRun,
)
from datamesh.storage.files import Envelope, encode_members, encode_single, read_envelope
from datamesh.storage.gzip_members import FileChunk
from datamesh.storage.registry_file import RegistryFile

JOBS_PREFIX = "openlineage/jobs/"
JOB_INDEX_KEY = "openlineage/jobs.json"
LISTED_RUNS = 10
"""How many runs of a job lists and graphs show."""

_encode_item = msgspec.json.Encoder(order="deterministic").encode


class JobFile(RegistryFile):
    """`openlineage/jobs/<digest>.json`: what events have said of a job so far."""

    history: SkipValidation[JobHistory | None] = None

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file as JSON."""
        item = _encode_item(self.history) if self.history else b"null"
        return encode_single(self, b',"history":', item)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a job's file. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_JobEnvelope)
        return cls(history=found.history, **read_envelope(found))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a history without one."""
        return {"history": raw}


class ListedJobFile(JobFile):
    """A job's file as lists need it: with the LISTED_RUNS that began last.

    It is for reading alone: what is left out is not even parsed.
    """

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a job's file. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_ListedEnvelope)
        listed = found.history
        history = None
        if listed:
            told = {name: getattr(listed, name) for name in listed.__struct_fields__}
            history = JobHistory(**told | {"runs": _parse_latest(listed.runs)})
        return cls(history=history, **read_envelope(found))


def _parse_latest(runs: Sequence[msgspec.Raw]) -> tuple[JobRun, ...]:
    """Return the LISTED_RUNS that began last, of runs that stand with the latest changed first.

    A run has begun before it changed last: once enough have begun after that, no further counts.
    """
    found: list[JobRun] = []
    for raw in runs:
        run = msgspec.json.decode(raw, type=JobRun)
        if len(found) == LISTED_RUNS and run.updated_at < found[-1].began_at:
            break
        found = sorted([*found, run], key=get_run_order, reverse=True)[:LISTED_RUNS]
    return tuple(found)


def get_run_order(run: JobRun) -> tuple[datetime, str]:
    """Return what runs are sorted by: when they began, as far as events tell."""
    return (run.began_at, run.id)


class JobIndexFile(RegistryFile):
    """`openlineage/jobs.json`: every job, as lists show it."""

    jobs: Annotated[SkipValidation[dict[str, JobRecord]], Field(default_factory=dict)]
    """Digest of a job's name -> the job."""
    dropped: SkipValidation[tuple[str, ...]] = ()
    """Digests of datasets that were dropped while they were no product, the latest last."""

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file as JSON, in parts of which most stay the same if few jobs change."""
        dropped = b',"dropped":%b' % _encode_item(self.dropped) if self.dropped else b""
        return encode_members(self, b',"jobs":{', self.jobs, _encode_jobs, b"}%b}" % dropped)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of the index. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_JobIndexEnvelope)
        return cls(jobs=found.jobs, dropped=found.dropped, **read_envelope(found))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for jobs without one."""
        return {"jobs": raw}


def _encode_jobs(keys: Sequence[str], jobs: Sequence[JobRecord]) -> list[bytes]:
    pairs = zip(keys, jobs, strict=True)
    return [b'"%b":%b' % (key.encode(), _encode_item(job)) for key, job in pairs]


class _JobEnvelope(Envelope):
    history: JobHistory | None = None


class _ListedHistory(msgspec.Struct):
    namespace: str
    name: str
    created_at: AwareTime
    updated_at: AwareTime
    facts: dict[str, JobFact] = {}
    inputs: tuple[JobDataset, ...] = ()
    outputs: tuple[JobDataset, ...] = ()
    runs: tuple[msgspec.Raw, ...] = ()
    hidden: bool = False
    tags: dict[str, bool] = {}


class _ListedEnvelope(Envelope):
    history: _ListedHistory | None = None


class _JobIndexEnvelope(Envelope):
    jobs: dict[str, JobRecord] = msgspec.field(default_factory=dict)
    dropped: tuple[str, ...] = ()
