"""The questions of clients about the products and the answers to them, with the times of both."""

import math
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from tests.races.lineage_history import Span


class Act(StrEnum):
    """The effect of an operation, or what it saw, under one name."""

    REGISTERED = "registered"
    TAKEN = "found it taken"
    UPDATED = "updated"
    DELETED = "deleted"
    READ = "read"
    MISSED = "found nothing"


@dataclass(frozen=True)
class Operation:
    """`value` identifies what was written or read: no two writes write the same."""

    name: str
    act: Act
    value: str | None
    invoked: float
    responded: float
    """Infinite if the outcome is unknown: it takes effect at any time from then on, or never."""

    @property
    def is_known(self) -> bool:
        return not math.isinf(self.responded)


class Call:
    """An operation in progress. One of which nothing is told had no effect and saw nothing."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self.invoked = time.monotonic()

    def record(self, name: str, act: Act, value: str | None = None) -> None:
        """A call may tell several things; each holds at some moment of it."""
        self._history.add(Operation(name, act, value, self.invoked, time.monotonic()))

    def record_unknown(self, name: str, act: Act, value: str | None = None) -> None:
        self._history.add(Operation(name, act, value, self.invoked, math.inf))

    def to_span(self, *, known: bool = True) -> Span:
        return Span.from_invocation(self.invoked, known=known)


class History:
    """Filled by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.operations: list[Operation] = []

    def add(self, operation: Operation) -> None:
        with self._lock:
            self.operations.append(operation)

    def begin_call(self) -> Call:
        return Call(self)

    def by_name(self) -> dict[str, list[Operation]]:
        found: defaultdict[str, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            found[operation.name].append(operation)
        return found
