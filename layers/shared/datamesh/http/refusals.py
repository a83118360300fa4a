"""Tell the audit trail of a write what its principal lacks."""

from fastapi import Request

from datamesh.errors.access import Forbidden
from datamesh.models.access import Role
from datamesh.models.audit import AuditedRefusal


def note_refusal(request: Request, error: Exception) -> None:
    """Note a refusal in the audit trail of its request; a read has none."""
    context = getattr(request.state, "context", None)
    if context is None or context.audit is None:
        return
    refusal = AuditedRefusal(
        role=Role(error.role) if isinstance(error, Forbidden) else None,
        domain=error.domain if isinstance(error, Forbidden) else None,
        reason=str(error),
    )
    context.audit.note_refusal(refusal, context.permissions)
