"""Register lineage between products, and follow it."""

import os
from typing import Annotated

from fastapi import Path, Query, Response

from datamesh.http.app import create_app, one_page
from datamesh.http.errors import responses
from datamesh.http.parameters import Limit, Offset, Partial, TotalCount
from datamesh.http.runtime import CurrentRegistry, RegistryAsOf, lambda_handler
from datamesh.models.bulk import BulkReport, LineageBulk
from datamesh.models.lineage import LineageEntry, LineageRegistration, LineageType
from datamesh.models.responses import Written
from datamesh.services import lineage

app = create_app("Lineage")

PathName = Annotated[str, Path(description="Name of a product.", examples=["orders"])]
Name = Annotated[str | None, Query(description="Name of a product.")]


@app.post("/register_lineage", responses=responses(400, 401, 403, 409, 422, 429, 503))
async def register_lineage(
    registration: LineageRegistration, registry: CurrentRegistry
) -> Written[LineageEntry]:
    """Record that one registered product feeds another."""
    entry = lineage.register(registry, registration)
    return Written(message=f"Lineage '{entry.source}' -> '{entry.target}' registered", data=entry)


@app.post("/lineage/bulk", responses=responses(400, 401, 403, 409, 422, 429, 503))
async def register_lineage_entries(
    request: LineageBulk, registry: CurrentRegistry, partial: Partial = False
) -> Written[BulkReport]:
    """Register up to 1,000 entries in one commit: all of them, or with `partial` the good ones."""
    report = lineage.register_many(registry, request.items, partial=partial)
    return Written(message=f"{report.registered} lineage entries registered", data=report)


@app.get("/lineage", responses=TotalCount | responses(410, 422, 503))
async def list_lineage(
    response: Response,
    registry: RegistryAsOf,
    source: Name = None,
    target: Name = None,
    lineage_type: LineageType | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[LineageEntry]:
    """List lineage entries, oldest first."""
    found = lineage.find(
        registry,
        source=source,
        target=target,
        lineage_type=lineage_type,
        limit=limit,
        offset=offset,
    )
    return one_page(response, found)


@app.get("/lineage/upstream/{product_name}", responses=responses(404, 410, 422, 503))
async def upstream(product_name: PathName, registry: RegistryAsOf) -> list[LineageEntry]:
    """The entries that lead into a product, one hop."""
    return lineage.upstream(registry, product_name)


@app.get("/lineage/downstream/{product_name}", responses=responses(404, 410, 422, 503))
async def downstream(product_name: PathName, registry: RegistryAsOf) -> list[LineageEntry]:
    """The entries that lead out of a product, one hop."""
    return lineage.downstream(registry, product_name)


handler = lambda_handler(app, os.environ)
