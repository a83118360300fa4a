"""Read Marquez' statistics."""

from typing import Annotated, Literal

from fastapi import Path, Query, Response
from pydantic import BeforeValidator

from datamesh.http.answers import mark_truncation
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.errors import Responses
from datamesh.http.marquez.parameters import create_router, document_errors
from datamesh.http.parameters import TRUNCATED_HEADER
from datamesh.models.marquez_events import CountBucket, EventBucket
from datamesh.services.marquez import stats

router = create_router()
EVENTS: Responses = {200: {"headers": TRUNCATED_HEADER}}


def parse_period(value: object) -> object:
    """Return the name of a period in upper case."""
    return value.upper() if isinstance(value, str) else value


PeriodName = Annotated[
    Literal["DAY", "WEEK"],
    BeforeValidator(parse_period),
    Query(description="The last 24 hours, or the last 7 days, in upper or lower case."),
]
TimeZone = Annotated[
    str, Query(max_length=100, description="Time zone in which days begin.", examples=["UTC"])
]


@router.get("/api/v1/stats/lineage-events", responses=EVENTS | document_errors(422, 503))
async def marquez_event_stats(
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
    period: PeriodName = "DAY",
    timezone: TimeZone = "UTC",
) -> list[EventBucket]:
    """Count the events of each hour or day.

    At most 1,000 events are read, the newest days first; `X-Truncated` tells whether there are
    more.
    """
    log = resources.open_event_pipeline().log
    hidden = resources.find_hidden_names(context.deadline)
    buckets, is_cut = stats.count_events(context, log, registry.now(), period, timezone, hidden)
    mark_truncation(response, is_cut)
    return buckets


@router.get("/api/v1/stats/{counted}", responses=document_errors(422, 503))
async def marquez_stats(
    counted: Annotated[
        Literal["jobs", "datasets", "sources"],
        Path(description="What is counted.", examples=["jobs"]),
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
    period: PeriodName = "DAY",
    timezone: TimeZone = "UTC",
) -> list[CountBucket]:
    """Count jobs, datasets or sources by hour or day.

    A count is that at the end of the interval. What is registered now is counted, from the moment
    that it was.
    """
    return stats.count_registered(context, registry, counted, period, timezone)
