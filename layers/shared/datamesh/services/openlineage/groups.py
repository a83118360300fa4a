"""Groups of kept events, as a worker takes them from the queue: derived together.

An event that cannot be derived ends in the dead-letter queue, alone and with its reason: the group
is halved until it stands by itself, and the others land. What storage does not take now is left in
the queue, which delivers it again.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched, groupby

from datamesh.errors.events import InvalidEvent
from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.files import DerivedFile
from datamesh.services.openlineage.ingest import EventPipeline, derive_events
from datamesh.services.openlineage.keeping import StoredEvent, list_audited, read_kept_event
from datamesh.services.openlineage.queue import EventQueue, decode_message
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Deadline
from datamesh.storage.event_log import EventLog
from datamesh.storage.parallel import map_in_parallel

logger = logging.getLogger(__name__)

MAX_GROUP = 1000
GROUP_SIZES = (MAX_GROUP, 100, 10)
"""How many events are derived together at their first, second and third delivery; then each alone.
What keeps a group from ending, such as an event that takes all memory, so concerns ever fewer."""
RESERVED_SECONDS = 5.0
"""The time that must be left for another group to begin."""
MAX_REASON = 1000


@dataclass(frozen=True)
class Delivery:
    """A message of the queue, as it was delivered."""

    id: str
    message: str
    count: int = 1
    """How often the message was delivered, this time included."""


@dataclass
class Group:
    """Deliveries and what becomes of them."""

    events: list[tuple[Delivery, StoredEvent]] = field(default_factory=list)
    poison: list[tuple[Delivery, str]] = field(default_factory=list)
    """Deliveries from which nothing can be derived, with the reason."""
    unfinished: list[Delivery] = field(default_factory=list)
    """Deliveries that the queue is to deliver again."""
    derived: list[StoredEvent] = field(default_factory=list)
    skipped: int = 0
    """How many datasets are no product and were not registered."""

    @property
    def principal(self) -> str | None:
        """The principal that has sent all of the events; None if several have."""
        found = {each.sender.principal for _, each in self.events if each.sender}
        return found.pop() if len(found) == 1 else None


def read_group(log: EventLog, deliveries: Sequence[Delivery], deadline: Deadline) -> Group:
    """Read the events of deliveries, each event once. Never raises: see `poison`, `unfinished`."""
    group, known = Group(), set()
    # Of an event that comes twice, the message that was delivered most often is kept.
    deliveries = sorted(deliveries, key=lambda each: each.count, reverse=True)

    def read_delivery(delivery: Delivery) -> StoredEvent | Exception | None:
        try:
            queued = decode_message(delivery.message)
            packed = queued.packed or log.find_packed(queued.name, deadline)
            return read_kept_event(queued.name, packed) if packed else None
        except (StorageUnavailable, InvalidEvent, ValueError) as error:
            return error

    found = map_in_parallel(read_delivery, deliveries)
    for delivery, event in zip(deliveries, found, strict=True):
        match event:
            case StoredEvent():
                if event.name not in known:
                    group.events.append((delivery, event))
                known.add(event.name)
            case StorageUnavailable():
                group.unfinished.append(delivery)
            case Exception():
                group.poison.append((delivery, str(event)))
            case None:
                logger.warning("an event that waited is kept no more: %.200s", delivery.message)
    return group


def derive_group(
    context: RequestContext, registry: Registry, pipeline: EventPipeline, group: Group
) -> None:
    """Derive from the events of a group; `group` says what became of each. Never raises.

    One audit record names the events, before the first commit and, those that landed, at the end.
    """
    _note_events(context, (event for _, event in group.events))
    for size, events in _split_by_size(group.events):
        into = replace(pipeline, is_repeated=size < MAX_GROUP)
        for some in batched(events, size, strict=False):
            _derive_halves(context, registry, into, group, some)
    _note_events(context, group.derived)


def _note_events(context: RequestContext, events: Iterable[StoredEvent]) -> None:
    if context.audit:
        context.audit.note_events(list_audited(events))


def _split_by_size(
    events: Iterable[tuple[Delivery, StoredEvent]],
) -> Iterable[tuple[int, list[tuple[Delivery, StoredEvent]]]]:
    """Yield the events that are derived together, and how many at most, the fresh ones first."""

    def get_count(item: tuple[Delivery, StoredEvent]) -> int:
        return min(item[0].count, len(GROUP_SIZES) + 1)

    for count, found in groupby(sorted(events, key=get_count), key=get_count):
        yield (*GROUP_SIZES, 1)[count - 1], list(found)


def _derive_halves(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    group: Group,
    events: Sequence[tuple[Delivery, StoredEvent]],
) -> None:
    """Derive from events together or, if one of them keeps the others from it, in halves."""
    if _attempt_events(context, registry, pipeline, group, events) or len(events) == 1:
        return
    middle, pipeline = len(events) // 2, replace(pipeline, is_repeated=True)
    for half in (events[:middle], events[middle:]):
        _derive_halves(context, registry, pipeline, group, half)


def _attempt_events(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    group: Group,
    events: Sequence[tuple[Delivery, StoredEvent]],
) -> bool:
    """Derive from events together, and return False if halves of them may fare better."""
    deliveries, kept = [delivery for delivery, _ in events], [event for _, event in events]
    if context.deadline.remaining_seconds < RESERVED_SECONDS:
        group.unfinished += deliveries
        return True
    try:
        result = derive_events(context, registry, pipeline, kept)
    except (StorageUnavailable, OutcomeUnknown, Contended) as error:
        logger.warning("%s events are left in the queue: %s", len(events), error)
        group.unfinished += deliveries
        return True
    # Whatever is wrong with an event, or with what reads it, no other event may wait for it.
    except Exception as error:
        if len(events) == 1:
            logger.exception("nothing can be derived from the event %s", kept[0].name)
            group.poison.append((deliveries[0], f"{type(error).__name__}: {error}"))
    else:
        group.derived += kept
        group.skipped += len(result.skipped)
        return True
    return False


def send_dead_letters(queue: EventQueue | None, group: Group, deadline: Deadline) -> None:
    """Put what nothing can be derived from into the dead-letter queue, each with its reason."""
    for delivery, reason in group.poison:
        try:
            if queue is None:
                raise StorageUnavailable("there is no dead-letter queue")
            queue.send_dead_letter(delivery.message, reason[:MAX_REASON], deadline)
        except StorageUnavailable as error:
            logger.warning("a message is left in the queue: %s", error)
            group.unfinished.append(delivery)


def note_derived(
    context: RequestContext, pipeline: EventPipeline, group: Group, now: Callable[[], datetime]
) -> None:
    """Note when the events of a group were derived, and how long the oldest had waited."""
    sent = [each.sender.at for each in group.derived if each.sender]
    if not sent:
        return
    at = now()
    found = {"at": at, "events": len(group.derived)}
    waited = round((at - min(sent)).total_seconds(), 3)

    def change(file: DerivedFile) -> tuple[DerivedFile, None]:
        return file.model_copy(update={**found, "waited_seconds": waited}), None

    try:
        pipeline.derived.commit(change, context.deadline)
    except (StorageUnavailable, OutcomeUnknown, Contended) as error:
        logger.warning("when events were derived is not noted: %s", error)
