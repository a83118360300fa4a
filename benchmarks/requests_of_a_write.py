"""How many requests to S3 one write makes whom nobody contends with, counted at the server's door.

The writing functions themselves, warm, talk to the local S3 server through a proxy that counts.
"""

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.door import Door, opened
from benchmarks.lambdas import CONTEXT, Event, Service, deployed
from benchmarks.measure import Row, at_most
from tests.lambdas import api_event
from tests.meshes import lineage_body, product_body

WRITES = 20

type Counts = defaultdict[str, float]
"""Kind of request -> how many a write makes."""

WANTED = (
    ("PUT products.json", 1),
    ("GET products.json", 0),
    ("PUT lineage.json", 1),
    ("GET lineage.json", 0),
)


def rows() -> list[Row]:
    product, lineage = counted()
    ends = "conditional, answered 304: are both products still there?"
    audit = "by design (ADR 49): the audit record before the write"
    return [
        *[_row("register_product", product, kind, bound) for kind, bound in WANTED[:2]],
        *[_row("register_lineage", lineage, kind, bound) for kind, bound in WANTED[2:]],
        _row("register_lineage", lineage, "GET products.json", note=ends),
        _row("either", lineage, "PUT audit", 1, note=audit),
        Row("either: any other request", "", _others(product, lineage), target=at_most(0)),
    ]


def _row(write: str, counts: Counts, kind: str, bound: int | None = None, note: str = "") -> Row:
    target = None if bound is None else at_most(bound)
    return Row(f"{write}: {kind}", "", counts[kind], target=target, note=note)


def _others(*counts: Counts) -> float:
    known = {kind for kind, _ in WANTED} | {"PUT audit"}
    return sum(count for each in counts for kind, count in each.items() if kind not in known)


def counted() -> tuple[Counts, Counts]:
    """Return the requests of one registration of a product, and those of one of lineage."""
    with opened() as (s3, door):
        products, lineage = deployed("products", s3), deployed("lineage", s3)
        bodies = [product_body(name=f"product_{number}") for number in range(WRITES + 2)]
        events = [api_event("POST", "/register_product", body) for body in bodies]
        of_product = _each(door, products, events)
        body = lineage_body(source="product_0", target="product_1")
        of_lineage = _each(door, lineage, [api_event("POST", "/register_lineage", body)] * WRITES)
    return of_product, of_lineage


def _each(door: Door, service: Service, events: Sequence[Event]) -> Counts:
    """The first write warms up."""
    first, *others = events
    for number, event in enumerate([first, *others]):
        if number == 1:
            door.counted.clear()
        answer = service.handler(event, CONTEXT)
        assert answer["statusCode"] == 200, answer
    return defaultdict(float, {kind: n / len(others) for kind, n in door.counted.items()})
