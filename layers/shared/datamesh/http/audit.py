"""Who asks for what, as the audit trail keeps it."""

from typing import Any

from ulid import ULID

from datamesh.http.app import principal_of
from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now

MAX_USER_AGENT = 300


def record_of(event: Any) -> AuditRecord:
    """Of a request from API Gateway (payload 2.0)."""
    context = event["requestContext"]
    at = utc_now()
    record_id = str(ULID.from_datetime(at))
    return AuditRecord(
        id=record_id,
        at=at,
        principal=principal_of(event),
        source_ip=context["http"].get("sourceIp", ""),
        user_agent=context["http"].get("userAgent", "")[:MAX_USER_AGENT],
        route=event["routeKey"],
        path=context["http"]["path"],
        request_id=context["requestId"],
        commit_id=record_id,
    )


def record_of_task(name: str, context: Any) -> AuditRecord:
    """Of work that nobody asked for."""
    at = utc_now()
    record_id = str(ULID.from_datetime(at))
    return AuditRecord(
        id=record_id,
        at=at,
        principal="schedule",
        source_ip="",
        user_agent="",
        route=name,
        path="",
        request_id=context.aws_request_id,
        commit_id=record_id,
    )
