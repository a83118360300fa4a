"""List domains, read the data that their products serve, and check how good it is."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from datamesh.models.access import Role
from datamesh.http.answers import JSON, build_page_response
from datamesh.http.access import declare_read, declare_write
from datamesh.http.app import create_app, require_principal
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
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import Responses, document_errors
from datamesh.http.parameters import (
    CUT_PAGE_HEADER,
    LIST_PAGE,
    X_TRUNCATED,
    DataAsOf,
    EndDate,
    Limit,
    Offset,
    StartDate,
)
from datamesh.models.datasets import DatasetProfile, DomainSummary, Row
from datamesh.models.downloads import LISTING_CURSOR, DownloadPage
from datamesh.models.inference import Inference, InferenceRequest
from datamesh.models.products import Domain as DomainName
from datamesh.models.products import Product
from datamesh.models.quality import Quality
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Written
from datamesh.services.datasets import reading
from datamesh.services.datasets.legacy_views import (
    ALL_ROWS,
    ColumnText,
    View,
    build_date_range,
    open_view,
)
from datamesh.services.products import domains
from datamesh.tables.aggregate_parameters import AggregateParameters, parse_aggregates

app = create_app("Domain data")

Domain = Annotated[
    str, Path(description="Name of the domain, in upper or lower case.", examples=["sales"])
]
DatasetName = Annotated[
    str, Path(description="Name of a product of the domain.", examples=["orders"])
]
SmallDomain = Annotated[
    str, Path(description="Name of the domain, in upper or lower case.", examples=["marketing"])
]
SmallDataset = Annotated[
    str, Path(description="Name of a product of the domain.", examples=["campaigns"])
]
"""Examples whose data anybody may read whole."""
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

ListingCursor = Annotated[
    str | None,
    Query(pattern=LISTING_CURSOR, description="`next` of the page before."),
]

NOTHING_KNOWN = InferenceRequest()
READING: Responses = document_errors(404, 413, 422, 424, 503)


@app.get("/domains", responses=document_errors(503))
async def list_domains(context: CurrentContext, registry: CurrentRegistry) -> list[DomainSummary]:
    """List the domains that have products.

    They are in the order of their first registered products.
    """
    return domains.list_domains(context, registry)


@app.get(
    "/domains/{domain}",
    response_model=list[Product],
    responses=LIST_PAGE | document_errors(404, 422, 503),
)
async def list_domain_products(
    domain: Domain,
    context: CurrentContext,
    registry: CurrentRegistry,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the products of a domain.

    They are in the order of their registration. `X-Total-Count` says how many there are.
    """
    return build_page_response(
        domains.list_domain_products(context, registry, domain, limit, offset)
    )


@app.get(
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
    return build_unless_current(
        request,
        reading.compute_version(found, query, media_type),
        lambda: build_dataset_page_response(
            reading.read_page(found, query, media_type), media_type, disposition
        ),
        vary="Accept",
    )


@app.get(
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


@app.get(
    "/domains/{domain}/{dataset}/files",
    response_model=DownloadPage,
    responses={200: {"headers": CUT_PAGE_HEADER}} | document_errors(301, 401, 403, 410) | READING,
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.FILES)
async def list_dataset_files(
    domain: SmallDomain,
    dataset: SmallDataset,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    cursor: ListingCursor = None,
    as_of: DataAsOf = None,
) -> Response:
    """List the files of a product.

    They are those that its rows are read from. Each has a link, which downloads the whole file
    without a key until `expires_at`. A file may have columns that are not registered, so that this
    read needs a key.
    """
    # Few requests download, and the others are not to start later for it.
    from datamesh.services.datasets.downloads import list_downloads

    access = resources.data
    found = reading.open_dataset(context, registry, access, domain, dataset, as_of)
    reading.check_all_columns(context, found.product)
    page = list_downloads(found, access.link_seconds, limit, cursor)
    headers = {X_TRUNCATED: "true"} if page.is_cut else None
    return Response(page.body, media_type=JSON, headers=headers)


@app.post(
    "/domains/{domain}/{dataset}/check", responses=document_errors(401, 403, 409, 429) | READING
)
@declare_write(Role.CONTRIBUTOR)
async def check_dataset(
    domain: SmallDomain,
    dataset: SmallDataset,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Written[Quality]:
    """Check the data of a product.

    The data is compared with the schema, and the result is recorded as the product's `quality`.
    Data that cannot be read has failed; the message says why.
    """
    product = reading.require_product(context, registry, domain, dataset)
    found = reading.check_quality(context, registry, resources.data, product)
    message = f"The data of '{product.name}' has {found.quality.status}"
    return Written(message=": ".join([message, *found.remarks]), data=found.quality)


@app.post(
    "/domains/{domain}/{dataset}/infer",
    responses=document_errors(400, 401, 403, 409, 422, 424, 503),
)
@declare_write(Role.CONTRIBUTOR)
async def infer_dataset(
    domain: Annotated[DomainName, Path(examples=["marketing"])],
    dataset: SmallDataset,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    known: InferenceRequest = NOTHING_KNOWN,
) -> Inference:
    """Infer the schema of files.

    The answer says what the footers or first rows of a few files tell: format, columns, types and
    partitions. Its `registration` can be sent to `POST /register_product`. Nothing is registered,
    and no value of the data is shown.
    """
    # Few requests infer, and the others are not to start later for it.
    from datamesh.services.datasets.inference import infer_dataset as infer

    return infer(context, registry, resources.data, domain, dataset, known)


@app.get("/sales/orders", response_model=list[Row], responses=document_errors(400) | READING)
@declare_read(ReadKind.ROWS)
async def sales_orders(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    start_date: StartDate = None,
    end_date: EndDate = None,
) -> Response:
    """List orders.

    The answer has the rows of `sales/orders`, or those whose `order_date` lies in a range. The
    general form is `GET /domains/{domain}/{dataset}`.
    """
    row_filter = build_date_range("order_date", start_date, end_date)
    view = open_view(context, registry, resources.data, "sales", "orders", limit, row_filter)
    return _answer_view(request, view)


@app.get("/marketing/campaigns", response_model=list[Row], responses=READING)
@declare_read(ReadKind.ROWS)
async def marketing_campaigns(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    active_only: Annotated[bool, Query(description="List active campaigns alone.")] = False,
) -> Response:
    """List campaigns.

    The answer has the rows of `marketing/campaigns`, or those whose `status` is `active`. The
    general form is `GET /domains/{domain}/{dataset}`.
    """
    row_filter = ColumnText("status", "active") if active_only else ALL_ROWS
    view = open_view(context, registry, resources.data, "marketing", "campaigns", limit, row_filter)
    return _answer_view(request, view)


@app.get(
    "/finance/transactions", response_model=list[Row], responses=document_errors(400) | READING
)
@declare_read(ReadKind.ROWS)
async def finance_transactions(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    start_date: StartDate = None,
    end_date: EndDate = None,
) -> Response:
    """List transactions.

    The answer has the rows of `finance/transactions`, or those whose `transaction_date` lies in a
    range. The general form is `GET /domains/{domain}/{dataset}`.
    """
    row_filter = build_date_range("transaction_date", start_date, end_date)
    view = open_view(
        context, registry, resources.data, "finance", "transactions", limit, row_filter
    )
    return _answer_view(request, view)


def _answer_view(request: Request, view: View) -> Response:
    return build_unless_current(
        request,
        view.compute_version(),
        lambda: Response(view.read_rows(), media_type=JSON),
    )


handler = create_lambda_handler(app, os.environ)
