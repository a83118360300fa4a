"""Count what the registry holds, now and day by day, compare two moments, and run the schedule."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import datetime
import os
from typing import Annotated

from fastapi import Query, Response
from pydantic import BeforeValidator

from datamesh.aws.api_usage import create_usage_reader
from datamesh.errors.requests import RefusedParameters
from datamesh.http.access import declare_read
from datamesh.http.app import create_app
from datamesh.http.changes_page import (
    ChangesSince,
    FeedCursor,
    FeedWait,
    build_changes_response,
    build_feed_response,
    check_feed_parameters,
    open_feed_reader,
)
from datamesh.http.dependencies import CurrentContext, CurrentResources, RegistryAsOf
from datamesh.http.entrypoint import Work, create_lambda_handler, create_task_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.parameters import (
    NEXT_OFFSET_HEADERS,
    Limit,
    Offset,
    Until,
    check_calendar_date,
)
from datamesh.models.changes import Changes, Feed
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import LineageStats
from datamesh.models.snapshot import Dependence, Metric, Ranking, Snapshot, Trend, Usage
from datamesh.models.values import utc_now
from datamesh.services.analytics import counts, snapshot_builder
from datamesh.services.operations import scheduled_run
from datamesh.services.permissions import Permissions
from datamesh.services.time_travel.changes import ChangesFilter, find_changes

SCHEDULED_SECONDS = 90.0
"""The time of a scheduled run, below the function's 120 s."""

app = create_app("Analytics")

RankedBy = Annotated[
    Ranking,
    Query(
        description="`reach`: the products downstream, however far. `downstream`, `upstream`: the"
        " neighbours on that side."
    ),
]
Day = Annotated[
    datetime.date | None,
    BeforeValidator(check_calendar_date),
    Query(description="The day; the latest that has a snapshot if left out."),
]
FirstDay = Annotated[
    datetime.date,
    BeforeValidator(check_calendar_date),
    Query(description="First day, inclusive.", examples=["2026-01-01"]),
]
LastDay = Annotated[
    datetime.date | None,
    BeforeValidator(check_calendar_date),
    # With an example, for the first day of the other is once more than a year before today.
    Query(description="Last day, inclusive; today if left out.", examples=["2026-12-31"]),
]
CHANGES_PAGE: Responses = {200: {"headers": NEXT_OFFSET_HEADERS}}


@app.get("/analytics/domains", responses=document_errors(410, 422, 503))
async def products_per_domain(context: CurrentContext, registry: RegistryAsOf) -> dict[str, int]:
    """Count the products of each domain.

    The answer has a number for each domain.
    """
    return counts.count_products_per_domain(context, registry)


@app.get("/analytics/lineage-stats", responses=document_errors(410, 422, 503))
async def lineage_stats(context: CurrentContext, registry: RegistryAsOf) -> LineageStats:
    """Count the lineage entries.

    The answer says how many there are, of which type, and how many products they connect.
    """
    return counts.count_lineage(context, registry)


@app.get(
    "/changes",
    response_model=Changes | Feed,
    responses=CHANGES_PAGE | document_errors(400, 410, 413, 422, 429, 503),
)
@declare_read(ReadKind.PAST)
async def changes(
    context: CurrentContext,
    resources: CurrentResources,
    since: ChangesSince = None,
    until: Until = None,
    product: Annotated[
        str | None, Query(description="The changes of this product, and of lineage from or to it.")
    ] = None,
    domain: Annotated[
        str | None,
        Query(
            description="The changes of products of this domain, and of lineage from or to one, in"
            " upper or lower case."
        ),
    ] = None,
    after: FeedCursor = None,
    wait: FeedWait = 0,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List what changed between two moments, or follow the commits.

    With `since` the answer has the products and lineage entries that were added, removed and
    changed. `limit` and `offset` apply to each list. While `X-Next-Offset` leads on, send the
    answer's `until` too. With `after` it is a feed: up to `limit` commits behind the cursor, each
    once, and the cursor to go on with.
    """
    only = ChangesFilter(product, domain)
    if after is not None:
        check_feed_parameters(since, until, offset)
        reader = open_feed_reader(resources, only)
        return build_feed_response(reader.read_page(after, limit, wait))
    if since is None:
        raise RefusedParameters({"since": "is required, or `after` to follow the commits"})
    if wait:
        raise RefusedParameters({"wait": "is for a feed: send `after` with it"})
    found = find_changes(
        context,
        resources.registry_at,
        resources.registry,
        since,
        until,
        only=only,
        limit=limit,
        offset=offset,
    )
    return build_changes_response(found)


@app.get("/analytics/snapshot", responses=document_errors(404, 422, 503))
async def snapshot(
    context: CurrentContext, resources: CurrentResources, date: Day = None
) -> Snapshot:
    """Read the snapshot of a day.

    The scheduled run keeps one a day: how much is registered, how complete and how connected it is.
    """
    return resources.snapshots.find_snapshot(context, date)


@app.get("/analytics/trends", responses=document_errors(400, 422, 503))
async def trends(
    context: CurrentContext,
    resources: CurrentResources,
    metric: Annotated[
        Metric, Query(description="The number to follow.", examples=["products.total"])
    ],
    since: FirstDay,
    until: LastDay = None,
) -> Trend:
    """Follow one number day by day.

    The answer has its value in each snapshot of at most 366 days.
    """
    return resources.snapshots.find_trend(context, metric, since, until or utc_now().date())


@app.get("/analytics/usage", responses=document_errors(404, 422, 503))
async def usage(
    context: CurrentContext, resources: CurrentResources, date: Day = None
) -> Usage | None:
    """Read how the API was used.

    The answer is about the day before that of the snapshot. It is null where nobody counts: usage
    comes from CloudWatch.
    """
    return resources.snapshots.find_snapshot(context, date).usage


@app.get("/analytics/top-products", responses=document_errors(410, 422, 503))
async def top_products(
    context: CurrentContext, registry: RegistryAsOf, by: RankedBy = Ranking.REACH, limit: Limit = 20
) -> list[Dependence]:
    """Rank products by what depends on them.

    The answer has the products on which most depends first, or those that depend on most.
    """
    return snapshot_builder.rank_products(context, registry, by, limit)


def scheduled(work: Work) -> dict[str, int]:
    """Remove what is no longer needed, keep a snapshot and a backup, and archive the past.

    `time` of the event is when the run was due.
    """
    kept = scheduled_run.run_schedule(
        work.context,
        work.resources.registry,
        work.resources.show_to(Permissions(None)).registry,  # snapshots are for everybody
        work.resources.snapshots,
        work.resources.backups,
        create_usage_reader(work.settings.usage_api_id),
        work.due,
        work.settings.stale_days,
    )
    archived = work.resources.keep_past(utc_now(), work.context.deadline)
    work.observer.count_past_at_risk(sum(each.is_at_risk for each in archived))
    return {
        "archived_versions": sum(each.entries for each in archived),
        "missing_versions": sum(each.gaps for each in archived),
        "lag_seconds": round(max(each.lag.total_seconds() for each in archived)),
        "pruned_lineage_entries": kept.pruned_lineage_entries,
        "products": kept.products.total,
        "lineage_entries": kept.lineage.total,
    }


handler = create_lambda_handler(app, os.environ)
scheduled_handler = create_task_handler(scheduled, os.environ, SCHEDULED_SECONDS)
