"""From JSON to an event, and the digest that an event is kept under."""

import json
from dataclasses import dataclass
from hashlib import sha256

from pydantic import JsonValue, ValidationError

from datamesh.errors import InvalidEvent
from datamesh.models.openlineage import DatasetEvent, Event, JobEvent, RunEvent

MAX_PROBLEMS = 20


@dataclass(frozen=True)
class Received:
    """An event as it came and as it is read."""

    event: Event
    body: bytes
    digest: str

    @property
    def name(self) -> str:
        """Below `events/openlineage/`."""
        return f"{self.event.event_time.date().isoformat()}/{self.digest}.json.gz"


def received(raw: JsonValue) -> Received:
    """Raises InvalidEvent, which names the field."""
    event = parsed(raw)
    body = canonical(raw)
    return Received(event, body, sha256(body).hexdigest())


def canonical(raw: JsonValue) -> bytes:
    """Equal for equal JSON, whatever the order of its keys."""
    try:
        text = json.dumps(
            raw, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )
    except ValueError:
        raise InvalidEvent([("", "has a number that is too large")]) from None
    return text.encode()


def parsed(raw: JsonValue) -> Event:
    """Raises InvalidEvent, which names the field."""
    if not isinstance(raw, dict):
        raise InvalidEvent([("", "an event is a JSON object")])
    try:
        return _kind_of(raw).model_validate(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]
        raise InvalidEvent(
            [
                (".".join(map(str, found["loc"])), found["msg"].removeprefix("Value error, "))
                for found in problems
            ]
        ) from None


def _kind_of(raw: dict[str, JsonValue]) -> type[RunEvent] | type[JobEvent] | type[DatasetEvent]:
    """By what an event has, as the specification tells them apart."""
    if "run" in raw:
        return RunEvent
    if "job" in raw:
        return JobEvent
    if "dataset" in raw:
        return DatasetEvent
    raise InvalidEvent([("run", "Field required, or job or dataset in its place")])
