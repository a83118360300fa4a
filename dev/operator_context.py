"""The context of what an operator does to a registry by command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ulid import ULID

from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.context import RequestContext
from datamesh.services.permissions import create_unlimited_permissions
from datamesh.storage.backoff import Deadline

PRINCIPAL = "operator"
PERMISSIONS = create_unlimited_permissions(PRINCIPAL)


def create_reading_context(seconds: float) -> RequestContext:
    """Return a context of so many seconds that cannot commit."""
    return RequestContext(PRINCIPAL, Deadline.from_now(seconds), PERMISSIONS, audit=None)


@contextmanager
def open_audited_context(
    open_trail: Callable[[AuditRecord], AuditTrail], command: str, subject: str, seconds: float
) -> Iterator[RequestContext]:
    """Give a context whose commits leave an audit record (ADR 11).

    `GET /audit?principal=operator` finds it; its `route` is the command, its `path` the subject.
    """
    at = utc_now()
    record_id = str(ULID.from_datetime(at))
    record = AuditRecord(
        id=record_id,
        at=at,
        principal=PRINCIPAL,
        source_ip="",
        user_agent="",
        route=command,
        path=subject,
        request_id=record_id,
        commit_id=record_id,
    )
    trail = open_trail(record)
    context = RequestContext(PRINCIPAL, Deadline.from_now(seconds), PERMISSIONS, trail)
    status = 500
    try:
        yield context
        status = 200
    finally:
        trail.complete_record(status, context.deadline)
