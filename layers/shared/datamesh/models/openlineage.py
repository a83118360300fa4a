"""OpenLineage events, as far as the registry reads them (specification 2-0-2, OpenLineage.json).

What is required there is checked; facets are free: whatever an event carries is kept, and what a
facet says is read with care (`services.openlineage.facets`).
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from datamesh.models.products import MAX_DATASET_NAME_LENGTH, DatasetName
from datamesh.models.values import Timestamp, example

MAX_EVENTS = 100
"""Of a batch. Each is an object to create, and a request has its time."""


def with_time(value: object) -> object:
    """Keep pydantic from taking a number for seconds since 1970, or a date for a time."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("must be a date and time, as in RFC 3339")
    return value


def within_years(value: object) -> object:
    """The first and the last day of the calendar have times that are on no day in UTC."""
    if isinstance(value, str) and (value.startswith("0001") or value.startswith("9999")):
        raise ValueError("must be a time after year 1 and before year 9999")
    return value


def nothing_as_empty(value: object) -> object:
    return {} if value is None else value


EventTime = Annotated[Timestamp, BeforeValidator(within_years), BeforeValidator(with_time)]
Facets = Annotated[dict[str, object], BeforeValidator(nothing_as_empty)]
Address = Annotated[str, Field(min_length=1)]


class EventJob(BaseModel):
    namespace: str = Field(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)
    name: str = Field(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)
    facets: Facets = {}


class EventRun(BaseModel):
    run_id: UUID = Field(alias="runId")
    facets: Facets = {}


class EventDataset(DatasetName):
    """A dataset as an event shows it: as an input, as an output, or on its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    facets: Facets = Field(default={})
    input_facets: Facets = Field(alias="inputFacets", default={})
    output_facets: Facets = Field(alias="outputFacets", default={})

    @property
    def dataset(self) -> DatasetName:
        return DatasetName(namespace=self.namespace, name=self.name)


Datasets = Annotated[
    list[EventDataset], BeforeValidator(lambda value: [] if value is None else value)
]


class BaseEvent(BaseModel):
    event_time: EventTime = Field(alias="eventTime")
    producer: Address
    schema_url: Address = Field(alias="schemaURL")


class JobEvent(BaseEvent):
    job: EventJob
    inputs: Datasets = []
    outputs: Datasets = []


class RunEvent(JobEvent):
    event_type: Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] | None = Field(
        alias="eventType", default=None
    )
    run: EventRun


class DatasetEvent(BaseEvent):
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
    """An event of a batch that is none."""

    index: int = Field(description="Its place in the request, from 0.")
    reason: str
    retriable: bool


class BatchSummary(BaseModel):
    received: int
    successful: int
    failed: int
    retriable: int
    non_retriable: int


class BatchReport(BaseModel):
    """The answer to a batch (specification, OpenLineage.yml, postEventBatch)."""

    model_config = ConfigDict(
        json_schema_extra=example(
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

    status: Literal["success", "partial_success", "error"]
    summary: BatchSummary
    failed_events: list[FailedEvent]
