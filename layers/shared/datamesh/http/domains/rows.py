"""Read the rows of a dataset, and profile them."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from datamesh.http.access import declare_read
from datamesh.http.answers import JSON
from datamesh.http.conditional import build_unless_current
from datamesh.http.dataset_aggregates import read_aggregate_parameters
from datamesh.http.dataset_pages import (
    DATASET_PAGE_RESPONSE,
    FILTERS_PARAMETER,
    PageAs,
    RowLimit,
    build_dataset_page_response,
    build_disposition,
    choose_page_type,
    read_filters,
)
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.deprecation import add_deprecation_headers
from datamesh.http.domains.parameters import (
    READING,
    DatasetName,
    Domain,
    SmallDataset,
    SmallDomain,
    create_router,
)
from datamesh.http.errors import document_errors
from datamesh.http.parameters import DataAsOf
from datamesh.models.datasets import DatasetProfile
from datamesh.models.read_access import ReadKind
from datamesh.services.datasets import reading
from datamesh.tables.aggregate_parameters import AggregateParameters, parse_aggregates

router = create_router()

Columns = Annotated[
    str | None,
    Query(
        description="Which columns, with commas between; all if left out. A name with a comma is"
        ' quoted: `"a,b",c`.'
    ),
]
OrderBy = Annotated[
    str | None,
    Query(
        description="Columns, each with `-` before it for the greatest first, with commas between:"
        " `status,-amount`. Nulls last. A name with a comma is quoted with its sign. Of groups,"
        " columns of the answer: `-count`."
    ),
]
Cursor = Annotated[str | None, Query(description="`X-Next-Cursor` of the page before.")]
"""The last three are checked against the product's schema, by the service."""


@router.get(
    "/domains/{domain}/{dataset}",
    responses=DATASET_PAGE_RESPONSE | document_errors(301, 406, 410) | READING,
    openapi_extra={"parameters": [FILTERS_PARAMETER]},
    response_class=Response,
)
@declare_read(ReadKind.ROWS)
async def read_dataset(
    domain: Domain,
    dataset: DatasetName,
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    aggregates: Annotated[AggregateParameters, Depends(read_aggregate_parameters)],
    limit: RowLimit = 100,
    cursor: Cursor = None,
    columns: Columns = None,
    order_by: OrderBy = None,
    format: PageAs = None,
    as_of: DataAsOf = None,
) -> Response:
    """Read the data of a product.

    The answer has rows of the dataset that the domain has under this name, as JSON, CSV, JSON
    Lines, Parquet or Arrow: `format` chooses, or `Accept`. `X-Next-Cursor` leads to the next page.
    With `group_by`, `count`, `sum`, `avg`, `min` or `max` it has a row for each group of them.
    """
    media_type = choose_page_type(request, format)
    found = reading.open_dataset(context, registry, resources.data, domain, dataset, as_of)
    filters, kinds = read_filters(request), found.table.kinds
    query = parse_aggregates(kinds, limit, cursor, columns, order_by, filters, aggregates)
    disposition = format and build_disposition(dataset, format)
    response = build_unless_current(
        request,
        reading.compute_version(found, query, media_type),
        lambda: build_dataset_page_response(
            reading.read_page(found, query, media_type), media_type, disposition
        ),
        vary="Accept",
    )
    return add_deprecation_headers(request, response, context, registry, found.product)


@router.get(
    "/domains/{domain}/{dataset}/profile",
    response_model=DatasetProfile,
    responses=document_errors(301) | READING,
)
@declare_read(ReadKind.ROWS)
async def profile_dataset(
    domain: SmallDomain,
    dataset: SmallDataset,
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Response:
    """Profile the data of a product.

    The answer says what each column holds, and where that is not what the schema says.
    """
    found = reading.open_dataset(context, registry, resources.data, domain, dataset)
    return build_unless_current(
        request,
        reading.compute_profile_version(found),
        lambda: Response(reading.profile_dataset(found).model_dump_json(), media_type=JSON),
    )
