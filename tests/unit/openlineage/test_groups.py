"""Groups of kept events: what lands, what is buried, what is left; at least once, in any order."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from datamesh.aws.observability import Observer
from datamesh.errors.storage import StorageUnavailable
from datamesh.http import event_queue
from datamesh.http.event_queue import derive_messages
from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.audit.search import EPOCH, find_records
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.services.openlineage import groups
from datamesh.services.openlineage.groups import Group
from datamesh.services.openlineage.ingest import derive_events
from datamesh.services.openlineage.queue import MAX_INLINE, MAX_WAITING, QueueDepth
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Deadline
from datamesh.storage.event_log import EVENTS_PREFIX
from datamesh.storage.objects import InDoubt, MemoryObject, Unreachable
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import dataset, run_event
from tests.lambdas import Answer, LambdaContext, api_event
from tests.meshes import Bucket, BucketFolder, event_pipeline, mesh, resources
from tests.unit.openlineage.graphs import edges, graph

PATH, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"


class MemoryQueue:
    """A queue in memory, whose messages nobody takes by itself."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.dead: list[tuple[str, str]] = []
        self.waiting = 0
        self.fails = False

    def send(self, messages: Sequence[str], deadline: Deadline) -> None:
        if self.fails:
            raise StorageUnavailable("the queue of events cannot be reached")
        self.messages += messages

    def send_dead_letter(self, message: str, reason: str, deadline: Deadline) -> None:
        if self.fails:
            raise StorageUnavailable("the queue of events cannot be reached")
        self.dead.append((message, reason))

    def read_depth(self, deadline: Deadline) -> QueueDepth:
        return QueueDepth(self.waiting or len(self.messages), len(self.dead))

    read_recent_depth = read_depth


class World:
    """A registry whose events go through a queue."""

    def __init__(self, serve: Serve, max_products: int = 1000) -> None:
        self.queue, self.bucket = MemoryQueue(), Bucket()
        self.registry: Registry = mesh(max_products=max_products)
        self.over: Resources = resources(
            self.registry,
            bucket=self.bucket,
            events=event_pipeline(self.bucket),
            queue=self.queue,
        )
        self._intake = serve("openlineage", self.over)

    def post(self, body: Any, path: str = PATH, principal: str = "key:etl") -> Answer:
        return self._intake.send(api_event("POST", path, body, principal=principal))

    def derive(self, messages: Sequence[str] | None = None, count: int = 1) -> Group:
        """Derive from messages, or else from all that are in the queue."""
        taken = self.queue.messages if messages is None else messages
        records = [
            {"messageId": str(at), "body": body, "attributes": {"ApproximateReceiveCount": count}}
            for at, body in enumerate(taken)
        ]
        observer = Observer("INFO")
        return derive_messages(
            self.over, observer, {"Records": records}, LambdaContext(), seconds=60
        )

    def list_records(self) -> list[AuditRecord]:
        """As administrators read them."""
        return find_records(
            BucketFolder(self.bucket, AUDIT_FOLDER),
            NO_DEADLINE,
            CONTEXT.permissions,
            since=EPOCH,
            until=utc_now() + timedelta(days=1),
            product=None,
            principal=None,
            limit=100,
            cursor=None,
        ).records


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")


@pytest.fixture
def world(serve: Serve) -> World:
    return World(serve)


# what is acknowledged


def test_201_an_event_that_is_kept_by_one_put_and_waits(world: World) -> None:
    assert world.post(run_event(["a"], ["b"])).status == 201
    assert [key for key, stored in world.bucket.items() if stored.get()] == [
        key for key in world.bucket if key.startswith(EVENTS_PREFIX)
    ]
    assert (len(world.queue.messages), edges(world.registry)) == (1, set())
    world.derive()
    assert edges(world.registry) == {("a", "b")}


def test_503_an_event_that_is_kept_and_not_queued_and_its_repetition_is_queued(
    world: World,
) -> None:
    world.queue.fails = True
    answer = world.post(run_event(["a"], ["b"]))
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    world.queue.fails = False
    assert world.post(run_event(["a"], ["b"])).status == 201
    world.derive()
    assert edges(world.registry) == {("a", "b")}


def test_429_too_many_wait_and_the_event_is_not_kept(world: World) -> None:
    world.queue.waiting = MAX_WAITING
    answer = world.post(run_event(["a"], ["b"]))
    assert (answer.status, answer.headers["retry-after"]) == (429, "2")
    assert not any(key.startswith(EVENTS_PREFIX) for key in world.bucket)


def test_a_large_event_is_read_where_it_is_kept(world: World) -> None:
    noise = Random(1).randbytes(MAX_INLINE).hex()
    assert (
        world.post(run_event(["a"], [dataset("b", facets={"noise": {"x": noise}})])).status == 201
    )
    [message] = world.queue.messages
    assert len(message) < 200
    world.derive()
    assert edges(world.registry) == {("a", "b")}


# groups


def test_a_group_is_one_commit_of_each_document_and_one_record_of_all_senders(
    world: World,
) -> None:
    for number in range(6):
        sender = f"key:{number % 2}"
        world.post(run_event([f"a{number}"], ["b"], run=number, job=f"j{number}"), principal=sender)
    world.derive()
    assert len(edges(world.registry)) == 6
    products = world.registry.products.read_latest(NO_DEADLINE)
    assert (products.revision, world.registry.lineage.read_latest(NO_DEADLINE).revision) == (1, 1)
    [record] = world.list_records()
    assert record.principals == {"events", "key:0", "key:1"}
    assert [len(each.names) for each in record.events] == [3, 3]
    assert record.status == 200


def test_what_one_has_sent_is_derived_in_his_name(world: World) -> None:
    world.post([run_event(["a"], ["b"]), run_event(["c"], ["d"], run=2)], BATCH)
    world.derive()
    [record] = world.list_records()
    assert record.principal == "key:etl"


def test_any_order_and_any_repetition_of_messages_give_the_same_lineage(serve: Serve) -> None:
    events = [
        run_event(["a"], [], run=1),
        run_event([], ["b"], run=1, minute=1),
        run_event(["b"], ["c"], run=2, job="k"),
        run_event(["c"], ["a"], run=3, job="l", minute=3),
    ]
    found = []
    for seed in range(6):
        world, random = World(serve), Random(seed)
        for event in events:
            world.post(event)
        messages = [*world.queue.messages, *random.sample(world.queue.messages, seed % 4)]
        random.shuffle(messages)
        while messages:
            size = random.randint(1, len(messages))
            world.derive(messages[:size])
            messages = messages[size:]
        found.append(graph(world.registry))
    assert all(each == found[0] for each in found)
    assert len(found[0]) == 3


# poison


@pytest.mark.parametrize("message", ["{", "{}", '{"name": "n", "event": "bm8="}'])
def test_a_message_that_is_no_event_is_buried_with_its_reason(world: World, message: str) -> None:
    world.post(run_event(["a"], ["b"]))
    group = world.derive([message, *world.queue.messages])
    assert group.unfinished == []
    [(buried, reason)] = world.queue.dead
    assert buried == message and reason
    assert edges(world.registry) == {("a", "b")}


def test_an_event_that_breaks_what_reads_it_is_buried_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        world.post(run_event([f"a{number}"], ["b"], run=number, job=f"j{number}"))
    whole: Callable[..., Any] = derive_events

    def break_on_one(context: Any, registry: Any, pipeline: Any, kept: Sequence[Any]) -> Any:
        if any(b'"j5"' in each.received.body for each in kept):
            raise RecursionError("deeper than it goes")
        return whole(context, registry, pipeline, kept)

    monkeypatch.setattr(groups, "derive_events", break_on_one)
    group = world.derive()
    assert (group.unfinished, len(edges(world.registry))) == ([], 8)
    assert [reason for _, reason in world.queue.dead] == ["RecursionError: deeper than it goes"]
    [record] = world.list_records()
    assert sum(len(each.names) for each in record.events) == 8


def test_what_a_full_registry_does_not_take_is_buried_and_the_rest_lands(serve: Serve) -> None:
    world = World(serve, max_products=2)
    world.post(run_event(["a"], ["b"]))
    world.derive()
    world.queue.messages.clear()
    for number in range(3):
        world.post(run_event(["a"], ["b"], run=number, job=f"j{number}"))
    world.post(run_event(["new"], ["b"], run=7, job="k"))
    assert world.derive().unfinished == []
    assert ["MAX_PRODUCTS is 2" in reason for _, reason in world.queue.dead] == [True]
    jobs = {entry["job"]["name"] for entry in graph(world.registry).values() if entry["job"]}
    assert jobs == {"daily", "j0", "j1", "j2"}


def test_poison_that_cannot_be_buried_stays_in_the_queue(world: World) -> None:
    world.queue.fails = True
    assert [each.message for each in world.derive(["{"]).unfinished] == ["{"]


def test_events_are_derived_alone_once_they_were_delivered_in_vain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    whole: Callable[..., Any] = derive_events

    def note_size(context: Any, registry: Any, pipeline: Any, kept: Sequence[Any]) -> Any:
        sizes.append(len(kept))
        return whole(context, registry, pipeline, kept)

    monkeypatch.setattr(groups, "derive_events", note_size)
    for number in range(12):
        world.post(run_event([f"a{number}"], ["b"], run=number, job=f"j{number}"))
    for delivery in (1, 3, 4):
        world.derive(count=delivery)
    assert sizes == [12, 10, 2, *[1] * 12]


# deaths


class _Killed(BaseException):
    """The worker is gone, as by `kill -9`."""


def die_at_put(number: int, outcome: str) -> Callable[[MemoryObject, bytes, str | None], str]:
    """Return a PUT that dies at its nth call, before it or after it has landed."""
    put, calls = MemoryObject.put, count(1)

    def put_or_die(stored: MemoryObject, body: bytes, replaces: str | None) -> str:
        dies = next(calls) == number
        if dies and outcome == "before":
            raise _Killed
        etag = put(stored, body, replaces)
        if dies:
            raise _Killed
        return etag

    return put_or_die


@pytest.mark.parametrize("outcome", ["before", "after"])
def test_a_worker_that_dies_at_any_write_loses_nothing(
    serve: Serve, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        run_event(["a"], [], run=1),
        run_event([], ["b"], run=1, minute=1),
        run_event(["b"], ["c"], run=2, job="k"),
    ]
    expected = World(serve)
    for event in events:
        expected.post(event)
    expected.derive()
    for death in range(1, 40):
        world = World(serve)
        for event in events:
            world.post(event)
        with monkeypatch.context() as patch:
            patch.setattr(MemoryObject, "put", die_at_put(death, outcome))
            with suppress(_Killed):
                world.derive()
                break
        world.derive(count=2)
        assert graph(world.registry) == graph(expected.registry)
    assert death > 7  # the audit record, two runs, two jobs, the index, products, lineage


@pytest.mark.parametrize("error", [InDoubt("reset"), Unreachable("no connection")])
def test_what_storage_does_not_take_stays_in_the_queue(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.post(run_event(["a"], ["b"]))

    def refuse(stored: MemoryObject, body: bytes, replaces: str | None) -> str:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(MemoryObject, "put", refuse)
        assert len(world.derive().unfinished) == 1
    assert (world.derive().unfinished, world.queue.dead) == ([], [])
    assert edges(world.registry) == {("a", "b")}


# how far it has come


def test_the_status_tells_what_waits_and_what_is_dead(world: World, serve: Serve) -> None:
    platform = serve("platform", world.over)
    world.post(run_event(["a"], ["b"]))
    before = platform.get("/openlineage/status").body
    assert before == {"waiting": 1, "dead_letters": 0, "lag_seconds": 0, "derived_at": None}
    world.derive(["{", *world.queue.messages])
    world.queue.messages.clear()
    after = platform.get("/openlineage/status").body
    assert (after["waiting"], after["dead_letters"]) == (0, 1)
    assert after["derived_at"]
    assert b"datamesh_events_dead_letters 1.0" in platform.get("/metrics").content


def test_nothing_ever_waits_where_events_are_derived_at_once(serve: Serve) -> None:
    assert serve("platform").get("/openlineage/status").body["waiting"] == 0


def test_the_handler_names_the_messages_that_are_to_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "create_resources", lambda settings, observer: world.over)
    handler = event_queue.create_queue_handler({"CATALOG_BUCKET": "unused"}, 60)
    world.queue.fails = True
    event = {"Records": [{"messageId": "m-1", "body": "{"}]}
    answer = handler(event, LambdaContext())
    assert json.loads(json.dumps(answer)) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
