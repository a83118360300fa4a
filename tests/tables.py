"""Files and datasets for tests of domain data."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from datamesh.services.registry.registry import Registry
from datamesh.tables.budget import ScanBudget
from tests.conftest import Serve
from tests.lambdas import Answer, Client
from tests.meshes import add_product, mesh, resources

ORDERS = {
    "order_id": "string",
    "order_date": "date",
    "quantity": "integer",
    "amount": "decimal(18,2)",
    "status": "string",
}
DAYS = ("2023-06-30", "2023-07-01", "2023-07-02", "2023-07-03")
ROWS_A_DAY = 4


def parquet(select: str, options: str = "") -> bytes:
    """A Parquet file of what an SQL query selects."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "file.parquet"
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet{options})")
        return path.read_bytes()


def rows_of(body: bytes, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return the rows of a Parquet file."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "file.parquet"
        path.write_bytes(body)
        return connection.execute(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()


def partitioned_orders() -> dict[str, bytes]:
    """Four a day, below `order_date=<day>/`: the first ones are paid, the last is not."""
    return {
        f"sales/orders/order_date={day}/part-0.parquet": parquet(
            f"SELECT 'O' || ({number * ROWS_A_DAY} + i) AS order_id, i AS quantity,"
            f" ({number}.25 + i)::DECIMAL(18,2) AS amount,"
            " CASE WHEN i < 3 THEN 'paid' ELSE 'open' END AS status FROM range(4) r(i)"
        )
        for number, day in enumerate(DAYS)
    }


PORT = {
    "location": "domains/sales/orders/",
    "format": "parquet",
    "partitions": ["order_date"],
}


def dataset(
    serve: Serve,
    files: Mapping[str, bytes],
    schema: Mapping[str, str],
    port: Mapping[str, Any] | None = None,
    *,
    registry: Registry | None = None,
    max_scan_bytes: int = 10_000_000,
    anonymous_budget: ScanBudget | None = None,
) -> Client:
    """A client of the domains function where `sales` has the product `orders`."""
    found = registry or mesh()
    more = {} if port is None else {"output_port": port}
    add_product(found, "orders", schema=dict(schema), **more)
    worked_on = resources(
        found, files, max_scan_bytes=max_scan_bytes, anonymous_budget=anonymous_budget
    )
    return serve("domains", worked_on)


def one_file(
    serve: Serve, name: str, body: bytes, schema: Mapping[str, str], **more: Any
) -> Client:
    return dataset(serve, {f"sales/orders/{name}": body}, schema, **more)


def problem(answer: Answer) -> tuple[int, str]:
    """Status, and the parameter that was refused."""
    return answer.status, answer.body["errors"][0]["field"]


PATH = "/domains/sales/orders"


def page_through(client: Client, most: int = 20, **query: object) -> list[dict[str, Any]]:
    """The rows of all pages of a query; a page more than there may be is one that goes on."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, object] = {}
    for _ in range(most):
        answer = client.get(PATH, **query, **cursor)
        assert answer.status == 200, answer.body
        found += answer.body
        if "x-next-cursor" not in answer.headers:
            return found
        cursor = {"cursor": answer.headers["x-next-cursor"]}
    raise AssertionError("the pages never end")
