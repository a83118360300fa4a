"""Bytes read against bytes stored: `python -m benchmarks.domain_reads`.

A million synthetic orders in twelve Parquet files, and the 69,659 real ones of the example mesh in
546, both on the embedded S3 server. Times are of the clock, from the query to the encoded answer,
without the network that a stack has between function and bucket.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from datamesh.models.products import Product
from datamesh.models.values import utc_now
from datamesh.services.datasets import DataAccess, Dataset, dataset_of, read
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.s3_client import create_client
from datamesh.storage.s3_folders import S3Folder
from datamesh.tables.engine import profile_of
from datamesh.tables.query import query_of
from dev import seaweed
from dev.s3 import S3
from examples import derivations, mesh
from examples.files import as_partitioned_parquet
from tests.meshes import mesh as registry

ROWS = 1_000_000
SCHEMA = {
    "order_id": "integer",
    "order_date": "date",
    "customer_id": "integer",
    "amount": "decimal(10,2)",
    "note": "string",
}
TRIES = 5
BUDGET = 512 * 1024 * 1024


@dataclass(frozen=True)
class Case:
    name: str
    query: Mapping[str, str]
    limit: int = 100


SYNTHETIC = (
    Case("the first 100 rows", {}),
    Case("the first 100 rows, two columns", {"columns": "order_id,amount"}),
    Case("a day, its month given", {"month": "2023-07", "order_date": "2023-07-15"}),
    Case("a day, its month not given", {"order_date": "2023-07-15"}),
    Case("one order by its number", {"order_id": "654321"}),
    Case("the 10 largest amounts", {"columns": "order_id,amount", "order_by": "-amount"}, 10),
    Case("the 10 largest amounts, all columns", {"order_by": "-amount"}, 10),
)
REAL = (
    Case("the first 100 rows", {}),
    Case("three days", {"order_date_gte": "1997-07-01", "order_date_lt": "1997-07-04"}, 1000),
    Case("a month", {"order_date_gte": "1997-07-01", "order_date_lt": "1997-08-01"}, 1000),
    Case("the 10 largest amounts of all days", {"order_by": "-amount"}, 10),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, seaweed.running(Path(name)) as s3:
        s3.ensure_bucket()
        os.environ.update(s3.environment(s3.reader))
        with synthetic() as files:
            stored = put(s3, "domains/bench/orders/", files)
            dataset = opened(s3, "domains/bench/orders/", SCHEMA, "parquet", "month")
            show(
                f"{ROWS:,} rows, {len(files)} Parquet files, {size(stored)}",
                stored,
                dataset,
                SYNTHETIC,
            )
        orders = derivations.orders()
        schema = cast(dict[str, str], mesh.STEPS[0].product["schema"])
        parts = as_partitioned_parquet(orders, schema, "order_date")
        stored = put(s3, "domains/bench/real/", parts)
        dataset = opened(s3, "domains/bench/real/", schema, "parquet", "order_date")
        show(
            f"{len(orders):,} real orders, {len(parts)} files, {size(stored)}",
            stored,
            dataset,
            REAL,
        )


@contextmanager
def synthetic() -> Iterator[dict[str, bytes]]:
    """By month and in the order of their dates; amounts are in no order, notes do not compress."""
    select = f"""
        SELECT i AS order_id, DATE '2023-01-01' + (i * 365 // {ROWS})::INTEGER AS order_date,
            (hash(i) % 50000)::INTEGER AS customer_id,
            ((hash(i + 1) % 100000) / 100)::DECIMAL(10,2) AS amount, md5(i::VARCHAR) AS note,
            strftime(order_date, '%Y-%m') AS month
        FROM range({ROWS}) t(i)"""
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(
            f"COPY ({select}) TO '{name}/out'"
            " (FORMAT parquet, PARTITION_BY (month), ROW_GROUP_SIZE 20480)"
        )
        folder = Path(name) / "out"
        yield {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*.parquet")}


def put(s3: S3, prefix: str, files: Mapping[str, bytes]) -> int:
    client = s3.client()
    for name, body in files.items():
        client.put_object(Bucket=s3.bucket, Key=prefix + name, Body=body)
    return sum(map(len, files.values()))


def opened(s3: S3, location: str, schema: Mapping[str, str], form: str, partition: str) -> Dataset:
    client, backoff = create_client(), Backoff(Deadline(60))
    access = DataAccess(lambda prefix: S3Folder(client, s3.bucket, prefix, backoff), BUDGET)
    now = utc_now()
    product = Product.model_validate(
        {
            "name": "orders",
            "domain": "bench",
            "owner": "bench",
            "description": "bench",
            "schema": dict(schema),
            "output_port": {"location": location, "format": form, "partitions": [partition]},
            "created_at": now,
            "updated_at": now,
        }
    )
    return dataset_of(registry(), access, product)


def show(title: str, stored: int, dataset: Dataset, cases: Sequence[Case]) -> None:
    print(f"\n{title}\n")
    print(f"| {'':40} | {'files':>5} | {'bytes':>10} | {'of all':>6} | {'ms':>6} |")
    print("|---|---:|---:|---:|---:|")
    for case in cases:
        parameters = dict(case.query)
        columns, order = parameters.pop("columns", None), parameters.pop("order_by", None)
        query = query_of(
            dataset.table.kinds, case.limit, None, columns, order, list(parameters.items())
        )
        rows, milliseconds = timed(lambda q=query: read(dataset, q, "application/json"))  # type: ignore[misc]
        row(case.name, rows.files_read, rows.bytes_read, stored, milliseconds)
    scan = dataset.scan(dataset.files)
    _, milliseconds = timed(lambda: profile_of(scan, dataset.table, dataset.files), 1)
    row("profile", scan.files_read, scan.bytes_read, stored, milliseconds)


def timed[T](run: Callable[[], T], tries: int = TRIES) -> tuple[T, float]:
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - began)
    return result, statistics.median(times) * 1000


def row(name: str, files: int, read_bytes: int, stored: int, milliseconds: float) -> None:
    share = f"{100 * read_bytes / stored:.1f} %"
    print(f"| {name:40} | {files:5} | {read_bytes:10,} | {share:>6} | {milliseconds:6.0f} |")


def size(stored: int) -> str:
    return f"{stored / 1_000_000:.1f} MB"


if __name__ == "__main__":
    main()
