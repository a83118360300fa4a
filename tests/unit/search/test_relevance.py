"""Is the first hit the right one? Questions with the answers that a person would give."""

import re

import pytest

from datamesh.services.contracts.imports import import_contract
from datamesh.services.contracts.planning import ImportOptions
from datamesh.services.registry.registry import Registry
from datamesh.services.search.index_cache import IndexCache
from datamesh.services.search.queries import SearchQuery, search_products
from examples.mesh import STEPS
from tests.contexts import CONTEXT
from tests.meshes import Bucket, mesh, resources
from tests.search_mesh import build_products, make_registry

RIGHT = 0.9
"""The share of questions whose first hit must be right."""

EXAMPLE_QUESTIONS = {
    "orders": "orders",
    "Which table has revenue by day?": "daily_revenue",
    "revenue per month": "monthly_revenue",
    "revenue per customer": "customer_value",
    "customer revenue": "customer_value",
    "customers who ordered more than once": "repeat_buyers",
    "repeat buyer": "repeat_buyers",
    "payments": "transactions",
    "currency": "transactions",
    "campaign budget": "campaigns",
    "marketing channel": "campaigns",
    "revenue of campaigns": "campaign_revenue",
    "attribution": "campaign_revenue",
    "cohort": "cohorts",
    "month of first order": "cohorts",
    "win back": "win_back_list",
    "customers without an order": "win_back_list",
    "who are our customers": "customers",
    "amount spent": "customers",
    "daily sales": "daily_sales",
    "CDs per day": "daily_sales",
    "dayly revenue": "daily_revenue",
    "custmers": "customers",
    "monthly_revenue": "monthly_revenue",
    "MONTHLY revenue": "monthly_revenue",
    "purchases of CDs": "orders",
    "finance-team transactions": "transactions",
}
GENERATED_QUESTIONS = {
    "customer churn by country": "customer_churn_by_country.*",
    "which table has customer revenue by store": "customer_revenue_by_store.*",
    "daily order revenue": "order_revenue_daily.*",
    "order_revenue_daily": "order_revenue_daily",
    "order_revenue_daily_eu": "order_revenue_daily_eu",
    "order_revenue_d": "order_revenue_daily.*",
    "monthly refunds": "refund_.*_monthly.*",
    "reason of refunds": "refund_.*",
    "licence plate": "vehicle_.*",
    "salary band": "employee_.*",
    "tempertaure": "sensor_.*",
    "temperature of machines": "sensor_.*",
    "shelf": "warehouse_.*",
    "late shipments": "shipment_delay_.*",
    "how late are our suppliers": "supplier_delay_.*",
    "policies premium": "policy_.*",
    "subscriptions churn weekly": "subscription_churn_weekly.*",
    "ticket priority": "ticket_.*",
    "open tickets": "ticket_.*",
    "VAT": "invoice_.*",
    "invoice audit raw": "invoice_audit_raw.*",
    "sessions of clicks": "click_.*",
    "campain budget": "campaign_.*",
    "carrier of parcels": "shipment_.*",
    "employee retention by region": "employee_retention_by_region.*",
    "supplier contract": "supplier_.*",
    "stock level": "warehouse_.*",
    "vehicle mileage history": "vehicle_history_.*",
    "payments hourly volume": "payment_volume_hourly.*",
    "state of warehouses at midnight": "warehouse_snapshot_.*",
}


@pytest.fixture(scope="module")
def example() -> Registry:
    registry = mesh()
    sources = resources(registry, bucket=Bucket()).open_contracts()
    for step in STEPS:
        options = ImportOptions()
        import_contract(CONTEXT, registry, sources, step.contract, options, is_dry_run=False)
    return registry


@pytest.fixture(scope="module")
def generated() -> Registry:
    return make_registry(build_products(4_992))


def find_first(registry: Registry, indexes: IndexCache, question: str) -> str:
    page = search_products(CONTEXT, registry, indexes, SearchQuery(question), limit=1)
    return page.results[0].name if page.results else ""


def assert_mostly_right(registry: Registry, questions: dict[str, str]) -> None:
    indexes = IndexCache()
    first = {question: find_first(registry, indexes, question) for question in questions}
    wrong = {
        question: found
        for question, found in first.items()
        if not re.fullmatch(questions[question], found)
    }
    assert len(wrong) <= len(questions) * (1 - RIGHT), wrong


def test_the_first_hit_in_the_example_mesh_is_right(example: Registry) -> None:
    assert_mostly_right(example, EXAMPLE_QUESTIONS)


def test_the_first_hit_among_five_thousand_products_is_right(generated: Registry) -> None:
    assert_mostly_right(generated, GENERATED_QUESTIONS)
