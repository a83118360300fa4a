"""The files of jobs: one for each job, and the index of all of them."""

from collections.abc import Iterator
from typing import Annotated, Self

import msgspec
from pydantic import Field, JsonValue, SkipValidation

from datamesh.models.jobs import JobHistory, JobRecord
from datamesh.storage.files import Envelope, encode_records, read_envelope
from datamesh.storage.registry_file import RegistryFile

JOBS_PREFIX = "openlineage/jobs/"
JOB_INDEX_KEY = "openlineage/jobs.json"

_encode_item = msgspec.json.Encoder(order="deterministic").encode


class JobFile(RegistryFile):
    """`openlineage/jobs/<digest>.json`: what events have said of a job so far."""

    history: SkipValidation[JobHistory | None] = None

    def encode_parts(self) -> Iterator[bytes]:
        """Yield the file as JSON."""
        item = _encode_item(self.history) if self.history else b"null"
        return encode_records(self, b',"history":', [item], b"}")

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a job's file. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_JobEnvelope)
        return cls(history=found.history, **read_envelope(found))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a history without one."""
        return {"history": raw}


class JobIndexFile(RegistryFile):
    """`openlineage/jobs.json`: every job, as lists show it."""

    jobs: Annotated[SkipValidation[dict[str, JobRecord]], Field(default_factory=dict)]
    """Digest of a job's name -> the job."""
    dropped: SkipValidation[tuple[str, ...]] = ()
    """Digests of datasets that were dropped while they were no product, the latest last."""

    def encode_parts(self) -> Iterator[bytes]:
        """Yield the file as JSON, in parts of which most stay the same if few jobs change."""
        items = [b'"%b":%b' % (key.encode(), _encode_item(job)) for key, job in self.jobs.items()]
        dropped = b',"dropped":%b' % _encode_item(self.dropped) if self.dropped else b""
        return encode_records(self, b',"jobs":{', items, b"}%b}" % dropped)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of the index. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_JobIndexEnvelope)
        return cls(jobs=found.jobs, dropped=found.dropped, **read_envelope(found))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for jobs without one."""
        return {"jobs": raw}


class _JobEnvelope(Envelope):
    history: JobHistory | None = None


class _JobIndexEnvelope(Envelope):
    jobs: dict[str, JobRecord] = msgspec.field(default_factory=dict)
    dropped: tuple[str, ...] = ()
