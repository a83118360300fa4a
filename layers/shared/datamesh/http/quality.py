"""The checks of a product's data that were run."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BeforeValidator

from datamesh.http.access import declare_read
from datamesh.http.app import MeshRoute
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.errors import Responses, document_errors
from datamesh.http.parameters import (
    CUT_PAGE_HEADER,
    X_TRUNCATED,
    Limit,
    Until,
    check_timestamp,
)
from datamesh.models.quality import QualityHistory
from datamesh.models.read_access import ReadKind
from datamesh.models.values import Timestamp, subtract_span, utc_now
from datamesh.services.products import queries

DEFAULT_SPAN = timedelta(days=30)
PAGE: Responses = {200: {"headers": CUT_PAGE_HEADER}}

router = APIRouter(route_class=MeshRoute, generate_unique_id_function=lambda route: route.name)

PathName = Annotated[str, Path(description="Name of the product.", examples=["campaigns"])]
QualitySince = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(description="From this moment on (RFC 3339); 30 days before `until` if left out."),
]
RunCursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}[.][0-9]{6}Z-[0-9a-f]{8}[.]json$",
        description="`next` of the page before.",
    ),
]


@router.get("/product/{name}/quality", responses=PAGE | document_errors(301, 400, 404, 422, 503))
@declare_read(ReadKind.ROWS)
async def list_quality_runs(
    name: PathName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
    since: QualitySince = None,
    until: Until = None,
    limit: Limit = 100,
    cursor: RunCursor = None,
) -> QualityHistory:
    """List the checks of a product that were run, oldest first.

    Each has the result of every check that the product asked for. They are kept for a year, for
    those who may read the data.
    """
    # Few requests ask for it, and no other one is to start later for it.
    from datamesh.services.checks.history import list_former_names

    product = queries.get_product(context, registry, name)
    context.permissions.check_rows(product)
    end = until or utc_now()
    file = registry.products.read(context.deadline)
    page = resources.open_quality_runs().find_runs(
        context,
        product,
        list_former_names(file, product.name),
        since or subtract_span(end, DEFAULT_SPAN),
        end,
        limit,
        cursor,
    )
    if page.next is not None and len(page.runs) < limit:
        response.headers[X_TRUNCATED] = "true"
    return page
