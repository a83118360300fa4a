"""Two objects in memory that many function instances share, and the faults on the way to them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    MemoryObject,
    StoredObject,
    Unchanged,
    Unreachable,
)


class Crash(BaseException):
    """The process is killed: no `except Exception` sees it."""


class Shelf(MemoryObject):
    """An object of the bucket. A PUT on its way arrives before the next one, or at the end."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.in_flight: list[tuple[bytes, str | None]] = []

    def put(self, body: bytes, replaces: str | None) -> str:
        self.arrive()
        return super().put(body, replaces)

    def arrive(self) -> None:
        late, self.in_flight = self.in_flight, []
        for body, replaces in late:
            try:
                super().put(body, replaces)
            except LostRace:
                continue


@dataclass
class Life:
    """The life of an instance: a killed one touches nothing any more."""

    ended: bool = False


@dataclass
class Way:
    """One instance's way to one object: a PUT meets the next of `faults`, then all is well."""

    shelf: Shelf
    faults: "deque[Fault]" = field(default_factory=deque)
    failing_gets: int = 0
    between: Callable[[], None] | None = None
    """The deeds of others just after the next GET."""
    life: Life = field(default_factory=Life)
    met: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.shelf.name

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        self._alive()
        if self.failing_gets:
            self.failing_gets -= 1
            self.met.append("failing get")
            raise Unreachable("GetObject answered 503 SlowDown")
        found = self.shelf.get(known_etag)
        if self.between:
            others, self.between = self.between, None
            others()
        return found

    def put(self, body: bytes, replaces: str | None) -> str:
        self._alive()
        if not self.faults:
            return self.shelf.put(body, replaces)
        fault = self.faults.popleft()
        self.met.append(getattr(fault, "__name__", "rival"))
        return fault(self, body, replaces)

    def calm(self) -> None:
        self.faults.clear()
        self.met.clear()
        self.failing_gets = 0
        self.between = None

    def _alive(self) -> None:
        if self.life.ended:
            raise Crash


type Fault = Callable[[Way, bytes, str | None], str]


def lands(way: Way, body: bytes, replaces: str | None) -> str:
    return way.shelf.put(body, replaces)


def reply_lost(way: Way, body: bytes, replaces: str | None) -> str:
    _try(way, body, replaces)
    raise InDoubt("the connection was reset")


def reply_lost_in_the_dark(way: Way, body: bytes, replaces: str | None) -> str:
    """Lose the reply, and let the object be unreadable for the rest of the request."""
    way.failing_gets = 5
    return reply_lost(way, body, replaces)


def request_lost(way: Way, body: bytes, replaces: str | None) -> str:
    raise InDoubt("the connection was reset")


def arrives_late(way: Way, body: bytes, replaces: str | None) -> str:
    way.shelf.in_flight.append((body, replaces))
    raise InDoubt("read timeout")


def retried_below(way: Way, body: bytes, replaces: str | None) -> str:
    """The PUT lands, and its repetition is told 412."""
    _try(way, body, replaces)
    raise LostRace


def conflict(way: Way, body: bytes, replaces: str | None) -> str:
    raise LostRace


def no_connection(way: Way, body: bytes, replaces: str | None) -> str:
    raise Unreachable("connect timeout")


def denied(way: Way, body: bytes, replaces: str | None) -> str:
    raise StorageUnavailable("PutObject answered 403 AccessDenied")


def killed_before(way: Way, body: bytes, replaces: str | None) -> str:
    way.life.ended = True
    raise Crash


def killed_after(way: Way, body: bytes, replaces: str | None) -> str:
    _try(way, body, replaces)
    way.life.ended = True
    raise Crash


FAULTS: tuple[Fault, ...] = (
    reply_lost,
    reply_lost_in_the_dark,
    request_lost,
    arrives_late,
    retried_below,
    conflict,
    no_connection,
    denied,
    killed_before,
    killed_after,
)


def _try(way: Way, body: bytes, replaces: str | None) -> None:
    """The server's refusal gets lost like any reply."""
    try:
        way.shelf.put(body, replaces)
    except LostRace:
        return
