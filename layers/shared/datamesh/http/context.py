"""The context of a request and its record in the audit trail, made from a Lambda event."""

from collections.abc import Mapping
from typing import Any

from ulid import ULID

from datamesh.http.gateway import find_principal, is_safe, read_grants
from datamesh.models.audit import AuditRecord
from datamesh.models.read_access import ReadAccess
from datamesh.models.values import utc_now
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions, create_unlimited_permissions
from datamesh.storage.backoff import Deadline
from datamesh.storage.former_names import Redirect
from datamesh.wiring.resources import Resources

MAX_USER_AGENT = 300
SCHEDULE = "schedule"
"""The principal of work that a schedule or an operator's invocation has started."""
EVENTS = "events"
"""The principal of the worker that derives from events, and of versions that it makes of events
which several have sent."""


def create_request_context(
    event: Any, resources: Resources, deadline: Deadline, read_access: ReadAccess
) -> RequestContext:
    """Return the context of a request from API Gateway (payload 2.0).

    Only a request that may write has an audit trail.
    """
    principal = find_principal(event)
    is_write = not is_safe(event)
    return RequestContext(
        principal=principal,
        deadline=deadline,
        permissions=Permissions(
            principal,
            own=read_grants(event) if principal else (),
            load=lambda: (
                resources.load_grants(principal, deadline, is_write=is_write) if principal else ()
            ),
            read_access=read_access,
            find_redirects=lambda: _find_known_redirects(resources),
        ),
        audit=resources.open_trail(create_request_record(event)) if is_write else None,
        open_versions=resources.open_product_versions,
    )


def _find_known_redirects(resources: Resources) -> Mapping[str, Redirect]:
    """Return the names that products have given up, as of the version in memory.

    Whoever asks has a product that was read before.
    """
    known = resources.registry.products.get_known()
    return known.renamed if known else {}


def create_request_record(event: Any) -> AuditRecord:
    """Return the record of a request from API Gateway: who asks for what."""
    context = event["requestContext"]
    at = utc_now()
    record_id = str(ULID.from_datetime(at))
    return AuditRecord(
        id=record_id,
        at=at,
        principal=find_principal(event),
        source_ip=context["http"].get("sourceIp", ""),
        user_agent=context["http"].get("userAgent", "")[:MAX_USER_AGENT],
        route=event["routeKey"],
        path=context["http"]["path"],
        request_id=context["requestId"],
        commit_id=record_id,
    )


def create_task_record(
    name: str, lambda_context: Any, path: str = "", principal: str = SCHEDULE
) -> AuditRecord:
    """Return the record of work that no request has started, under its name.

    `path` is that of the request which would do the same.
    """
    at = utc_now()
    record_id = str(ULID.from_datetime(at))
    return AuditRecord(
        id=record_id,
        at=at,
        principal=principal,
        source_ip="",
        user_agent="",
        route=name,
        path=path,
        request_id=lambda_context.aws_request_id,
        commit_id=record_id,
    )


def open_task(
    resources: Resources, record: AuditRecord, deadline: Deadline, principal: str | None = None
) -> tuple[RequestContext, AuditTrail]:
    """Return the context of work that no request has started, and its audit trail.

    Its principal is that of the record unless another is given, and may do everything.
    """
    principal = principal or record.principal
    assert principal
    trail = resources.open_trail(record)
    context = RequestContext(
        principal=principal,
        deadline=deadline,
        permissions=create_unlimited_permissions(principal),
        audit=trail,
        open_versions=resources.open_product_versions,
    )
    return context, trail
