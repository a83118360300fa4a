"""The queue between keeping an event and deriving from it: at least once, in any order.

Order and repetition never show in what is derived (docs/adr/0012-openlineage.md), so that a plain
queue is enough. A message has the event as it is stored, or only its name if that is large.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from datamesh.errors.storage import QueueFull
from datamesh.models.json_codec import decode_lenient, encode_value
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.keeping import StoredEvent, keep_events
from datamesh.services.openlineage.parsing import ReceivedEvent
from datamesh.storage.backoff import Deadline
from datamesh.storage.event_log import EventLog

MAX_INLINE = 24_000
"""How long a message with the event in it may be; ten such are sent at once, of 256 KiB at most."""
MAX_WAITING = 100_000
"""How many events may wait: more are refused, for minutes would pass before they show."""


@dataclass(frozen=True)
class QueueDepth:
    """How many events are in the queue, as far as it can tell: SQS counts approximately."""

    waiting: int
    """Events that were kept and that nothing is derived from yet."""
    dead: int
    """Events in the dead-letter queue, from which nothing could be derived."""


class EventQueue(Protocol):
    """Where the messages of kept events wait for a worker."""

    def send(self, messages: Sequence[str], deadline: Deadline) -> None:
        """Put messages into the queue; some may be there already if it fails.

        Raises StorageUnavailable.
        """
        ...

    def send_dead_letter(self, message: str, reason: str, deadline: Deadline) -> None:
        """Put a message into the dead-letter queue. Raises StorageUnavailable."""
        ...

    def read_depth(self, deadline: Deadline) -> QueueDepth:
        """Return how many events are in the queue. Raises StorageUnavailable."""
        ...

    def read_recent_depth(self, deadline: Deadline) -> QueueDepth:
        """Return that of a few seconds ago at most. Raises StorageUnavailable."""
        ...


@dataclass(frozen=True)
class QueuedEvent:
    """The content of a message: where an event is kept, and the event unless it is large."""

    name: str
    packed: bytes | None


def send_to_queue(
    context: RequestContext, log: EventLog, queue: EventQueue, events: Sequence[ReceivedEvent]
) -> None:
    """Keep events and put them into the queue.

    An event that is sent again is found where it is kept, and put into the queue again. Raises
    QueueFull before anything is kept; StorageUnavailable and OutcomeUnknown.
    """
    if queue.read_recent_depth(context.deadline).waiting >= MAX_WAITING:
        raise QueueFull(MAX_WAITING)
    kept = keep_events(context, log, events)
    queue.send([encode_message(each) for each in kept], context.deadline)


def encode_message(event: StoredEvent) -> str:
    """Return the message of a kept event."""
    fields = {"name": event.name, "event": b64encode(event.packed).decode()}
    if len(fields["event"]) > MAX_INLINE:
        del fields["event"]
    return encode_value(fields).decode()


def decode_message(message: str) -> QueuedEvent:
    """Return what a message says. Raises ValueError if it is none."""
    match decode_lenient(message):
        case {"name": str() as name, "event": str() as packed}:
            return QueuedEvent(name, b64decode(packed, validate=True))
        case {"name": str() as name}:
            return QueuedEvent(name, None)
    raise ValueError("it names no event")
