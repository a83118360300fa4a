"""Does the processor's time for a request grow faster than what was sent?

A time says little on a busy machine. So processor time is compared with that of half the input and
of a quarter, the best of three each, and only where the input takes so long that noise is a small
part of it, and about three times as long as half of it. What grows too fast is tried twice again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

FLOOR = 0.05
"""Seconds that say nothing."""
GROWTH = 2.9
"""How much longer twice the input may take: 2 if the time is linear, 4 if it is quadratic."""
TRIES, BEST_OF = 3, 3

type Run = Callable[[], object]
type Prepare = Callable[[int], Run]
"""Length of the input -> what sends it, all else done before."""


@dataclass(frozen=True)
class Growth:
    """The seconds of an input of this length, of half of it and of a quarter."""

    length: int
    seconds: tuple[float, float, float]

    @property
    def is_superlinear(self) -> bool:
        whole, half, quarter = self.seconds
        return whole > FLOOR and whole > GROWTH * half and half > GROWTH * quarter


def measure_once(run: Run) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def find_superlinear(prepare: Prepare, longest: int) -> Growth | None:
    """Return how the time grows if that is faster than the input, at a sixteenth or at `longest`.

    The first is for what would hold the processor for minutes at the second.
    """
    for length in (longest // 16, longest):
        seconds = measure_once(prepare(length))
        if seconds <= FLOOR or seconds <= GROWTH * measure_once(prepare(length // 2)):
            continue
        found = [_measure_growth(prepare, length)]
        while found[-1].is_superlinear and len(found) < TRIES:
            found.append(_measure_growth(prepare, length))
        if found[-1].is_superlinear:
            return found[-1]
    return None


def _measure_growth(prepare: Prepare, length: int) -> Growth:
    """Measure the growth of the time, less what a request takes whatever is in it."""
    base, whole, half, quarter = (
        min(measure_once(prepare(each)) for _ in range(BEST_OF))
        for each in (1, length, length // 2, length // 4)
    )
    return Growth(length, (whole - base, max(half - base, 0), max(quarter - base, 0)))
