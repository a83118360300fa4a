"""Fill a registry with an example mesh: three domains, twelve products, the lineage between them.

    python -m examples.mesh --url URL --api-key KEY --bucket BUCKET

Each product is made by one step from those before it, beginning with real orders (`cdnow.py`); the
steps are the lineage that is registered. What a product is, its contract says (`contracts/`).
Loading again repeats what an interruption left undone.
"""

import argparse
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests
import yaml

from examples import derivations
from examples.derivations import Rows
from examples.files import as_json_lines, as_partitioned_parquet, by_month, month_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTRACTS = Path(__file__).with_name("contracts")
"""`<product>.odcs.yaml` for each product."""
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
    """How a product is made, and the contract that it is registered with."""

    name: str
    make: Callable[..., Rows]
    """A function that maps the rows of each source, in their order, to the rows of the product."""
    sources: tuple[Source, ...] = ()

    @cached_property
    def contract(self) -> bytes:
        return (CONTRACTS / f"{self.name}.odcs.yaml").read_bytes()

    @cached_property
    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = yaml.load(self.contract, yaml.CSafeLoader)
        return document

    @property
    def domain(self) -> str:
        return str(self._document["domain"])

    @property
    def schema(self) -> dict[str, str]:
        """Column -> type, as the product has them."""
        return {
            each["name"]: each.get("physicalType", each["logicalType"])
            for each in self._document["schema"][0]["properties"]
        }


STEPS = (
    Step(
        "orders",
        derivations.orders,
    ),
    Step(
        "customers",
        derivations.customers,
        (Source("orders", "GROUP BY customer_id"),),
    ),
    Step(
        "transactions",
        derivations.transactions,
        (Source("orders", "WHERE amount > 0", "direct"),),
    ),
    Step(
        "daily_revenue",
        derivations.daily_revenue,
        (Source("transactions", "SUM(amount) GROUP BY transaction_date"),),
    ),
    Step(
        "daily_sales",
        derivations.daily_sales,
        (Source("orders", "COUNT(*), SUM(quantity) GROUP BY order_date"),),
    ),
    Step(
        "monthly_revenue",
        derivations.monthly_revenue,
        (Source("daily_revenue", "SUM(revenue) GROUP BY month(date)"),),
    ),
    Step(
        "customer_value",
        derivations.customer_value,
        (
            Source("transactions", "SUM(amount) GROUP BY customer_id"),
            Source("customers", "JOIN ON customer_id", "direct"),
        ),
    ),
    Step(
        "campaigns",
        derivations.campaigns,
    ),
    Step(
        "cohorts",
        derivations.cohorts,
        (Source("customers", "GROUP BY month(first_order)"),),
    ),
    Step(
        "repeat_buyers",
        derivations.repeat_buyers,
        (Source("customers", "WHERE orders > 1", "derived"),),
    ),
    Step(
        "campaign_revenue",
        derivations.campaign_revenue,
        (
            Source("campaigns", "one row per campaign", "direct"),
            Source("daily_revenue", "SUM(revenue) WHERE date IN campaign", confidence=0.4),
        ),
    ),
    Step(
        "win_back_list",
        derivations.win_back_list,
        (
            Source("repeat_buyers", "WHERE last_order < 1998-01-01", "derived", 0.8),
            Source("customer_value", "JOIN ON customer_id", "derived", 0.9),
        ),
    ),
)


def load(base_url: str, api_key: str, s3_client: "S3Client", bucket: str) -> None:
    """Register all products and their lineage; meanwhile make their data and put it in place."""
    rows: dict[str, Rows] = {}
    with requests.Session() as session, ThreadPoolExecutor(1) as registrar:
        session.headers["Authorization"] = f"Bearer {api_key}"
        registered = [registrar.submit(_register, session, base_url, step) for step in STEPS]
        for step in STEPS:
            made = step.make(*(rows[source.name] for source in step.sources))
            rows[step.name] = made
            prefix = f"domains/{step.domain}/{step.name}/"
            keys = {prefix + name: body for name, body in files_of(step, made).items()}
            _put(s3_client, bucket, keys)
        for each in registered:
            each.result()


def files_of(step: Step, rows: Rows) -> dict[str, bytes]:
    """Orders are Parquet by month; the rest is JSON Lines, payments by month."""
    if step.name in PARTITIONS:
        partition, column = PARTITIONS[step.name]
        dated = [{**row, partition: month_of(row, column)} for row in rows]
        return as_partitioned_parquet(dated, step.schema, partition)
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
    answer = session.post(f"{base_url}/contracts", data=step.contract, timeout=TIMEOUT_SECONDS)
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
