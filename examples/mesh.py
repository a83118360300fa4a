"""Fill a registry with an example mesh: three domains, twelve products, the lineage between them.

    python -m examples.mesh --url URL --api-key KEY --bucket BUCKET

Each product is made by one step from those before it, beginning with real orders (`cdnow.py`); the
steps are the lineage that is registered. Loading again repeats what an interruption left undone.
"""

import argparse
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import boto3
import requests

from examples import derivations
from examples.derivations import Rows
from examples.files import as_json_lines, as_partitioned_parquet, by_month, month_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_SECONDS = 30
UPLOADS = 8
"""Objects that are put at the same time."""
PARTITIONS = {"orders": ("order_month", "order_date")}
"""Product -> the column of its folders, and the one with the dates whose months those are."""
DATE_COLUMNS = {"transactions": "transaction_date"}


@dataclass(frozen=True)
class Source:
    """One edge of the lineage."""

    name: str
    transformation: str
    lineage_type: str = "aggregated"
    confidence: float = 1.0


@dataclass(frozen=True)
class Step:
    """How a product is made, and how it is registered."""

    product: dict[str, object]
    make: Callable[..., Rows]
    """From the rows of each source, in their order, to the rows of the product."""
    sources: tuple[Source, ...] = ()

    @property
    def name(self) -> str:
        return str(self.product["name"])


def product(
    name: str, domain: str, description: str, schema: dict[str, str], *tags: str, **more: str
) -> dict[str, object]:
    partitioned = name in PARTITIONS
    port = {
        "location": f"domains/{domain}/{name}/",
        "format": "parquet" if partitioned else "jsonl",
        "partitions": [PARTITIONS[name][0]] if partitioned else [],
    }
    return {
        "output_port": port,
        "name": name,
        "domain": domain,
        "owner": f"{domain}-team@example.com",
        "description": description,
        "schema": schema,
        "tags": list(tags),
        **more,
    }


STEPS = (
    Step(
        product(
            "orders",
            "sales",
            "Purchases of CDs at CDNOW by 23,570 customers, 1997-01 to 1998-06; real data",
            {
                "order_id": "string",
                "customer_id": "string",
                "order_date": "date",
                "quantity": "integer",
                "amount": "decimal",
                "order_month": "string",
            },
            "raw",
            "gold",
        ),
        derivations.orders,
    ),
    Step(
        product(
            "customers",
            "sales",
            "One row per customer: first and last order, number of orders, amount spent",
            {
                "customer_id": "string",
                "first_order": "date",
                "last_order": "date",
                "orders": "integer",
                "spent": "decimal",
            },
            "gold",
        ),
        derivations.customers,
        (Source("orders", "GROUP BY customer_id"),),
    ),
    Step(
        product(
            "daily_sales",
            "sales",
            "Orders and CDs per day; superseded by daily_revenue",
            {"order_date": "date", "orders": "integer", "quantity": "integer"},
            "daily",
            status="deprecated",
            version="1.2.0",
        ),
        derivations.daily_sales,
        (Source("orders", "COUNT(*), SUM(quantity) GROUP BY order_date"),),
    ),
    Step(
        product(
            "transactions",
            "finance",
            "One payment per order that was not free",
            {
                "transaction_id": "string",
                "order_id": "string",
                "customer_id": "string",
                "transaction_date": "date",
                "amount": "decimal",
                "currency": "string",
            },
            "gold",
        ),
        derivations.transactions,
        (Source("orders", "WHERE amount > 0", "direct"),),
    ),
    Step(
        product(
            "daily_revenue",
            "finance",
            "Revenue per day",
            {"date": "date", "transactions": "integer", "revenue": "decimal"},
            "daily",
            "gold",
            version="2.0.0",
        ),
        derivations.daily_revenue,
        (Source("transactions", "SUM(amount) GROUP BY transaction_date"),),
    ),
    Step(
        product(
            "monthly_revenue",
            "finance",
            "Revenue per month",
            {"month": "string", "revenue": "decimal"},
            "monthly",
        ),
        derivations.monthly_revenue,
        (Source("daily_revenue", "SUM(revenue) GROUP BY month(date)"),),
    ),
    Step(
        product(
            "customer_value",
            "finance",
            "Revenue per customer, highest first",
            {"customer_id": "string", "revenue": "decimal", "first_order": "date"},
        ),
        derivations.customer_value,
        (
            Source("transactions", "SUM(amount) GROUP BY customer_id"),
            Source("customers", "JOIN ON customer_id", "direct"),
        ),
    ),
    Step(
        product(
            "campaigns",
            "marketing",
            "Marketing campaigns; generated with a fixed seed, not real",
            {
                "campaign_id": "string",
                "name": "string",
                "channel": "string",
                "start_date": "date",
                "end_date": "date",
                "budget": "decimal",
                "status": "string",
            },
            "synthetic",
        ),
        derivations.campaigns,
    ),
    Step(
        product(
            "cohorts",
            "marketing",
            "Customers by the month of their first order",
            {"cohort": "string", "customers": "integer", "orders_per_customer": "decimal"},
            "monthly",
        ),
        derivations.cohorts,
        (Source("customers", "GROUP BY month(first_order)"),),
    ),
    Step(
        product(
            "repeat_buyers",
            "marketing",
            "Customers who ordered more than once",
            {"customer_id": "string", "orders": "integer", "last_order": "date"},
        ),
        derivations.repeat_buyers,
        (Source("customers", "WHERE orders > 1", "derived"),),
    ),
    Step(
        product(
            "campaign_revenue",
            "marketing",
            "Revenue while a campaign ran; attribution by date alone, hence the confidence",
            {"campaign_id": "string", "revenue": "decimal", "revenue_per_budget": "decimal"},
            "synthetic",
        ),
        derivations.campaign_revenue,
        (
            Source("campaigns", "one row per campaign", "direct"),
            Source("daily_revenue", "SUM(revenue) WHERE date IN campaign", confidence=0.4),
        ),
    ),
    Step(
        product(
            "win_back_list",
            "marketing",
            "Repeat buyers without an order in the last 180 days, most valuable first",
            {"customer_id": "string", "revenue": "decimal", "last_order": "date"},
            version="0.1.0",
            status="inactive",
        ),
        derivations.win_back_list,
        (
            Source("repeat_buyers", "WHERE last_order < 1998-01-01", "derived", 0.8),
            Source("customer_value", "JOIN ON customer_id", "derived", 0.9),
        ),
    ),
)


def load(base_url: str, api_key: str, s3_client: "S3Client", bucket: str) -> None:
    """Make every product's data, put it into the bucket, register product and lineage."""
    rows: dict[str, Rows] = {}
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {api_key}"
        for step in STEPS:
            made = step.make(*(rows[source.name] for source in step.sources))
            rows[step.name] = made
            prefix = f"domains/{step.product['domain']}/{step.name}/"
            keys = {prefix + name: body for name, body in files_of(step, made).items()}
            _put(s3_client, bucket, keys)
            _register(session, base_url, step)


def files_of(step: Step, rows: Rows) -> dict[str, bytes]:
    """Orders are Parquet by month; the rest is JSON Lines, payments by month."""
    if step.name in PARTITIONS:
        schema = cast(dict[str, str], step.product["schema"])
        partition, column = PARTITIONS[step.name]
        dated = [{**row, partition: month_of(row, column)} for row in rows]
        return as_partitioned_parquet(dated, schema, partition)
    if step.name in DATE_COLUMNS:
        months = by_month(rows, DATE_COLUMNS[step.name])
        return {f"{month}.jsonl": as_json_lines(part) for month, part in months.items()}
    return {f"{step.name}.jsonl": as_json_lines(rows)}


def _put(client: "S3Client", bucket: str, objects: Mapping[str, bytes]) -> None:
    def put(key: str) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=objects[key])

    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(put, objects))


def _register(session: requests.Session, base_url: str, step: Step) -> None:
    answer = session.post(
        f"{base_url}/register_product", json=step.product, timeout=TIMEOUT_SECONDS
    )
    if answer.status_code != 409:  # registered before an interruption
        answer.raise_for_status()
    for source in step.sources:
        edge = {"source": source.name, "target": step.name}
        known = session.get(f"{base_url}/lineage", params=edge, timeout=TIMEOUT_SECONDS)
        if known.json():
            continue
        entry = {
            **edge,
            "transformation": source.transformation,
            "lineage_type": source.lineage_type,
            "confidence": source.confidence,
            "metadata": {"script": "examples/mesh.py"},
        }
        session.post(
            f"{base_url}/register_lineage", json=entry, timeout=TIMEOUT_SECONDS
        ).raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a registry with the example mesh.")
    parser.add_argument("--url", required=True, help="the API's base URL")
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--bucket", required=True, help="the stack's catalog bucket")
    options = parser.parse_args()
    load(options.url.rstrip("/"), options.api_key, boto3.client("s3"), options.bucket)


if __name__ == "__main__":
    main()
