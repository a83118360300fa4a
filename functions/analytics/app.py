"""Counts over the registry, what changed in it, and the scheduled run that removes garbage."""

import os

from datamesh.http.app import create_app
from datamesh.http.errors import responses
from datamesh.http.parameters import Limit, Since, Until
from datamesh.http.runtime import (
    CurrentResources,
    RegistryAsOf,
    lambda_handler,
    task_handler,
)
from datamesh.models.changes import Changes
from datamesh.models.responses import LineageStats
from datamesh.services import analytics
from datamesh.services import changes as registry_changes

app = create_app("Analytics")


@app.get("/analytics/domains", responses=responses(410, 422, 503))
async def products_per_domain(registry: RegistryAsOf) -> dict[str, int]:
    """Domain -> number of products."""
    return analytics.products_per_domain(registry)


@app.get("/analytics/lineage-stats", responses=responses(410, 422, 503))
async def lineage_stats(registry: RegistryAsOf) -> LineageStats:
    """How much lineage there is, and of which type."""
    return analytics.lineage_stats(registry)


@app.get("/changes", responses=responses(400, 410, 422, 503))
async def changes(
    resources: CurrentResources, since: Since, until: Until = None, limit: Limit = 100
) -> Changes:
    """What was added, removed and changed between two moments; `limit` goes for each list."""
    return registry_changes.between(resources.past, resources.registry, since, until, limit)


handler = lambda_handler(app, os.environ)
scheduled_handler = task_handler(analytics.scheduled_run, os.environ)
