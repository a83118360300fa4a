"""A mesh of thousands of products to search in: made-up companies name their tables like these."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

from datamesh.models.stored_products import StoredProduct
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.records import ProductRecord
from tests.meshes import NOON, mesh

SUBJECTS = {
    "customer": ("sales", ["customer_id", "email", "country", "segment"]),
    "order": ("sales", ["order_id", "customer_id", "placed_at", "net_amount"]),
    "invoice": ("finance", ["invoice_id", "due_on", "gross_amount", "vat_rate"]),
    "payment": ("finance", ["payment_id", "method", "paid_at", "amount"]),
    "refund": ("finance", ["refund_id", "reason", "refunded_at", "amount"]),
    "shipment": ("logistics", ["parcel_id", "carrier", "shipped_on", "weight_kg"]),
    "warehouse": ("logistics", ["warehouse_id", "shelf", "stock_level", "counted_on"]),
    "campaign": ("marketing", ["campaign_id", "channel", "budget", "starts_on"]),
    "click": ("marketing", ["click_id", "session_id", "url", "clicked_at"]),
    "subscription": ("product", ["subscription_id", "plan", "renews_on", "seats"]),
    "ticket": ("support", ["ticket_id", "priority", "opened_at", "closed_at"]),
    "employee": ("people", ["employee_id", "department", "hired_on", "salary_band"]),
    "supplier": ("procurement", ["supplier_id", "rating", "contract_until", "city"]),
    "sensor": ("production", ["sensor_id", "machine", "temperature", "measured_at"]),
    "vehicle": ("fleet", ["vehicle_id", "licence_plate", "mileage", "inspected_on"]),
    "policy": ("insurance", ["policy_id", "premium", "covers", "valid_until"]),
}
MEASURES = {
    "revenue": "Money earned, net of refunds",
    "churn": "Share that left and did not come back",
    "forecast": "What the planning model expects",
    "quality": "Complaints and defects",
    "retention": "Share that came back",
    "cost": "What it costs, overheads included",
    "volume": "How many there were",
    "delay": "How late they were",
    "score": "A number from 0 to 100 of the rating model",
    "audit": "Every change, with who made it",
    "snapshot": "The state at midnight",
    "history": "All states, with the time of each",
    "segments": "Groups that behave alike",
}
GRAINS = {
    "daily": "one row per day",
    "weekly": "one row per week",
    "monthly": "one row per month",
    "hourly": "one row per hour",
    "by_country": "one row per country",
    "by_region": "one row per region",
    "by_store": "one row per store",
    "raw": "as it came",
}
STAGES = ("", "_eu", "_us")
EXTRA_COLUMNS = 8
"""The columns beside the four of its subject: a product has twelve."""


def build_products(count: int) -> Iterator[dict[str, Any]]:
    """Yield the bodies of products to register, the same at every call."""
    random = Random(42)
    combinations = [*product(SUBJECTS, MEASURES, GRAINS, STAGES)]
    random.shuffle(combinations)
    for number in range(count):
        subject, measure, grain, stage = combinations[number % len(combinations)]
        domain, columns = SUBJECTS[subject]
        suffix = "" if number < len(combinations) else f"_v{number // len(combinations) + 1}"
        names = [*columns, *(f"{measure}_{part}" for part in random.sample(PARTS, EXTRA_COLUMNS))]
        yield {
            "name": f"{subject}_{measure}_{grain}{stage}{suffix}",
            "domain": domain,
            "owner": f"{domain}-team-{number % 5}@example.com",
            "description": f"{MEASURES[measure]} of each {subject}, {GRAINS[grain]}.",
            "schema": dict.fromkeys(names, "string"),
            "tags": [grain.replace("_", "-"), random.choice(["gold", "silver", "bronze"])],
            "status": random.choice(["active", "active", "active", "deprecated"]),
        }


PARTS = [
    f"{kind}_{unit}"
    for kind in ("total", "mean", "peak", "base")
    for unit in ("eur", "percent", "rank")
]


def make_registry(bodies: Iterable[Mapping[str, Any]]) -> Registry:
    """A registry of products as they are stored, without the time that registrations take."""
    records = {}
    for body in bodies:
        stored = StoredProduct.model_validate({"created_at": NOON, "updated_at": NOON, **body})
        records[stored.name] = ProductRecord.from_model(stored)
    text = ProductsFile(products=records, revision=1).encode()
    return mesh(products=MemoryObject("products.json", text), max_products=len(records))
