"""Medians, and the table that shows them."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 25


@dataclass(frozen=True)
class Row:
    name: str
    milliseconds: float
    against: str = ""
    """The row that this one is compared with."""
    note: str = ""


def median_ms(
    run: Callable[[], object], prepare: Callable[[], object] = lambda: None, rounds: int = ROUNDS
) -> float:
    """The median of several runs after one that warms up, in processor time: what else the machine
    does shows less in it. Garbage of before is collected first, that of the runs as it comes."""
    prepare()
    run()
    gc.collect()
    times = []
    for _ in range(rounds):
        prepare()
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return statistics.median(times) * 1000


def show(title: str, rows: Sequence[Row]) -> None:
    known = {row.name: row.milliseconds for row in rows}
    print(f"\n{title}\n")
    print(f"| {'':58} | {'CPU ms':>8} | ratio | |")
    print("|---|---:|---:|---|")
    for row in rows:
        ratio = (
            f"{row.milliseconds / known[row.against]:.2f} of: {row.against}" if row.against else ""
        )
        print(f"| {row.name:58} | {row.milliseconds:8.2f} | {ratio} | {row.note} |")
