"""One budget of time for a whole request: idempotency, audit and storage together."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from datamesh.services.audit.trail import AuditTrail
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import InDoubt, MemoryObject, StoredObject, Unchanged
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client, api_event, create_function_client, import_app
from tests.meshes import mesh, product_body, resources

FUNCTION_SECONDS = 25
"""`Timeout` of the functions in template.yaml."""
SLOWEST_CALL = 4.9
"""A call to storage that is answered just within its time-outs."""


class Clock:
    """Time that only calls to storage take."""

    def __init__(self, seconds_a_call: float) -> None:
        self.now = 0.0
        self.seconds_a_call = seconds_a_call

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class SlowObject(MemoryObject):
    """An object whose calls take their time; some of its PUTs are not answered."""

    def __init__(self, name: str, clock: Clock, unanswered: int = 0) -> None:
        super().__init__(name)
        self.clock = clock
        self.unanswered = deque(range(unanswered))

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        self.clock.now += self.clock.seconds_a_call
        return super().get(known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        self.clock.now += self.clock.seconds_a_call
        if self.unanswered:
            self.unanswered.popleft()
            raise InDoubt("read timeout")
        return super().put(body, replaces)


@pytest.fixture
def build_client(
    imported_functions: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Clock, int], Client]:
    """Return a function that makes a client of `products`, whose every object is slow."""

    def build(clock: Clock, unanswered: int) -> Client:
        backoff = Backoff(sleep=clock.sleep, jitter=lambda: 1.0)
        stored = SlowObject("products.json", clock, unanswered)
        products = Document(stored, ProductsFile, backoff)
        lineage = Document(SlowObject("lineage.json", clock), LineageFile, backoff)
        for document in (products, lineage):
            document.read(NO_DEADLINE)
        clock.now = 0.0
        records: dict[str, SlowObject] = {}

        def open_slow(key: str) -> SlowObject:
            return records.setdefault(key, SlowObject(key, clock))

        over = replace(
            resources(replace(mesh(), products=products, lineage=lineage)),
            open_key_record=open_slow,
            open_trail=lambda record: AuditTrail(record, open_slow, backoff),
        )
        start = Deadline.from_now
        monkeypatch.setattr(Deadline, "from_now", lambda seconds: start(seconds, clock.read))
        return create_function_client("products", over)

    import_app("products")
    return build


@pytest.mark.parametrize("unanswered", [0, 1, 2, 20])
@pytest.mark.parametrize("seconds_a_call", [0.1, 1.0, 2.4, 3.3, SLOWEST_CALL])
@pytest.mark.parametrize("key", ["one", None])
def test_a_request_is_answered_before_its_function_times_out(
    build_client: Callable[[Clock, int], Client],
    key: str | None,
    seconds_a_call: float,
    unanswered: int,
) -> None:
    clock = Clock(seconds_a_call)
    client = build_client(clock, unanswered)
    headers = {"Idempotency-Key": key} if key else {}
    event = api_event("POST", "/register_product", product_body(), headers=headers)
    answer = client.send(event)
    assert answer.status in ((200,) if unanswered == 0 else (200, 503))
    assert clock.now < FUNCTION_SECONDS - 0.5, "the answer would never arrive"


def test_a_slow_request_of_unknown_outcome_says_so_in_time(
    build_client: Callable[[Clock, int], Client],
) -> None:
    clock = Clock(SLOWEST_CALL)
    client = build_client(clock, 1)
    event = api_event(
        "POST", "/register_product", product_body(), headers={"Idempotency-Key": "one"}
    )
    answer = client.send(event)
    assert answer.status == 503
    assert "unknown" in answer.body["message"]
    assert clock.now < FUNCTION_SECONDS - 0.5
