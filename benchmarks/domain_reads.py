"""Bytes read for a question about domain data, against bytes stored.

A million synthetic orders in twelve Parquet files, and the 69,659 real ones of the example mesh in
18 by month and in 546 by day, all on the embedded S3 server. Times are of the clock, from the query
to the encoded answer, without the network that a stack has between function and bucket.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.lambdas import Service, deployed
from benchmarks.measure import Row, Target, alternately, ratio_at_most, wall_ms
from benchmarks.store import holding
from dev.storage.s3 import S3
from examples import derivations, mesh
from examples.files import as_partitioned_parquet
from tests.lambdas import api_event
from tests.meshes import NOON, product_body

ROWS = 1_000_000
SCHEMA = {
    "order_id": "integer",
    "order_date": "date",
    "customer_id": "integer",
    "amount": "decimal(10,2)",
    "note": "string",
}
ROUNDS = 5


BUDGET = 512 * 1024 * 1024


@dataclass(frozen=True)
class Case:
    name: str
    query: Mapping[str, object]


A_DAY = {"order_date": "2023-07-15", "limit": 1000}
LARGEST = {"columns": "order_id,amount", "order_by": "-amount", "limit": 10}
SYNTHETIC = (
    Case("the first 1,000 rows", {"limit": 1000}),
    Case("1,000 rows of a day, its month given", A_DAY | {"month": "2023-07"}),
    Case("1,000 rows of a day, its month not given", A_DAY),
    Case("one order by its number", {"order_id": "654321"}),
    Case("the 10 largest amounts", LARGEST),
)
FIRST = {"limit": 10}
THREE_DAYS = {"order_date_gte": "1997-07-01", "order_date_lt": "1997-07-04", "limit": 1000}
REAL = (Case("three days", THREE_DAYS),)


def rows() -> list[Row]:
    real, parts = orders_by_day()
    months, by_month = orders_by_month()
    with (
        tempfile.TemporaryDirectory() as name,
        holding(Path(name)) as s3,
        synthetic() as files,
    ):
        put(s3, "domains/bench/made/", files)
        put(s3, "domains/bench/real/", parts)
        put(s3, "domains/bench/day/", dict([min(parts.items())]))
        put(s3, "domains/bench/months/", by_month)
        put(s3, "domains/bench/month/", dict([min(by_month.items())]))
        products = [
            product("made", SCHEMA, "month"),
            *(product(name, real, "order_date") for name in ("real", "day")),
            *(product(name, months, "order_month") for name in ("months", "month")),
        ]
        registry = json.dumps({each["name"]: each for each in products})
        put(s3, "", {"products.json": registry.encode()})
        service = deployed("domains", s3, MAX_SCAN_BYTES=str(BUDGET))
        return [
            *reads(service, "made", f"of {ROWS:,}", files, SYNTHETIC),
            *reads(service, "real", "of 69,659 real orders", parts, REAL),
            first_page(service, "months", "month", by_month, ratio_at_most(1.5)),
            first_page(service, "real", "day", parts),
        ]


def orders_by_day() -> tuple[dict[str, str], dict[str, bytes]]:
    """The schema of real orders in a file for each day, and the files."""
    schema, _ = orders_by_month()
    del schema["order_month"]
    return schema, as_partitioned_parquet(derivations.orders(), schema, "order_date")


def orders_by_month() -> tuple[dict[str, str], dict[str, bytes]]:
    """The schema of real orders as the example mesh has them, and the files."""
    step = mesh.STEPS[0]
    return step.schema, mesh.files_of(step, step.make())


@contextmanager
def synthetic() -> Iterator[dict[str, bytes]]:
    """Yield files by month, in the order of their dates. Amounts are in no order, notes do not
    compress."""
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


def put(s3: S3, prefix: str, files: Mapping[str, bytes]) -> None:
    client = s3.create_client()
    for name, body in files.items():
        client.put_object(Bucket=s3.bucket, Key=prefix + name, Body=body)


def product(name: str, schema: Mapping[str, str], partition: str) -> dict[str, object]:
    port = {
        "location": f"domains/bench/{name}/",
        "format": "parquet",
        "partitions": [partition],
    }
    times = {"created_at": NOON.isoformat(), "updated_at": NOON.isoformat()}
    described = product_body(name=name, domain="bench", schema=dict(schema), output_port=port)
    return described | times


def reads(
    service: Service, name: str, whole: str, files: Mapping[str, bytes], cases: Sequence[Case]
) -> list[Row]:
    stored = sum(map(len, files.values())) / 1e6
    found = []
    for case in cases:
        # With a principal: without one a query may not read so much.
        event = api_event("GET", f"/domains/bench/{name}", query=case.query)
        headers = service.answers(event).headers
        (milliseconds,) = alternately(wall_ms(service.in_turn([event])), rounds=ROUNDS)
        note = f"{headers['x-files-read']} of {len(files)} files, {milliseconds:.0f} ms"
        bytes_read = int(headers["x-bytes-read"]) / 1e6
        what, against = f"{case.name}, {whole}", "all that is stored"
        found.append(Row(what, "MB", bytes_read, stored, against, note=note))
    return found


def first_page(
    service: Service, name: str, one: str, files: Mapping[str, bytes], target: Target | None = None
) -> Row:
    """The first rows of all files, against those of the first file alone: the same rows."""
    every, first = (api_event("GET", f"/domains/bench/{each}", query=FIRST) for each in (name, one))
    assert service.answers(every).body == service.answers(first).body
    ours, alone = alternately(*(wall_ms(service.in_turn([event])) for event in (every, first)))
    what, against = f"the first 10 rows, of {len(files)} files by {one}", "the first file alone"
    return Row(what, "ms", ours, alone, against, target)
