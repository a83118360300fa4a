"""Keep OpenLineage events, derive from those of the queue, and derive the lineage anew."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from fastapi import Request, Response

from datamesh.models.access import Role
from datamesh.models.declared_access import Place
from datamesh.http.access import declare_write
from datamesh.http import event_schema
from datamesh.http.app import create_app
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.entrypoint import Work, create_lambda_handler, create_task_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.event_body import read_event_json
from datamesh.http.event_queue import create_queue_handler
from datamesh.http.parameters import (
    MAX_SKIPPED_PARTS,
    SKIPPED_PARTS_HEADER,
    X_SKIPPED_PARTS,
    describe_skipped_parts,
)
from datamesh.models.openlineage import BatchReport
from datamesh.services.openlineage.batch import accept_batch, accept_events
from datamesh.services.openlineage.ingest import IngestionResult
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.openlineage.sender import receive_event_of_sender

REBUILD_SECONDS = 840.0
"""The time of a rebuild, below the function's 900 s."""
COMMIT_SECONDS = 180.0
DERIVE_SECONDS = 35.0
"""The time to begin attempts. What must follow ends within 14 s more, below the function's 60 s."""

app = create_app("OpenLineage")
SKIPPED: Responses = {201: {"headers": SKIPPED_PARTS_HEADER}}
SKIPPED_OF_BATCH: Responses = {200: {"headers": SKIPPED_PARTS_HEADER}}


def report_skipped(request: Request, answer: Response, ingested: IngestionResult) -> Response:
    """Return the answer, which says what of the events was not read; count and log that."""
    observer, parts = request.app.state.observer, ingested.skipped_parts
    observer.count_skipped_datasets(len(ingested.skipped))
    if parts:
        answer.headers[X_SKIPPED_PARTS] = describe_skipped_parts(parts)
        observer.count_skipped_parts(parts[:MAX_SKIPPED_PARTS], len(parts))
    return answer


@app.post(
    "/api/v1/lineage",
    status_code=201,
    response_class=Response,
    responses=SKIPPED | document_errors(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra=event_schema.document_body(event_schema.EVENT),
)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE)
async def post_event(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Response:
    """Send an OpenLineage event.

    201 says that the event is kept. Products and lineage are derived from it within seconds;
    `GET /openlineage/status` tells how many events wait. It has up to 6 MiB, plain or
    with `Content-Encoding: gzip`. Sending an event again changes nothing, and finishes what an
    earlier try did not. A bad part of it, such as a dataset without a name, is not read, and
    `X-Skipped-Parts` tells where it stands.
    """
    pipeline, queue = resources.open_event_pipeline(), resources.open_event_queue()
    raw = await read_event_json(request)
    received = receive_event_of_sender(context.permissions, pipeline.policy, raw)
    ingested = accept_events(context, registry, pipeline, queue, [received])
    return report_skipped(request, Response(status_code=201), ingested)


@app.post(
    "/api/v1/lineage/batch",
    responses=SKIPPED_OF_BATCH | document_errors(400, 401, 403, 409, 413, 422, 429, 503),
    openapi_extra=event_schema.document_body(event_schema.BATCH),
)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE, refusal="in the report")
async def post_events(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
) -> BatchReport:
    """Send up to 100 OpenLineage events.

    The events are kept, and products and lineage are derived from them within seconds. What is
    no event is reported.
    """
    pipeline, queue = resources.open_event_pipeline(), resources.open_event_queue()
    raw = await read_event_json(request)
    report, ingested = accept_batch(context, registry, pipeline, queue, raw)
    report_skipped(request, response, ingested)
    return report


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
derive_handler = create_queue_handler(os.environ, DERIVE_SECONDS)
rebuild_handler = create_task_handler(rebuild_lineage, os.environ, REBUILD_SECONDS)
