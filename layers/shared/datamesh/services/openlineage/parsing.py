"""Parses events, and computes the digest that an event is kept under."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from pydantic import JsonValue, ValidationError

from datamesh.errors.events import InvalidEvent
from datamesh.models.credentials import can_hold_credentials, cut_all_credentials
from datamesh.models.json_codec import decode_lenient, encode_canonical
from datamesh.models.openlineage import DatasetEvent, Event, JobEvent, RunEvent
from datamesh.services.openlineage.bad_parts import EventCleaner

MAX_PROBLEMS = 20
KINDS: Mapping[str, type[RunEvent] | type[JobEvent] | type[DatasetEvent]] = {
    "run": RunEvent,
    "job": JobEvent,
    "dataset": DatasetEvent,
}
"""The field that an event has -> its kind; the first that it has decides."""


@dataclass(frozen=True)
class ReceivedEvent:
    """An event, the canonical JSON that is kept of it, and the digest of that."""

    event: Event
    body: bytes
    digest: str
    skipped: tuple[str, ...] = ()
    """Where its bad parts stand, which are not read."""

    @property
    def name(self) -> str:
        """The key that it is kept under, within the folder of the events."""
        return f"{self.event.event_time.date().isoformat()}/{self.digest}.json.gz"


def read_digest(name: str) -> str:
    """Return the digest of the event that is kept under a key."""
    return name.rpartition("/")[2].partition(".")[0]


def receive_event(raw: JsonValue) -> ReceivedEvent:
    """Parse an event and encode it canonically, without the credentials in it.

    Raises InvalidEvent, which names the field.
    """
    body = _encode_event(raw)
    if can_hold_credentials(body):
        raw = cut_all_credentials(raw)
        body = _encode_event(raw)
    cleaner = EventCleaner()
    event = _parse_cleanly(raw, cleaner)
    return ReceivedEvent(event, body, sha256(body).hexdigest(), tuple(cleaner.skipped))


def parse_event(raw: JsonValue) -> Event:
    """Parse an event, without its bad parts. Raises InvalidEvent, which names the field."""
    return _parse_cleanly(raw, EventCleaner())


def decode_kept_event(body: bytes) -> JsonValue:
    """Return an event as it is kept, without credentials: earlier versions kept them.

    Raises ValueError if it is damaged.
    """
    event = decode_lenient(body)
    return cut_all_credentials(event) if can_hold_credentials(body) else event


def _encode_event(raw: JsonValue) -> bytes:
    try:
        return encode_canonical(raw)
    except ValueError:
        raise InvalidEvent([("", "has a number that is too large")]) from None


def _parse_cleanly(raw: JsonValue, cleaner: EventCleaner) -> Event:
    if not isinstance(raw, dict):
        raise InvalidEvent([("", "an event is a JSON object")])
    try:
        return _choose_event_class(raw).model_validate(cleaner.remove_bad_parts(raw))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]
        raise InvalidEvent(
            [
                (".".join(map(str, found["loc"])), found["msg"].removeprefix("Value error, "))
                for found in problems
            ]
        ) from None


def _choose_event_class(
    raw: dict[str, JsonValue],
) -> type[RunEvent] | type[JobEvent] | type[DatasetEvent]:
    """Return the kind of an event by what it has, as the specification tells them apart.

    Null is what it has not, as clients write it that send every field of a class.
    """
    present = {name for name in KINDS if raw.get(name) is not None} or raw.keys()
    for name, kind in KINDS.items():
        if name in present:
            return kind
    raise InvalidEvent([("run", "Field required, or job or dataset in its place")])
