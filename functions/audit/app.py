"""Read the audit trail: who changed what. For holders of a key."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import BeforeValidator

from datamesh.http.access import declare_read
from datamesh.http.app import create_app, require_principal
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.parameters import (
    CUT_PAGE_HEADER,
    X_TRUNCATED,
    Limit,
    Until,
    check_timestamp,
)
from datamesh.models.access import Role
from datamesh.models.audit import AuditPage
from datamesh.models.read_access import ReadKind
from datamesh.models.values import Timestamp, subtract_span, utc_now
from datamesh.services.audit import search

DEFAULT_SPAN = timedelta(days=7)

app = create_app("Audit")

Since = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(description="From this moment on (RFC 3339); seven days before `until` if left out."),
]
Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9A-Z]{26}([.]result)?[.]json$",
        description="`next` of the page before.",
    ),
]
AUDIT_PAGE: Responses = {200: {"headers": CUT_PAGE_HEADER}}


@app.get(
    "/audit",
    responses=AUDIT_PAGE | document_errors(400, 401, 403, 422, 503),
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.KEYED, Role.STEWARD)
async def audit(
    context: CurrentContext,
    resources: CurrentResources,
    response: Response,
    product: Annotated[str | None, Query(description="The records about this product.")] = None,
    principal: Annotated[
        str | None, Query(description="The records of this principal: the id of a key.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AuditPage:
    """List who changed what, oldest first.

    Every request that replaced a file of the registry, or was refused, has left a record: who, when
    and by which role, and what changed from what to what. Stewards read what is of their domains,
    administrators all.
    """
    context.permissions.check_role_somewhere(Role.STEWARD)
    end = until or utc_now()
    page = search.find_records(
        resources.audit_journal,
        resources.open_outcomes(),
        context.deadline,
        context.permissions,
        since=since or subtract_span(end, DEFAULT_SPAN),
        until=end,
        product=product,
        principal=principal,
        limit=limit,
        cursor=cursor,
    )
    if page.next is not None and len(page.records) < limit:
        response.headers[X_TRUNCATED] = "true"
    return page


handler = create_lambda_handler(app, os.environ)
