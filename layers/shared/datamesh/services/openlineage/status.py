"""How far the derivation from kept events has come."""

from datamesh.models.kept_events import EventStatus
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.files import DerivedFile
from datamesh.services.openlineage.queue import EventQueue
from datamesh.storage.document import Document


def read_status(
    context: RequestContext, queue: EventQueue | None, derived: Document[DerivedFile]
) -> EventStatus:
    """Return how many events wait, and when the latest were derived.

    Without a queue none ever waits. Raises StorageUnavailable.
    """
    if queue is None:
        return EventStatus(waiting=0, dead_letters=0, lag_seconds=0, derived_at=None)
    # First the queue: what it had is derived by the time that is read next, or still counts.
    depth, latest = queue.read_depth(context.deadline), derived.read_latest(context.deadline)
    return EventStatus(
        waiting=depth.waiting,
        dead_letters=depth.dead,
        lag_seconds=latest.waited_seconds,
        derived_at=latest.at,
    )
