"""Reads of an execution environment that has answered before, against the in-memory app.

Both are called with API Gateway's event through Mangum, in this process, for different products in
turn. Storage says that nothing has changed (304); what that takes is a row of its own.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import reference
from benchmarks.lambdas import Event, Service, get, ours
from benchmarks.measure import Row, Target, alternately, ratio_at_most, wall_ms
from benchmarks.mesh import big_mesh, domain_name, lineage_file, product_name, products_file
from benchmarks.store import holding, open_object
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import StoredObject

SMALL, LARGE = (100, 1_000), (10_000, 100_000)
"""Products and entries. Ten entries a product in both, so that the answers are as long."""
ASKED = 100
TIMES = 50
"""Requests in a turn, of which the median counts: the first find the processor's caches full of
what the other side has just looked through."""
GROWTH = ratio_at_most(1.5)


@dataclass(frozen=True)
class Case:
    name: str
    area: str
    requests: Sequence[str]
    target: Target


def cases(products: int, domains: Sequence[str]) -> list[Case]:
    names = [product_name(number) for number in range(0, products, products // ASKED)]
    return [
        Case("one product", "products", [f"/product/{name}" for name in names], ratio_at_most(0.5)),
        Case(
            "list of 100, filtered by domain",
            "products",
            [f"/products?domain={domain}&limit=100" for domain in domains],
            ratio_at_most(0.1),
        ),
        Case(
            "upstream of one product",
            "lineage",
            [f"/lineage/upstream/{name}" for name in names],
            ratio_at_most(0.02),
        ),
    ]


def rows() -> list[Row]:
    registry = big_mesh(*LARGE)
    return [*against_in_memory(registry, LARGE), *growth(registry), round_trip()]


def against_in_memory(registry: Registry, size: tuple[int, int]) -> list[Row]:
    reference.fill(products_file(size[0]), lineage_file(*size))
    plain = Service(reference.handler())
    found = []
    for case, mine, events in asked(registry, size, 40):
        assert all(mine.answers(e).body == plain.answers(e).body for e in events[::10])
        measured, compared = alternately(
            wall_ms(mine.in_turn(events), TIMES, mine.select),
            wall_ms(plain.in_turn(events), TIMES),
        )
        what = f"{case.name}, of {size[0] if case.area == 'products' else size[1]:,}"
        found.append(Row(what, "ms", measured, compared, "the app in memory", case.target))
    return found


def growth(registry: Registry) -> list[Row]:
    """The same questions to a small registry, whose one domain has as many as a page takes."""
    small, large = asked(big_mesh(*SMALL, domains=1), SMALL, 1), asked(registry, LARGE, 40)
    found = []
    for (case, few, some), (_, many, more) in zip(small, large, strict=True):
        measured, compared = alternately(
            wall_ms(many.in_turn(more), TIMES, many.select),
            wall_ms(few.in_turn(some), TIMES, few.select),
        )
        place = 0 if case.area == "products" else 1
        what = f"{case.name}, of {LARGE[place]:,} rather than {SMALL[place]:,}"
        found.append(Row(what, "ms", measured, compared, f"the same of {SMALL[place]:,}", GROWTH))
    return found


def asked(
    registry: Registry, size: tuple[int, int], domains: int
) -> list[tuple[Case, Service, list[Event]]]:
    """Each case, who answers it from this registry, and its requests."""
    found = cases(size[0], [domain_name(number) for number in range(domains)])
    return [(c, ours(c.area, registry), [get(target) for target in c.requests]) for c in found]


def round_trip() -> Row:
    """Measure the round trip to storage, which the rows above leave out."""
    with tempfile.TemporaryDirectory() as folder, holding(Path(folder), *LARGE) as s3:
        document = open_object(s3.bucket, "products.json")
        found = document.get()
        assert isinstance(found, StoredObject)
        etag = found.etag
        (measured,) = alternately(wall_ms(lambda: document.get(etag), 50))
    note = "not in the rows above: a read waits for one or two of these"
    return Row("a conditional GET answered 304, local S3", "ms", measured, note=note)
