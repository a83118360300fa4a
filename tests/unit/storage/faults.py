"""An object in memory that misbehaves as told, one fault for each PUT or GET in turn."""

from collections import deque
from collections.abc import Callable

from datamesh.models.stored_products import StoredProduct
from datamesh.storage.backoff import Backoff
from datamesh.storage.commit import Change, CompletedCommit
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    MemoryObject,
    StoredObject,
    Unchanged,
    Unreachable,
)
from tests.contexts import NO_DEADLINE

type PutFault = Callable[["FaultyObject", bytes, str | None], str]
type GetFault = Callable[[], object]


class FaultyObject(MemoryObject):
    def __init__(self, body: bytes | None = None) -> None:
        super().__init__("products.json", body)
        self.put_faults: deque[PutFault] = deque()
        self.get_faults: deque[GetFault | None] = deque()
        self.calls: list[str] = []

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        self.calls.append("GET")
        if self.get_faults and (fault := self.get_faults.popleft()):
            fault()
        return super().get(known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        self.calls.append("PUT")
        if self.put_faults:
            return self.put_faults.popleft()(self, body, replaces)
        return self.land(body, replaces)

    def land(self, body: bytes, replaces: str | None) -> str:
        return super().put(body, replaces)

    def vanish(self) -> None:
        self._stored = None


def lands(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    return stored.land(body, replaces)


def reply_is_lost(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    """The PUT lands, and the writer never hears of it."""
    stored.land(body, replaces)
    raise InDoubt("the connection was reset")


def request_is_lost(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    """The PUT never arrives, which looks the same to the writer."""
    raise InDoubt("the connection was reset")


def server_error(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    raise InDoubt("PutObject answered 500 InternalError")


def conflict(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    """409: a concurrent request was in the way, and nothing was written."""
    raise LostRace


def no_connection(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    raise Unreachable("connect timeout")


def retried_below(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    """Something below retried a PUT that had landed, and was told 412 for it."""
    stored.land(body, replaces)
    raise LostRace


def rival(change: Change[ProductsFile, None], *, times: int = 1) -> PutFault:
    """Other writers commit just before this PUT arrives."""

    def fault(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        other = document(MemoryView(stored))
        for _ in range(times):
            other.commit(change, NO_DEADLINE)
        return stored.land(body, replaces)

    return fault


def in_flight(then: PutFault) -> PutFault:
    """Return a fault: the PUT times out and lands only when the next one, handled by `then`,
    arrives."""

    def fault(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        def late(stored: FaultyObject, later_body: bytes, later_replaces: str | None) -> str:
            stored.land(body, replaces)
            return then(stored, later_body, later_replaces)

        stored.put_faults.appendleft(late)
        raise InDoubt("read timeout")

    return fault


def unreachable() -> None:
    raise Unreachable("GetObject answered 503 SlowDown")


class MemoryView:
    """Another writer's way to the same object, past its faults."""

    def __init__(self, stored: FaultyObject) -> None:
        self.name = stored.name
        self._stored = stored

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        return MemoryObject.get(self._stored, known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        return self._stored.land(body, replaces)


class Pauses:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def backoff(attempts: int = 5, pauses: Pauses | None = None) -> Backoff:
    pauses = pauses or Pauses()
    return Backoff(attempts, sleep=pauses.sleep, jitter=lambda: 1.0)


def document(
    stored: FaultyObject | MemoryView,
    attempts: int = 5,
    on_commit: Callable[[CompletedCommit[ProductsFile]], None] = lambda committed: None,
) -> Document[ProductsFile]:
    return Document(stored, ProductsFile, backoff(attempts), on_commit=on_commit)


def product(name: str) -> StoredProduct:
    return StoredProduct.model_validate(
        {
            "name": name,
            "domain": "sales",
            "owner": "o",
            "description": "d",
            "schema": {"a": "string"},
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        }
    )


def add(name: str) -> Change[ProductsFile, int]:
    """Add a product; the result is how many there are then. Not idempotent in its result."""

    def change(file: ProductsFile) -> tuple[ProductsFile, int]:
        after = file.with_product(product(name))
        return after, len(after.products)

    return change


def bump(file: ProductsFile) -> tuple[ProductsFile, None]:
    """A change that touches nothing but the revision."""
    return file.model_copy(), None
