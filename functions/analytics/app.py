"""Figures of the registry, now and day by day, what changed in it, and the scheduled run."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import datetime
import os
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator, TypeAdapter

from datamesh.aws.api_usage import create_usage_reader
from datamesh.http.app import create_app
from datamesh.http.dependencies import CurrentContext, CurrentResources, RegistryAsOf
from datamesh.http.entrypoint import Work, create_lambda_handler, create_task_handler
from datamesh.http.errors import document_errors
from datamesh.http.parameters import Limit, Since, Until, check_calendar_date
from datamesh.models.changes import Changes
from datamesh.models.responses import LineageStats
from datamesh.models.snapshot import Dependence, Metric, Ranking, Snapshot, Trend, Usage
from datamesh.models.values import Timestamp, utc_now
from datamesh.services.analytics import counts, snapshot_builder
from datamesh.services.operations import scheduled_run
from datamesh.services.time_travel.changes import find_changes

SCHEDULED_SECONDS = 90.0
"""Below the function's 120 s."""

app = create_app("Analytics")

DUE: TypeAdapter[datetime.datetime] = TypeAdapter(Timestamp)
Day = Annotated[
    datetime.date | None,
    BeforeValidator(check_calendar_date),
    Query(description="The latest if left out."),
]
FirstDay = Annotated[
    datetime.date, BeforeValidator(check_calendar_date), Query(description="First day, inclusive.")
]
LastDay = Annotated[
    datetime.date | None,
    BeforeValidator(check_calendar_date),
    Query(description="Last day, inclusive; today if left out."),
]


@app.get("/analytics/domains", responses=document_errors(410, 422, 503))
async def products_per_domain(context: CurrentContext, registry: RegistryAsOf) -> dict[str, int]:
    """Domain -> number of products."""
    return counts.count_products_per_domain(context, registry)


@app.get("/analytics/lineage-stats", responses=document_errors(410, 422, 503))
async def lineage_stats(context: CurrentContext, registry: RegistryAsOf) -> LineageStats:
    """How much lineage there is, and of which type."""
    return counts.count_lineage(context, registry)


@app.get("/changes", responses=document_errors(400, 410, 422, 503))
async def changes(
    context: CurrentContext,
    resources: CurrentResources,
    since: Since,
    until: Until = None,
    limit: Limit = 100,
) -> Changes:
    """What was added, removed and changed between two moments; `limit` goes for each list."""
    return find_changes(context, resources.registry_at, resources.registry, since, until, limit)


@app.get("/analytics/snapshot", responses=document_errors(404, 422, 503))
async def snapshot(
    context: CurrentContext, resources: CurrentResources, date: Day = None
) -> Snapshot:
    """The figures that the scheduled run has kept of a day; the latest if no day is given."""
    return resources.snapshots.find_snapshot(context, date)


@app.get("/analytics/trends", responses=document_errors(400, 422, 503))
async def trends(
    context: CurrentContext,
    resources: CurrentResources,
    metric: Metric,
    since: FirstDay,
    until: LastDay = None,
) -> Trend:
    """One figure of the snapshots of at most 366 days."""
    return resources.snapshots.find_trend(context, metric, since, until or utc_now().date())


@app.get("/analytics/usage", responses=document_errors(404, 422, 503))
async def usage(
    context: CurrentContext, resources: CurrentResources, date: Day = None
) -> Usage | None:
    """How the API was used the day before that of a snapshot; null where nobody counts it."""
    return resources.snapshots.find_snapshot(context, date).usage


@app.get("/analytics/top-products", responses=document_errors(410, 422, 503))
async def top_products(
    context: CurrentContext, registry: RegistryAsOf, by: Ranking = Ranking.REACH, limit: Limit = 20
) -> list[Dependence]:
    """The products on which most depends, or that depend on most."""
    return snapshot_builder.rank_products(context, registry, by, limit)


def scheduled(work: Work) -> dict[str, int]:
    """Clear garbage away, keep a snapshot and a backup. `time` of the event is when it was due."""
    kept = scheduled_run.run_schedule(
        work.context,
        work.resources.registry,
        work.resources.snapshots,
        work.resources.backups,
        create_usage_reader(work.settings.usage_api_id),
        DUE.validate_python(work.event.get("time") or utc_now()),
        work.settings.stale_days,
    )
    return {
        "pruned_lineage_entries": kept.pruned_lineage_entries,
        "products": kept.products.total,
        "lineage_entries": kept.lineage.total,
    }


handler = create_lambda_handler(app, os.environ)
scheduled_handler = create_task_handler(scheduled, os.environ, SCHEDULED_SECONDS)
