"""Searches among 10,000 products of twelve described columns, and what their index takes."""

import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

import apsw

from benchmarks.lambdas import get, ours
from benchmarks.measure import ROUNDS, Row, alternately, at_most, cpu_ms
from datamesh.services.registry.registry import Registry
from datamesh.services.search.index_cache import IndexCache
from tests.contexts import CONTEXT
from tests.search_mesh import build_products, make_registry

PRODUCTS = 10_000
MEGABYTE = 1_000_000
QUESTIONS = (
    "customer churn by country",
    "which table has customer revenue by store",
    "order_revenue_daily",
    "monthly refunds",
    "licence plate",
    "tempertaure of machines",
    "how late are our suppliers",
    "policies premium",
    "stock level",
    "payments hourly volume",
)


def rows() -> list[Row]:
    registry = make_registry(_describe_columns())
    return [*memory(registry), *questions(registry)]


def questions(registry: Registry, rounds: int = ROUNDS) -> list[Row]:
    search, products = ours("search", registry), ours("products", registry)
    events = [get(f"/search?q={quote_plus(question)}") for question in QUESTIONS]
    scans = [get(f"/products?limit=20&q={quote_plus(question)}") for question in QUESTIONS]
    asked, scanned = alternately(
        cpu_ms(search.in_turn(events), len(events), search.select),
        cpu_ms(products.in_turn(scans), len(scans), products.select),
        rounds=rounds,
    )
    against = "GET /products?q= of the same, which looks for the text as it is"
    return [Row("GET /search, of ten questions", "ms CPU", asked, scanned, against, at_most(5))]


def memory(registry: Registry) -> list[Row]:
    file = registry.products.read(CONTEXT.deadline)
    before = apsw.memoryused()
    tracemalloc.start()
    index = IndexCache().open_index(file)
    python, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(index.names) == PRODUCTS
    used = (python + apsw.memoryused() - before) / MEGABYTE
    stored = sum(each.size for each in file.products.values()) / MEGABYTE
    against = "the products as stored"
    return [Row("index of searches", "MB", used, stored, against, at_most(40))]


def _describe_columns() -> Iterator[Mapping[str, Any]]:
    for body in build_products(PRODUCTS):
        said = {
            name: {"description": f"The {name.replace('_', ' ')} as its source reports it"}
            for name in body["schema"]
        }
        yield {**body, "own_columns": said}
