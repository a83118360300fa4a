"""OpenLineage events, as far as the registry reads them (specification 2-0-2, OpenLineage.json).

What nothing can be read without is checked, after bad parts are left out (see
`services.openlineage.bad_parts`). Facets are not: each is stored as it came, and
`services.openlineage.facets` reads them with care.
"""

from hashlib import md5
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from datamesh.models.products import MAX_DATASET_NAME_LENGTH, DatasetName
from datamesh.models.values import Timestamp, show_example

MAX_EVENTS = 100
"""The most events of a batch. Each becomes an object, and a request has limited time."""


def require_time(value: object) -> object:
    """Return the value. Raises ValueError unless it is text with date and time.

    Pydantic would take a number for seconds since 1970, and a date for midnight.
    """
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("must be a date and time, as in RFC 3339")
    return value


def require_utc_year(value: object) -> object:
    """Return the value. Raises ValueError for times of the years 1 and 9999.

    On the first and last day of the calendar, some of them have no date in UTC.
    """
    if isinstance(value, str) and (value.startswith("0001") or value.startswith("9999")):
        raise ValueError("must be a time after year 1 and before year 9999")
    return value


def replace_null(value: object) -> object:
    """Return the value, or an empty object for null."""
    return {} if value is None else value


EventTime = Annotated[Timestamp, BeforeValidator(require_utc_year), BeforeValidator(require_time)]
Facets = Annotated[dict[str, object], BeforeValidator(replace_null)]
Address = Annotated[str, Field(min_length=1)]
EventType = Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


class EventJob(BaseModel):
    """The job of an event."""

    namespace: str = Field(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)
    name: str = Field(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)
    facets: Facets = {}


def parse_run_id(value: object) -> object:
    """Return the UUID of a run: of a text that is none, the one that Marquez makes of it.

    That is Java's `UUID.nameUUIDFromBytes`, a UUID of version 3 without a namespace.
    """
    if not isinstance(value, str) or not value:
        return value
    try:
        return UUID(value)
    except ValueError:
        digest = md5(value.encode("utf-8", "replace"), usedforsecurity=False).digest()
        return UUID(bytes=digest, version=3)


class EventRun(BaseModel):
    """The run of an event: one execution of its job."""

    run_id: Annotated[UUID, BeforeValidator(parse_run_id)] = Field(alias="runId")
    facets: Facets = {}


class EventDataset(DatasetName):
    """A dataset of an event: an input, an output, or the subject of a DatasetEvent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    facets: Facets = Field(default={})
    input_facets: Facets = Field(alias="inputFacets", default={})
    output_facets: Facets = Field(alias="outputFacets", default={})

    @property
    def dataset(self) -> DatasetName:
        """The name alone, without facets."""
        return DatasetName(namespace=self.namespace, name=self.name)


Datasets = Annotated[
    list[EventDataset], BeforeValidator(lambda value: [] if value is None else value)
]


class BaseEvent(BaseModel):
    """The fields that all events have."""

    event_time: EventTime = Field(alias="eventTime")
    producer: Address


class JobEvent(BaseEvent):
    """Metadata of a job, outside of a run."""

    job: EventJob
    inputs: Datasets = []
    outputs: Datasets = []


class RunEvent(JobEvent):
    """A change in the state of a run."""

    event_type: EventType | None = Field(alias="eventType", default=None)
    run: EventRun


class DatasetEvent(BaseEvent):
    """Metadata of a dataset, outside of a run."""

    dataset: EventDataset


type Event = RunEvent | JobEvent | DatasetEvent

EVENT_EXAMPLE: dict[str, JsonValue] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T09:30:00Z",
    "run": {"runId": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"},
    "job": {"namespace": "nightly", "name": "daily_revenue"},
    "inputs": [{"namespace": "postgres://db.example.com:5432", "name": "shop.public.orders"}],
    "outputs": [{"namespace": "postgres://db.example.com:5432", "name": "shop.public.revenue"}],
    "producer": "https://example.com/scheduler",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
}


class FailedEvent(BaseModel):
    """An item of a batch that was not accepted as an event."""

    index: int = Field(description="Position of the item in the request, from 0.")
    reason: str
    retriable: bool


class BatchSummary(BaseModel):
    """How many events of a batch were received, stored and refused."""

    received: int
    successful: int
    failed: int
    retriable: int
    non_retriable: int


class BatchReport(BaseModel):
    """The answer to a batch (specification, OpenLineage.yml, postEventBatch)."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {
                "status": "partial_success",
                "summary": {
                    "received": 2,
                    "successful": 1,
                    "failed": 1,
                    "retriable": 0,
                    "non_retriable": 1,
                },
                "failed_events": [
                    {"index": 1, "reason": "eventTime: Field required", "retriable": False}
                ],
            }
        )
    )

    status: Literal["success", "partial_success"]
    summary: BatchSummary
    failed_events: list[FailedEvent]
