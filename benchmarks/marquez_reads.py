"""Marquez' reads and the counts of the registry, of an execution environment that has answered
before, at 10,000 products with 100,000 entries.

What is shown of the registry is looked through once for each revision: a warm read takes as long
as a graph of lineage, or as the same read of a small registry.
"""

from benchmarks.lambdas import Service, get, ours
from benchmarks.measure import ROUNDS, Measurement, Row, alternately, cpu_ms, ratio_at_most
from benchmarks.mesh import big_mesh, domain_name, product_name
from datamesh.services.registry.registry import Registry

PRODUCTS, ENTRIES = 10_000, 100_000
SMALL = (100, 1_000)
NODE = PRODUCTS // 2
GRAPH = f"/lineage/graph/{product_name(NODE)}?depth=50&max_nodes=1000"
AGAINST = "/lineage/graph of 1,000 nodes"
"""The bounds were set against 500 nodes, when their walk took as long as one of 1,000 does now."""
READS = {
    "graph of 500 nodes": (
        f"/api/v1/lineage?nodeId=dataset:{domain_name(NODE % 40)}:{product_name(NODE)}",
        ratio_at_most(4),
    ),
    "namespaces": ("/api/v1/namespaces", ratio_at_most(0.5)),
    "100 datasets of a namespace": (
        f"/api/v1/namespaces/{domain_name(1)}/datasets",
        ratio_at_most(1),
    ),
    "a dataset": (
        f"/api/v1/namespaces/{domain_name(NODE % 40)}/datasets/{product_name(NODE)}",
        ratio_at_most(1),
    ),
    "columns around a dataset": (
        f"/api/v1/column-lineage?nodeId=dataset:{domain_name(NODE % 40)}:{product_name(NODE)}"
        "&withDownstream=true",
        ratio_at_most(2),
    ),
    "sources": ("/api/v1/sources", ratio_at_most(0.5)),
    "jobs by hour": ("/api/v1/stats/jobs?period=DAY", ratio_at_most(2)),
    "search in 110,000 names, of a time": (
        "/api/v1/search?q=&after=1970-01-02&sort=update_at",
        ratio_at_most(2),
    ),
    "search in 110,000 names, few found": ("/api/v1/search?q=product_00123", ratio_at_most(1)),
    "search in 110,000 names, all found": ("/api/v1/search?q=product", ratio_at_most(1)),
}


def rows() -> list[Row]:
    registry = big_mesh(PRODUCTS, ENTRIES)
    return [*against_graph(registry), *growth(registry)]


def against_graph(registry: Registry, rounds: int = ROUNDS) -> list[Row]:
    marquez, lineage = ours("marquez", registry), ours("lineage", registry)
    found = []
    for what, (target, bound) in READS.items():
        measured, compared = alternately(
            _cpu_ms(marquez, target), _cpu_ms(lineage, GRAPH), rounds=rounds
        )
        found.append(Row(f"Marquez: {what}", "ms CPU", measured, compared, AGAINST, bound))
    return found


def growth(registry: Registry, rounds: int = ROUNDS) -> list[Row]:
    """Counts and a short page, which are of the same length however much is registered."""
    small = big_mesh(*SMALL)
    found = []
    for area, target in (("platform", "/health"), ("lineage", "/lineage?limit=1")):
        many, few = ours(area, registry), ours(area, small)
        measured, compared = alternately(
            cpu_ms(many.in_turn([get(target)]), 20, many.select),
            cpu_ms(few.in_turn([get(target)]), 20, few.select),
            rounds=rounds,
        )
        what, against = f"GET {target}, of {ENTRIES:,}", f"the same of {SMALL[1]:,}"
        found.append(Row(what, "ms CPU", measured, compared, against, ratio_at_most(1.5)))
    return found


def _cpu_ms(service: Service, target: str) -> Measurement:
    return cpu_ms(service.in_turn([get(target)]), 3, service.select)
