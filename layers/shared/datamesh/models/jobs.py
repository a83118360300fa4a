"""Jobs and their runs, as events told of them.

All parts only grow: `services.jobs.joining` joins what several events say, in whatever order.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with a time zone, as files have it."""


class JobFact(msgspec.Struct, frozen=True):
    """A word of an event about a job or a run, and its time; None takes back what was said."""

    value: Any
    at: AwareTime


class JobDataset(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dataset that a job reads or writes."""

    namespace: str
    name: str
    first_at: AwareTime
    last_at: AwareTime
    is_dropped: bool = False
    """True if the job has dropped it: then `last_at` may be the time of that."""
    present_at: AwareTime | None = None
    """When the job last named one that it has dropped, for something else."""

    @property
    def last_present_at(self) -> datetime | None:
        """When the job last named it, other than to drop it; None if it never did."""
        return self.present_at if self.is_dropped else self.last_at


class KeptEvent(msgspec.Struct, frozen=True, order=True):
    """An event of a run, as the log of events keeps it."""

    at: AwareTime
    digest: str

    @property
    def name(self) -> str:
        """The key that it is kept under, within the folder of the events."""
        return f"{self.at.date().isoformat()}/{self.digest}.json.gz"


class WrittenVersion(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A version of a dataset: what the columns, the state and the data were that a job wrote."""

    namespace: str
    name: str
    columns: str = ""
    """The digest of names and types; empty if the job told of none."""
    state: str = ""
    """The change of the dataset, such as CREATE; empty if the job told of none."""
    data: str = ""
    """The version that the job itself gave the data; empty if it gave none."""
    first_at: AwareTime
    last_at: AwareTime
    run: str = ""
    """The run that wrote it first; empty if an event of no run told of it."""
    event: KeptEvent
    """The event that told of it first."""

    @property
    def content(self) -> tuple[str, str, str, str, str]:
        """The dataset and the content that tell a version from others."""
        return (self.namespace, self.name, self.columns, self.state, self.data)


class JobRun(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A run of a job."""

    id: str
    created_at: AwareTime
    """The time of its first event; that of its latest is `updated_at`."""
    updated_at: AwareTime
    state: str = ""
    """The type of the latest event that has one; empty if none has."""
    state_at: AwareTime | None = None
    started_at: AwareTime | None = None
    ended_at: AwareTime | None = None
    facts: dict[str, JobFact] = {}
    events: tuple[KeptEvent, ...] = ()
    ends: tuple[str, ...] = ()
    """Digests of the datasets that it has read and written, sorted."""

    @property
    def began_at(self) -> datetime:
        """When the run began, as far as events tell."""
        return self.started_at or self.created_at


class JobHistory(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A job with everything that is known of it, and its latest runs."""

    namespace: str
    name: str
    created_at: AwareTime
    updated_at: AwareTime
    facts: dict[str, JobFact] = {}
    inputs: tuple[JobDataset, ...] = ()
    outputs: tuple[JobDataset, ...] = ()
    runs: tuple[JobRun, ...] = ()
    """The latest first."""
    events: tuple[KeptEvent, ...] = ()
    """Events of the job that belong to no run."""
    hidden: bool = False
    """True if a person has deleted the job since it last said something new."""
    tags: dict[str, bool] = {}
    """Tag -> whether a person added it, or took away what events say."""
    versions: tuple[WrittenVersion, ...] = ()
    """The versions of datasets that the job has written, by dataset and time."""


class JobDetails(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The part of a job that lists show, and the datasets that its node is connected with."""

    type: str = "BATCH"
    description: str = ""
    location: str = ""
    parent: str = ""
    tags: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    """Namespace and name of each dataset."""
    outputs: tuple[tuple[str, str], ...] = ()


class JobRecord(msgspec.Struct, omit_defaults=True, gc=False, kw_only=True):
    """A job as the index of jobs has it."""

    namespace: str
    name: str
    created_at: AwareTime
    updated_at: AwareTime
    """The time of its latest event, late by up to some minutes: not every run changes the index."""
    revision: int = 0
    """The revision of the job's own file that the record was made of."""
    hidden: bool = False
    details: msgspec.Raw = msgspec.Raw(b"{}")
    """A JobDetails: it is parsed when somebody asks for it."""

    def read_details(self) -> JobDetails:
        """Parse the details."""
        return msgspec.json.decode(self.details, type=JobDetails)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, JobRecord)
            and bytes(self.details) == bytes(other.details)
            and (self.namespace, self.name) == (other.namespace, other.name)
            and (self.created_at, self.updated_at) == (other.created_at, other.updated_at)
            and self.hidden == other.hidden
        )
