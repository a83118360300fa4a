"""Register lineage between products, follow it, and remove it."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from fastapi import Response

from datamesh.models.access import Role
from datamesh.http.access import declare_write
from datamesh.http import lineage_columns
from datamesh.http.answers import (
    CSV,
    EXPORT_MEDIA_TYPES,
    JSON,
    build_json_response,
    build_page_response,
    mark_truncation,
)
from datamesh.http.app import create_app
from datamesh.http.dependencies import (
    CurrentContext,
    CurrentRegistry,
    CurrentResources,
    RegistryAsOf,
)
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.lineage_parameters import (
    Around,
    Depth,
    ExportAs,
    FollowedDirection,
    FollowedEntries,
    ImpactAs,
    MaxNodes,
    ProductPath,
    RemovedTarget,
    Source,
    SourceFilter,
    Target,
    TargetFilter,
    TransformationFilter,
    TypeFilter,
)
from datamesh.http.parameters import (
    LIST_PAGE,
    TRUNCATED_HEADER,
    Limit,
    Offset,
    Partial,
)
from datamesh.models.bulk import BulkReport, LineageBulk
from datamesh.models.graph import (
    MAX_DEPTH,
    MAX_NODES,
    Direction,
    Impact,
    ImpactFormat,
    LineageGraph,
    LineagePaths,
    NodeLinkGraph,
    RemovedLineage,
)
from datamesh.models.lineage import LineageEntry, LineageRegistration
from datamesh.models.responses import Written
from datamesh.services.lineage import (
    exports,
    graph,
    impact_csv,
    paths,
    queries,
    registration,
)
from datamesh.services.registry.registry import cut_page

app = create_app("Lineage")

TEXT = {"schema": {"type": "string"}}
IMPACT: Responses = {200: {"headers": TRUNCATED_HEADER, "content": {CSV: TEXT}}}
EXPORT: Responses = {
    200: {
        "headers": TRUNCATED_HEADER,
        "content": {
            kind: TEXT for kind in EXPORT_MEDIA_TYPES.values() if kind != "application/json"
        },
    }
}


@app.post("/register_lineage", responses=document_errors(400, 401, 403, 409, 422, 429, 503))
@declare_write(Role.CONTRIBUTOR)
async def register_lineage(
    request: LineageRegistration, context: CurrentContext, registry: CurrentRegistry
) -> Written[LineageEntry]:
    """Record that one product feeds another.

    Both must be registered, unless the operator has lineage register them. Several entries may lead
    from one product to another.
    """
    entry = registration.register_lineage(context, registry, request)
    return Written(message=f"Lineage '{entry.source}' -> '{entry.target}' registered", data=entry)


@app.post("/lineage/bulk", responses=document_errors(400, 401, 403, 409, 422, 429, 503))
@declare_write(Role.CONTRIBUTOR)
async def register_lineage_entries(
    request: LineageBulk,
    context: CurrentContext,
    registry: CurrentRegistry,
    partial: Partial = False,
) -> Written[BulkReport]:
    """Register up to 1,000 lineage entries in one commit.

    All of them are registered, or none. With `partial` the good ones are, and the report says what
    is wrong with the others.
    """
    report = registration.register_lineage_entries(
        context, registry, request.items, partial=partial
    )
    return Written(message=f"{report.registered} lineage entries registered", data=report)


@app.get(
    "/lineage",
    response_model=list[LineageEntry],
    responses=LIST_PAGE | document_errors(410, 422, 503),
)
async def list_lineage(
    context: CurrentContext,
    registry: RegistryAsOf,
    source: SourceFilter = None,
    target: TargetFilter = None,
    lineage_type: TypeFilter = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List lineage entries, oldest first.

    Entries that meet all filters are listed. `X-Total-Count` says how many there are.
    """
    found = queries.find_lineage(
        context,
        registry,
        source=source,
        target=target,
        lineage_type=lineage_type,
        limit=limit,
        offset=offset,
    )
    return build_page_response(found)


@app.get(
    "/lineage/upstream/{product_name}",
    response_model=list[LineageEntry],
    responses=LIST_PAGE | document_errors(301, 404, 410, 422, 503),
)
async def upstream(
    product_name: ProductPath,
    context: CurrentContext,
    registry: RegistryAsOf,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Follow lineage upstream, one hop.

    The answer has the entries that lead into the product, oldest first. `X-Total-Count` says how
    many there are.
    """
    found = queries.find_upstream(context, registry, product_name)
    return build_page_response(cut_page(found, limit, offset))


@app.get(
    "/lineage/downstream/{product_name}",
    response_model=list[LineageEntry],
    responses=LIST_PAGE | document_errors(301, 404, 410, 422, 503),
)
async def downstream(
    product_name: ProductPath,
    context: CurrentContext,
    registry: RegistryAsOf,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Follow lineage downstream, one hop.

    The answer has the entries that lead out of the product, oldest first. `X-Total-Count` says how
    many there are.
    """
    found = queries.find_downstream(context, registry, product_name)
    return build_page_response(cut_page(found, limit, offset))


@app.get(
    "/lineage/graph/{product}",
    response_model=LineageGraph,
    responses=document_errors(301, 404, 410, 413, 422, 503),
)
async def lineage_graph(
    product: ProductPath,
    context: CurrentContext,
    resources: CurrentResources,
    registry: RegistryAsOf,
    only: FollowedEntries,
    direction: FollowedDirection = Direction.BOTH,
    depth: Depth = 10,
    max_nodes: MaxNodes = MAX_NODES,
) -> Response:
    """Build the lineage graph around a product.

    The answer has the products around it, nearest first, and the entries between them.

    `min_confidence` and `lineage_type` choose the entries that are followed. A product's distance
    is the fewest hops to it; its path confidence is the best product of confidences over all paths
    to it through products of the answer. With `both` the answer is the walk upstream and the walk
    downstream together, not the entries that lead past the product. At most `max_nodes` products,
    those of one distance by their names, and 10,000 entries, those of the nearest products first;
    `truncated` tells whether there are more. Cycles are named and never walked twice.
    """
    now = registry is resources.registry
    found = graph.encode_graph(
        context,
        registry,
        product,
        direction=direction,
        depth=depth,
        only=only,
        max_nodes=max_nodes,
        # What is hidden is counted now, not at a moment of the past.
        find_everything=resources.find_everything if now else lambda: None,
    )
    return Response(found, media_type=JSON)


@app.get(
    "/lineage/impact/{product}",
    response_model=Impact,
    responses=IMPACT | document_errors(301, 404, 410, 413, 422, 503),
)
async def lineage_impact(
    product: ProductPath,
    context: CurrentContext,
    registry: RegistryAsOf,
    only: FollowedEntries,
    depth: Depth = MAX_DEPTH,
    max_nodes: MaxNodes = MAX_NODES,
    format: ImpactAs = ImpactFormat.JSON,
) -> Response:
    """Find what a change of a product affects.

    The answer has everything downstream of it, by domain and owner: who has to be told.

    Distances, path confidences and filters are those of `/lineage/graph`. As CSV there is a line
    for each product; a cell that a spreadsheet would calculate begins with an apostrophe.
    """
    found = graph.find_impact(
        context, registry, product, depth=depth, only=only, max_nodes=max_nodes
    )
    if format is ImpactFormat.CSV:
        answer = Response(impact_csv.write_impact_csv(found), media_type=CSV)
    else:
        answer = build_json_response(found)
    return mark_truncation(answer, found["truncated"])


@app.get("/lineage/path", responses=document_errors(404, 410, 413, 422, 503))
async def lineage_path(
    source: Source,
    target: Target,
    context: CurrentContext,
    registry: RegistryAsOf,
    only: FollowedEntries,
    depth: Depth = MAX_DEPTH,
) -> LineagePaths:
    """Find the best paths from one product to another.

    The answer has the most confident path downstream, and the shortest, of at most `depth` hops;
    ties are broken by the other criterion. Both are null when no path leads there: that is an
    answer about two registered products, not an error.
    """
    return paths.find_paths(context, registry, source, target, depth=depth, only=only)


@app.get(
    "/lineage/export",
    response_model=NodeLinkGraph,
    responses=EXPORT | document_errors(404, 410, 413, 422, 503),
)
async def lineage_export(
    context: CurrentContext,
    registry: RegistryAsOf,
    only: FollowedEntries,
    format: ExportAs,
    product: Around = None,
    direction: FollowedDirection = Direction.BOTH,
    depth: Depth = 10,
) -> Response:
    """Export the lineage graph for another tool.

    The answer has the whole graph, or that around `product`.

    `mermaid`: a flowchart of at most 500 entries and 50,000 bytes, which is what Mermaid accepts;
    `dot` for Graphviz, `graphml`, and `json`, which is networkx' node-link form: at most 1,000
    products, 10,000 entries and 3 MB. `X-Truncated` tells whether there is more. Without `product`,
    `direction` and `depth` say nothing.
    """
    found = exports.export_graph(
        context, registry, format, product=product, direction=direction, depth=depth, only=only
    )
    return mark_truncation(
        Response(found.text, media_type=EXPORT_MEDIA_TYPES[format]), found.truncated
    )


app.router.routes += lineage_columns.router.routes


@app.delete("/lineage", responses=document_errors(401, 403, 404, 409, 422, 503))
@declare_write(Role.CONTRIBUTOR)
async def remove_lineage(
    source: Source,
    target: RemovedTarget,
    context: CurrentContext,
    registry: CurrentRegistry,
    transformation: TransformationFilter = None,
) -> Written[RemovedLineage]:
    """Remove the lineage from one product to another.

    All entries that lead from `source` to `target` are removed in one commit, or only those with
    the given `transformation`.
    """
    removed = registration.remove_lineage(context, registry, source, target, transformation)
    return Written(message=f"Lineage '{source}' -> '{target}' removed", data=removed)


handler = create_lambda_handler(app, os.environ)
