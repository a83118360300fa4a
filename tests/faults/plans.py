"""The faults that befall the requests of a run, decided by a seed alone."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, repeat


class Kind(StrEnum):
    PASS = "pass"
    LOST_REQUEST = "lost request"
    LOST_REPLY = "lost reply"
    SLOW_REQUEST = "slow request"
    SLOW_REPLY = "slow reply"
    LATE_REQUEST = "late request"
    """The client sees its connection end; the request arrives after that."""
    SERVER_ERROR = "500"
    SLOW_DOWN = "503"
    CONFLICT = "409"
    LANDED_ERROR = "500 after landing"
    CUT_BODY = "cut body"
    CUT_HEAD = "cut head"


DRAWN = tuple(kind for kind in Kind if kind is not Kind.PASS)
WRITES_ONLY = (Kind.CONFLICT, Kind.LATE_REQUEST, Kind.LANDED_ERROR)
"""S3 answers 409 to no GET; the other two are nothing new for a request that changes nothing."""
RATES = (0.1, 0.2, 0.35, 0.6)


@dataclass(frozen=True)
class Fault:
    kind: Kind
    amount: float = 0.5
    """The share of the longest delay, or of the bytes that get through: from 0 to 1."""

    def for_method(self, method: bytes) -> "Fault":
        """Return what this is for a request of that method."""
        if self.kind in WRITES_ONLY and method != b"PUT":
            return PASS
        return self


PASS = Fault(Kind.PASS)


@dataclass(frozen=True)
class Plan:
    """`faults(lane)` are those of one client's requests in turn, whatever the others do."""

    seed: int
    scripted: Sequence[Fault] = field(default=())
    """The faults in place of the seed's; then everything passes."""

    def faults(self, lane: int) -> Iterator[Fault]:
        if self.scripted:
            return chain(self.scripted, repeat(PASS))
        return self._draw_faults(random.Random(f"faults {self.seed} {lane}"))

    def draw(self, purpose: str) -> random.Random:
        return random.Random(f"{purpose} {self.seed}")

    def _draw_faults(self, draw: random.Random) -> Iterator[Fault]:
        rate = self.draw("rate").choice(RATES)
        while True:
            # All three are drawn for every request, so that no decision shifts the next.
            hit, kind, amount = draw.random() < rate, draw.choice(DRAWN), draw.random()
            yield Fault(kind, amount) if hit else PASS
