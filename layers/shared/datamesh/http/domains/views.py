"""Answer the three legacy views, such as `/sales/orders`."""

from typing import Annotated

from fastapi import Query, Request, Response

from datamesh.http.access import declare_read
from datamesh.http.answers import JSON
from datamesh.http.conditional import build_unless_current
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.deprecation import DEPRECATED_RESPONSE, add_deprecation_headers
from datamesh.http.domains.parameters import READING, create_router
from datamesh.http.errors import document_errors
from datamesh.http.parameters import EndDate, Limit, StartDate
from datamesh.models.datasets import Row
from datamesh.models.read_access import ReadKind
from datamesh.services.context import RequestContext
from datamesh.services.datasets.legacy_views import (
    ALL_ROWS,
    ColumnText,
    View,
    build_date_range,
    open_view,
)
from datamesh.services.registry.registry import Registry

router = create_router()


@router.get(
    "/sales/orders",
    response_model=list[Row],
    responses=DEPRECATED_RESPONSE | document_errors(400) | READING,
)
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
    return _answer_view(request, context, registry, view)


@router.get(
    "/marketing/campaigns", response_model=list[Row], responses=DEPRECATED_RESPONSE | READING
)
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
    return _answer_view(request, context, registry, view)


@router.get(
    "/finance/transactions",
    response_model=list[Row],
    responses=DEPRECATED_RESPONSE | document_errors(400) | READING,
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
    return _answer_view(request, context, registry, view)


def _answer_view(
    request: Request, context: RequestContext, registry: Registry, view: View
) -> Response:
    response = build_unless_current(
        request,
        view.compute_version(),
        lambda: Response(view.read_rows(), media_type=JSON),
    )
    return add_deprecation_headers(request, response, context, registry, view.dataset.product)
