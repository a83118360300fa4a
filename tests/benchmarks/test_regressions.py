"""The measurements of `make bench`, at a reduced size: ratios of processor time, taken in turns,
never times. Bounds are about three times what was measured when they were set."""

from benchmarks import (
    events,
    reference,
    requests_of_a_write,
    time_travel,
    walk,
    warm_reads,
    warm_writes,
)
from benchmarks.lambdas import Service
from benchmarks.measure import alternately, cpu_ms
from benchmarks.mesh import big_mesh, lineage_file, products_file
from benchmarks.modules import alone

SMALL, LARGE, DOMAINS = (100, 1_000), (2_000, 20_000), 20
ROUNDS = 7
GROWN = 3.0
"""The bound of what is the same at any size; 20 times as much is looked through otherwise."""


def reads() -> list[tuple[str, float, float]]:
    """Kind of read; the ratio to the same of a small registry, and to the app in memory."""
    reference.fill(products_file(LARGE[0], DOMAINS), lineage_file(*LARGE))
    plain = Service(reference.handler())
    small = warm_reads.asked(big_mesh(*SMALL, domains=1), SMALL, 1)
    large = warm_reads.asked(big_mesh(*LARGE, domains=DOMAINS), LARGE, DOMAINS)
    found = []
    for (case, few, some), (_, many, more) in zip(small, large, strict=True):
        ours, at_small, compared = alternately(
            cpu_ms(many.in_turn(more), 20, many.select),
            cpu_ms(few.in_turn(some), 20, few.select),
            cpu_ms(plain.in_turn(more), 20),
            rounds=ROUNDS,
        )
        found.append((case.name, ours / at_small, ours / compared))
    return found


def test_warm_reads() -> None:
    (one, *of_one), (several, *of_several), (upstream, *of_upstream) = alone(reads)
    for name, (growth, ratio), bound in (
        (one, of_one, 1.2),
        (several, of_several, 0.8),
        (upstream, of_upstream, 0.3),
    ):
        assert growth <= GROWN, f"{name} grows with the registry"
        assert ratio <= bound, f"{name}, against the app in memory"


def test_a_warm_write() -> None:
    (row,) = alone(warm_writes.rows, *LARGE, ROUNDS)
    assert row.ratio
    assert row.ratio <= 0.3, "register_lineage, against parsing and serialising the document"


def test_events() -> None:
    """Their cost does not grow with the registry, unless they register something."""
    for row in alone(events.rows, (SMALL[0], LARGE[0]), ROUNDS):
        assert row.ratio
        assert row.target
        assert row.ratio <= 2 * row.target.bound, row.what


def test_a_walk() -> None:
    row = alone(walk.downstream, *LARGE, ROUNDS)
    assert row.ratio
    assert row.ratio <= 1.5, "a graph of 1,000 nodes, against networkx"


def test_requests_of_a_write() -> None:
    product, lineage = alone(requests_of_a_write.counted)
    assert product == {"PUT products.json": 1, "PUT audit": 1}
    assert lineage == {"GET products.json": 1, "PUT lineage.json": 1, "PUT audit": 1}


def test_requests_of_a_read_as_of_long_ago() -> None:
    (far, *_) = alone(time_travel.rows)
    assert far.ratio
    assert far.ratio <= 2, "300 days back, against an hour"
