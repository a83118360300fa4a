"""The answers of Marquez about events, and how many there were of what."""

from pydantic import JsonValue

from datamesh.models.marquez import CamelCaseModel
from datamesh.models.values import Timestamp


class MarquezEvents(CamelCaseModel):
    """A page of events, as they were sent."""

    events: list[dict[str, JsonValue]]
    total_count: int


class EventBucket(CamelCaseModel):
    """How many events of each kind an hour or a day has."""

    start_interval: Timestamp
    end_interval: Timestamp
    start: int = 0
    complete: int = 0
    fail: int = 0
    abort: int = 0


class CountBucket(CamelCaseModel):
    """How many there were at the end of an hour or a day."""

    start_interval: Timestamp
    end_interval: Timestamp
    count: int
