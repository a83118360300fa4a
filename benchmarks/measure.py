"""How things are measured, and the row that says what came out.

A module of benchmarks has `rows() -> list[Row]` and is named in `benchmarks.modules.MODULES`:

    ours, plain = alternately(cpu_ms(answer), cpu_ms(answer_plainly))
    return [Row("one product", "ms CPU", ours, plain, "a dict of models", ratio_at_most(0.5))]
"""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ROUNDS = 11

type Measurement = Callable[[], float]
"""Does the thing once and tells what it took, in whatever unit."""


@dataclass(frozen=True)
class Target:
    """A bound of a row's ratio, or of our own figure."""

    of: Literal["ratio", "ours"]
    bound: float
    at_least: bool = False


def ratio_at_most(bound: float) -> Target:
    return Target("ratio", bound)


def ratio_at_least(bound: float) -> Target:
    return Target("ratio", bound, at_least=True)


def at_most(bound: float) -> Target:
    """Return a bound on the figure itself, in the row's unit."""
    return Target("ours", bound)


@dataclass(frozen=True)
class Row:
    what: str
    unit: str
    ours: float
    reference: float | None = None
    """The figure to compare with, in the same unit and from the same run."""
    against: str = ""
    """The name of the reference."""
    target: Target | None = None
    note: str = ""
    """A sentence that a reader needs to understand the figures; no paragraph."""

    @property
    def ratio(self) -> float | None:
        return None if not self.reference else self.ours / self.reference

    @property
    def met(self) -> bool | None:
        """None for a row that only reports."""
        if self.target is None:
            return None
        value = self.ours if self.target.of == "ours" else self.ratio
        assert value is not None, f"{self.what}: a target of the ratio, and no reference"
        return value >= self.target.bound if self.target.at_least else value <= self.target.bound


def alternately(*measurements: Measurement, rounds: int = ROUNDS) -> list[float]:
    """The median of each. They take turns, so that whatever else the machine does hits all of
    them; a first round warms up and does not count. What there is at the beginning is not looked
    through for garbage: the collections of one would otherwise pay for what the others hold."""
    gc.collect()
    gc.freeze()
    found: list[list[float]] = [[] for _ in measurements]
    for number in range(rounds + 1):
        for measure, values in zip(measurements, found, strict=True):
            gc.collect()
            value = measure()
            if number:
                values.append(value)
    return [statistics.median(values) for values in found]


def cpu_ms(
    run: Callable[[], object], times: int = 1, prepare: Callable[[], object] = lambda: None
) -> Measurement:
    """Milliseconds of processor time, all threads of this process: the mean of `times` runs."""

    def measure() -> float:
        prepare()
        began = time.process_time()
        for _ in range(times):
            run()
        return (time.process_time() - began) * 1000 / times

    return measure


def wall_ms(
    run: Callable[[], object], times: int = 1, prepare: Callable[[], object] = lambda: None
) -> Measurement:
    """Milliseconds of the clock: the median of `times` runs, so that one during which the machine
    did something else does not count."""

    def measure() -> float:
        prepare()
        return statistics.median(_wall(run) for _ in range(times))

    return measure


def _wall(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000
