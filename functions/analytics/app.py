"""Counts over the registry, and the scheduled run that removes lineage garbage."""

import os

from datamesh.http.app import create_app
from datamesh.http.errors import responses
from datamesh.http.runtime import CurrentRegistry, lambda_handler, task_handler
from datamesh.models.responses import LineageStats
from datamesh.services import analytics

app = create_app("Analytics")


@app.get("/analytics/domains", responses=responses(503))
async def products_per_domain(registry: CurrentRegistry) -> dict[str, int]:
    """Domain -> number of products."""
    return analytics.products_per_domain(registry)


@app.get("/analytics/lineage-stats", responses=responses(503))
async def lineage_stats(registry: CurrentRegistry) -> LineageStats:
    """How much lineage there is, and of which type."""
    return analytics.lineage_stats(registry)


handler = lambda_handler(app, os.environ)
scheduled_handler = task_handler(analytics.scheduled_run, os.environ)
