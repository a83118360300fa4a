"""The one retry policy of the project."""

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from datamesh.errors import StorageUnavailable
from datamesh.storage.objects import Unreachable

OUT_OF_TIME = Unreachable("the time for the request is spent")


class Deadline:
    """Until when a request may begin another call to storage, however many documents it touches.

    One per execution environment, which answers one request at a time.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until = math.inf

    def restart(self) -> None:
        """A new request begins."""
        self._until = self._clock() + self._seconds

    def remaining(self) -> float:
        return self._until - self._clock()


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter, bounded in attempts and by the request's deadline.

    Full jitter took 1.3 to 1.45 PUTs a commit with 8 rivals, against 2.3 to 3.7 without a pause.
    """

    deadline: Deadline
    attempts: int = 20
    first_pause: float = 0.025
    longest_pause: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def __iter__(self) -> Iterator[int]:
        """Yield 0, 1, ... with a pause before each but the first, until attempts or time end."""
        for attempt in range(self.attempts):
            pause = self._pause(attempt) if attempt else 0
            if self.deadline.remaining() <= pause:
                return
            self.sleep(pause)
            yield attempt

    def _pause(self, attempt: int) -> float:
        return min(self.longest_pause, math.ldexp(self.first_pause, attempt)) * self.jitter()

    def until_reached[T](self, name: str, read: Callable[[], T]) -> T:
        """Repeat a call that changes nothing until it gets through.

        Raises StorageUnavailable, with the last reason, when the budget is spent.
        """
        reason = OUT_OF_TIME
        for _ in self:
            try:
                return read()
            except Unreachable as error:
                reason = error
        raise unreachable(name, reason) from reason


def unreachable(name: str, reason: Exception) -> StorageUnavailable:
    return StorageUnavailable(f"{name} cannot be reached: {reason}")
