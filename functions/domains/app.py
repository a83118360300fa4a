"""Read the data of the domains: rows of the files below `domains/<domain>/<dataset>/`."""

import os

from datamesh.http.app import create_app
from datamesh.http.errors import responses
from datamesh.http.parameters import EndDate, Limit, StartDate
from datamesh.http.runtime import CurrentResources, lambda_handler
from datamesh.services import domains
from datamesh.services.domains import Row

app = create_app("Domain data")


@app.get("/sales/orders", responses=responses(400, 422, 500, 503))
async def sales_orders(
    resources: CurrentResources,
    limit: Limit = 100,
    start_date: StartDate = None,
    end_date: EndDate = None,
) -> list[Row]:
    """Orders, optionally those whose `order_date` lies in a range."""
    wanted = domains.between("order_date", start_date, end_date)
    return domains.rows(resources.dataset("sales", "orders"), limit, wanted)


@app.get("/marketing/campaigns", responses=responses(422, 500, 503))
async def marketing_campaigns(
    resources: CurrentResources, limit: Limit = 100, active_only: bool = False
) -> list[Row]:
    """Campaigns, optionally those whose `status` is `active`."""
    wanted = domains.having("status", "active") if active_only else domains.anything
    return domains.rows(resources.dataset("marketing", "campaigns"), limit, wanted)


@app.get("/finance/transactions", responses=responses(400, 422, 500, 503))
async def finance_transactions(
    resources: CurrentResources,
    limit: Limit = 100,
    start_date: StartDate = None,
    end_date: EndDate = None,
) -> list[Row]:
    """Transactions, optionally those whose `transaction_date` lies in a range."""
    wanted = domains.between("transaction_date", start_date, end_date)
    return domains.rows(resources.dataset("finance", "transactions"), limit, wanted)


handler = lambda_handler(app, os.environ)
