"""Ingest OpenLineage events, answer as Marquez does, and derive the lineage anew."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from enum import Enum
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from msgspec import Raw
from pydantic import BeforeValidator

from datamesh.http import event_schema
from datamesh.http.answers import build_json_response, build_object_response, mark_truncation
from datamesh.http.app import create_app
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.entrypoint import Work, create_lambda_handler, create_task_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.event_body import read_event_json
from datamesh.http.parameters import (
    CUT_PAGE_HEADER,
    MAX_SKIPPED_PARTS,
    NEXT_OFFSET_HEADERS,
    SKIPPED_PARTS_HEADER,
    TRUNCATED_HEADER,
    X_SKIPPED_PARTS,
    X_TRUNCATED,
    Limit,
    Offset,
    describe_skipped_parts,
)
from datamesh.models.marquez import MarquezDatasets, MarquezGraph, MarquezNamespaces, MarquezResults
from datamesh.models.openlineage import BatchReport
from datamesh.services.marquez import graph, lists
from datamesh.services.marquez.index import NodeKind
from datamesh.services.openlineage.batch import ingest_batch
from datamesh.services.openlineage.ingest import IngestionResult, ingest_events
from datamesh.services.openlineage.parsing import receive_event
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage

REBUILD_SECONDS = 840.0
"""Below the function's 900 s."""
COMMIT_SECONDS = 180.0

app = create_app("OpenLineage")
MARQUEZ: list[str | Enum] = ["Marquez"]
"""The tag of the routes that answer as Marquez does."""
PAGE: Responses = {200: {"headers": NEXT_OFFSET_HEADERS}}
SEARCH: Responses = {200: {"headers": CUT_PAGE_HEADER}}
GRAPH: Responses = {200: {"headers": TRUNCATED_HEADER}}
SKIPPED: Responses = {201: {"headers": SKIPPED_PARTS_HEADER}}
SKIPPED_OF_BATCH: Responses = {200: {"headers": SKIPPED_PARTS_HEADER}}


def parse_choice(value: Any) -> Any:
    """Return a choice as the API's document has it: clients of Marquez also send `NAME`."""
    text = value.lower() if isinstance(value, str) else value
    return "update_at" if text == "updated_at" else text


def report_skipped(request: Request, answer: Response, ingested: IngestionResult) -> Response:
    """Return the answer, which says what of the events was not read; count and log that."""
    observer, parts = request.app.state.observer, ingested.skipped_parts
    observer.count_skipped_datasets(len(ingested.skipped))
    if parts:
        answer.headers[X_SKIPPED_PARTS] = describe_skipped_parts(parts)
        observer.count_skipped_parts(parts[:MAX_SKIPPED_PARTS], len(parts))
    return answer


KINDS: dict[str, NodeKind] = {"dataset": "DATASET", "job": "JOB"}
NodeId = Annotated[
    str,
    Query(
        alias="nodeId",
        description="The dataset or job: `dataset:<namespace>:<name>` or `job:<namespace>:<name>`.",
        examples=["dataset:sales:orders"],
    ),
]
Depth = Annotated[int, Query(ge=0, le=100, description="Follow lineage across this many jobs.")]


@app.post(
    "/api/v1/lineage",
    status_code=201,
    response_class=Response,
    responses=SKIPPED | document_errors(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra=event_schema.document_body(event_schema.EVENT),
)
async def post_event(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Response:
    """Ingest an OpenLineage event.

    The event is kept, and products and lineage are derived from it. It has up to 6 MiB, plain or
    with `Content-Encoding: gzip`. Sending an event again changes nothing, and finishes what an
    earlier try did not. A bad part of it, such as a dataset without a name, is not read, and
    `X-Skipped-Parts` tells where it stands.
    """
    ingested = ingest_events(
        context,
        registry,
        resources.open_event_pipeline(),
        [receive_event(await read_event_json(request))],
    )
    return report_skipped(request, Response(status_code=201), ingested)


@app.post(
    "/api/v1/lineage/batch",
    responses=SKIPPED_OF_BATCH | document_errors(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra=event_schema.document_body(event_schema.BATCH),
)
async def post_events(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
) -> BatchReport:
    """Ingest up to 100 OpenLineage events.

    The events are kept, and products and lineage are derived from all of them together. What is
    no event is reported.
    """
    report, ingested = ingest_batch(
        context, registry, resources.open_event_pipeline(), await read_event_json(request)
    )
    report_skipped(request, response, ingested)
    return report


@app.get(
    "/api/v1/lineage",
    tags=MARQUEZ,
    responses=GRAPH | document_errors(404, 413, 422, 503),
)
async def marquez_graph(
    context: CurrentContext,
    registry: CurrentRegistry,
    response: Response,
    node_id: NodeId,
    depth: Depth = 20,
) -> MarquezGraph:
    """Read the graph around a dataset or job.

    The answer has at most 500 nodes, nearest first. Datasets beyond 4 MB have no fields.
    `X-Truncated` tells whether anything is left out.
    """
    found = graph.build_graph(context, registry, node_id, depth)
    mark_truncation(response, found.is_cut)
    return found.graph


@app.get(
    "/api/v1/namespaces",
    tags=MARQUEZ,
    response_model=MarquezNamespaces,
    responses=PAGE | document_errors(422, 503),
)
async def marquez_namespaces(
    context: CurrentContext, registry: CurrentRegistry, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """List the namespaces of datasets and jobs.

    The domains of products are namespaces too.
    """
    page = lists.list_namespaces(context, registry, limit, offset)
    return build_object_response({"namespaces": Raw(page.array)}, page)


# API Gateway decodes the path: what comes before the last part is the namespace, slashes and all.
@app.get(
    "/api/v1/namespaces/{namespace:path}/datasets",
    tags=MARQUEZ,
    response_model=MarquezDatasets,
    responses=PAGE | document_errors(404, 422, 503),
)
async def marquez_datasets(
    namespace: Annotated[
        str, Path(description="Name of the namespace, percent-encoded.", examples=["sales"])
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the datasets of a namespace.

    A product without a dataset of OpenLineage is a dataset of its domain.
    """
    page = lists.list_datasets(context, registry, namespace, limit, offset)
    return build_object_response({"datasets": Raw(page.array), "totalCount": page.total}, page)


@app.get(
    "/api/v1/search",
    tags=MARQUEZ,
    response_model=MarquezResults,
    responses=SEARCH | document_errors(422, 503),
)
async def marquez_search(
    context: CurrentContext,
    registry: CurrentRegistry,
    q: Annotated[
        str,
        Query(
            min_length=1,
            description="Part of the name, in upper or lower case.",
            examples=["orders"],
        ),
    ],
    kind: Annotated[
        Literal["dataset", "job"] | None,
        BeforeValidator(parse_choice),
        Query(alias="filter", description="Find datasets or jobs alone, in lower or upper case."),
    ] = None,
    sort: Annotated[
        Literal["name", "update_at"],
        BeforeValidator(parse_choice),
        Query(
            description="By name, or the latest update first, in lower or upper case;"
            " `updated_at` is taken too."
        ),
    ] = "name",
    limit: Limit = 10,
) -> Response:
    """Search datasets and jobs by name.

    Those whose name contains `q` are found.
    """
    wanted = KINDS[kind] if kind else None
    by_time = sort == "update_at"
    page = lists.search_nodes(context, registry, q, wanted, by_time=by_time, limit=limit)
    answer = build_json_response({"totalCount": page.total, "results": Raw(page.array)})
    if page.is_cut:
        answer.headers[X_TRUNCATED] = "true"
    return answer


def rebuild_lineage(work: Work) -> dict[str, int]:
    """Derive the lineage anew from the events that are kept.

    Events are read until what is left of the time is needed for the two commits, or for noting how
    far the reading came.
    """
    return rebuild_derived_lineage(
        work.context,
        work.resources.registry,
        work.resources.open_event_pipeline(),
        lambda: work.context.deadline.remaining_seconds > COMMIT_SECONDS,
        events_expire=work.settings.event_retention_days > 0,
    )


handler = create_lambda_handler(app, os.environ)
rebuild_handler = create_task_handler(rebuild_lineage, os.environ, REBUILD_SECONDS)
