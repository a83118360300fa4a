"""The context of what an operator does to a registry by command."""

from datamesh.services.audit.trail import NoAuditTrail
from datamesh.services.context import RequestContext
from datamesh.storage.backoff import Deadline


def create_operator_context(seconds: float) -> RequestContext:
    """Return a context that may commit, has so many seconds, and keeps no audit record (ADR 11)."""
    return RequestContext(principal=None, deadline=Deadline.from_now(seconds), audit=NoAuditTrail())
