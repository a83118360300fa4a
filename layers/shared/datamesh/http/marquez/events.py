"""Read the events that were kept, as Marquez lists them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Path, Query, Response
from msgspec import Raw
from pydantic import BeforeValidator

from datamesh.http.access import declare_read
from datamesh.http.answers import build_json_response, mark_truncation
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.errors import Responses
from datamesh.http.marquez.parameters import (
    Limit,
    Moment,
    create_router,
    document_errors,
    parse_choice,
)
from datamesh.http.marquez.paths import decode_segment
from datamesh.http.parameters import TRUNCATED_HEADER, Offset
from datamesh.models.marquez_events import MarquezEvents
from datamesh.models.read_access import ReadKind
from datamesh.services.context import RequestContext
from datamesh.services.marquez import events
from datamesh.services.marquez.restricted_metrics import HiddenColumns
from datamesh.wiring.resources import Resources

router = create_router()
EVENTS: Responses = {200: {"headers": TRUNCATED_HEADER}}
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 1, 1, tzinfo=UTC)
SortDirection = Annotated[
    Literal["desc", "asc"],
    BeforeValidator(parse_choice),
    Query(alias="sortDirection", description="The newest first, or the oldest, in any case."),
]


@router.get(
    "/api/v1/events/lineage",
    response_model=MarquezEvents,
    responses=EVENTS | document_errors(422, 503),
)
@declare_read(ReadKind.EVENTS)
async def marquez_lineage_events(
    context: CurrentContext,
    resources: CurrentResources,
    before: Moment = None,
    after: Moment = None,
    sort_direction: SortDirection = "desc",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the events that were kept.

    They have times from `after` to before `before`. At most 1,000 are read for an answer, whole
    days first, and at most 10,000 are counted; `X-Truncated` tells whether there are more.
    """
    return _answer_events(context, resources, None, before, after, sort_direction, limit, offset)


@router.get(
    "/api/v1/events", response_model=MarquezEvents, responses=EVENTS | document_errors(422, 503)
)
@declare_read(ReadKind.EVENTS)
async def marquez_events(
    context: CurrentContext,
    resources: CurrentResources,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the newest events.

    Marquez' Python client asks for them here.
    """
    return _answer_events(context, resources, None, None, None, "desc", limit, offset)


@router.get(
    "/api/v1/events/{namespace}",
    response_model=MarquezEvents,
    responses=EVENTS | document_errors(422, 503),
)
@declare_read(ReadKind.EVENTS)
async def marquez_events_of_namespace(
    namespace: Annotated[
        str,
        BeforeValidator(decode_segment),
        Path(description="Namespace of jobs, percent-encoded.", examples=["nightly"]),
    ],
    context: CurrentContext,
    resources: CurrentResources,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the newest events of the jobs of a namespace.

    They are looked for among the newest 1,000 events.
    """
    return _answer_events(context, resources, namespace, None, None, "desc", limit, offset)


def _answer_events(
    context: RequestContext,
    resources: Resources,
    namespace: str | None,
    before: datetime | None,
    after: datetime | None,
    direction: events.Direction,
    limit: int,
    offset: int,
) -> Response:
    page = events.list_events(
        context,
        resources.open_event_pipeline().log,
        after=max(after or FIRST, FIRST),
        before=min(before or LAST, LAST),
        namespace=namespace,
        direction=direction,
        limit=limit,
        offset=offset,
        hidden=resources.find_hidden_names(context.deadline),
        columns=HiddenColumns(context, resources.registry, resources.data.list_hidden),
    )
    array = Raw(b"[%b]" % b",".join(page.items))
    answer = build_json_response({"events": array, "totalCount": page.total})
    return mark_truncation(answer, page.is_cut)
