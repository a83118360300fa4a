"""Keeping of events: what is kept of one, and who sent it.

An event that was answered 201 is kept. What follows from it is derived at once, or by a worker that
takes it from the queue (`services.openlineage.queue`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.kept_events import AuditedEvents, EventSender
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.parsing import (
    ReceivedEvent,
    decode_kept_event,
    parse_event,
    read_digest,
)
from datamesh.storage.event_log import EventLog, pack_event, unpack_event
from datamesh.storage.parallel import map_in_parallel


@dataclass(frozen=True)
class StoredEvent:
    """An event that is stored, and how."""

    received: ReceivedEvent
    packed: bytes
    sender: EventSender | None = None

    @property
    def name(self) -> str:
        """The key that it is kept under, within the folder of the events."""
        return self.received.name


def keep_events(
    context: RequestContext, log: EventLog, events: Sequence[ReceivedEvent]
) -> list[StoredEvent]:
    """Store events with who sent them: one conditional PUT each, and none has any other record.

    Raises StorageUnavailable and OutcomeUnknown.
    """
    sender = context.audit.sender if context.audit else None
    line = encode_model(sender) if sender else b""
    kept = [StoredEvent(each, pack_event(each.body, line), sender) for each in events]
    map_in_parallel(lambda each: log.store_event(each.name, each.packed, context.deadline), kept)
    return kept


def read_kept_event(name: str, packed: bytes) -> StoredEvent:
    """Read an event as it is stored. Raises InvalidEvent, or ValueError if it is damaged."""
    body, line = unpack_event(packed)
    received = ReceivedEvent(parse_event(decode_kept_event(body)), body, read_digest(name))
    return StoredEvent(received, packed, decode_model(EventSender, line) if line else None)


def list_audited(events: Iterable[StoredEvent]) -> tuple[AuditedEvents, ...]:
    """Return what an audit record says of events: their names, by who sent them from where."""
    found: dict[tuple[str | None, str, str], list[tuple[EventSender, str]]] = {}
    for each in events:
        if sender := each.sender:
            key = (sender.principal, sender.source_ip, sender.user_agent)
            found.setdefault(key, []).append((sender, each.name))
    return tuple(
        AuditedEvents(
            principal=principal,
            source_ip=source_ip,
            user_agent=user_agent,
            first_at=min(sender.at for sender, _ in sent),
            last_at=max(sender.at for sender, _ in sent),
            names=tuple(name.removesuffix(".json.gz") for _, name in sent),
        )
        for (principal, source_ip, user_agent), sent in found.items()
    )
