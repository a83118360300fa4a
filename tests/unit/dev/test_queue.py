"""The small SQS of a local run, as the functions' own client speaks to it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from datamesh.aws.event_queue import SqsEventQueue
from datamesh.errors.storage import StorageUnavailable
from datamesh.services.openlineage.queue import QueueDepth
from datamesh.storage.s3.endpoints import Credentials
from dev.execution.deployment import FunctionError
from dev.queue import poller as poller_module
from dev.queue.poller import QueuePoller
from dev.queue.server import QueueServer, build_queue_url
from dev.queue.store import QueueStore
from dev.server import open_listener
from dev.stack import Api, QueueSource
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT

SOURCE = QueueSource("Worker", "http://localhost/events", "http://localhost/dead", 3, 2, 60)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[QueueStore]:
    opened = QueueStore(tmp_path / "queues.sqlite")
    yield opened
    opened.close()


def receive(store: QueueStore, most: int = 10, most_bytes: int = 1000) -> list[str]:
    return [each.body for each in store.receive("events", most, most_bytes, hidden=60)]


# what is kept


def test_a_message_is_received_by_one_until_it_is_released(store: QueueStore) -> None:
    store.send("events", [("a", {}), ("b", {})])
    [first] = store.receive("events", 1, 1000, hidden=60)
    assert (first.body, first.received, receive(store), receive(store)) == ("a", 1, ["b"], [])
    store.release([first], seconds=0)
    [again] = store.receive("events", 9, 1000, hidden=60)
    assert (again.body, again.received) == ("a", 2)
    store.delete([again])
    assert store.count("events") == (0, 1)


def test_messages_together_stay_within_what_a_function_takes(store: QueueStore) -> None:
    store.send("events", [("a" * 900, {}), ("b" * 200, {}), ("c" * 2000, {})])
    assert [len(each) for each in receive(store)] == [900]
    assert [len(each) for each in receive(store)] == [200]
    assert [len(each) for each in receive(store)] == [2000]


def test_what_was_received_and_not_deleted_comes_again_after_a_start(tmp_path: Path) -> None:
    killed = QueueStore(tmp_path / "queues.sqlite")
    killed.send("events", [("a", {})])
    assert receive(killed) == ["a"]
    # Nobody closes it: its process is gone.
    restarted = QueueStore(tmp_path / "queues.sqlite")
    assert receive(restarted) == ["a"]
    restarted.close()
    killed.close()


# how functions speak to it


async def in_thread(call: Any, *arguments: Any) -> Any:
    return await asyncio.to_thread(call, *arguments)


def create_queue(url: str, dead: str) -> SqsEventQueue:
    return SqsEventQueue(
        url=url,
        dead_letters_url=dead,
        region="eu-west-1",
        credentials=lambda: Credentials("key", "secret"),
        ca_bundle="",
        backoff=NO_WAIT,
    )


def test_the_client_of_the_functions_sends_buries_and_counts(store: QueueStore) -> None:
    async def talk() -> tuple[QueueDepth, QueueDepth]:
        with open_listener("127.0.0.1", 0) as listener:
            server = asyncio.create_task(QueueServer(store, listener).serve())
            names = ("events", "dead")
            queue = create_queue(*(build_queue_url(listener, each) for each in names))
            await in_thread(queue.send, [f"m{number}" for number in range(25)], NO_DEADLINE)
            before = await in_thread(queue.read_depth, NO_DEADLINE)
            await in_thread(queue.send_dead_letter, "m", "its reason", NO_DEADLINE)
            known = await in_thread(queue.read_recent_depth, NO_DEADLINE)
            assert known == before
            after = await in_thread(queue.read_depth, NO_DEADLINE)
            server.cancel()
            return before, after

    assert asyncio.run(talk()) == (QueueDepth(25, 0), QueueDepth(25, 1))
    assert receive(store, 99) == [f"m{number}" for number in range(25)]
    [dead] = store.receive("dead", 9, 1000, hidden=60)
    assert dead.attributes["Reason"]["StringValue"] == "its reason"


def test_a_queue_that_cannot_be_reached_is_unavailable_storage() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        url = build_queue_url(listener, "events")
    queue = create_queue(url, url)
    with pytest.raises(StorageUnavailable, match="the queue of events cannot be reached"):
        queue.send(["m"], NO_DEADLINE)


# who takes the messages


class Deployment:
    """Answers as a worker of a test does."""

    def __init__(self, *answers: Any) -> None:
        self._answers = [*answers]
        self.events: list[list[str]] = []

    def read_api(self) -> Api:
        return Api({}, (), queues=(SOURCE,))

    async def invoke(self, name: str, event: Any, request_id: str, seconds: float) -> Any:
        self.events.append([each["body"] for each in event["Records"]])
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def deliver(store: QueueStore, *answers: Any) -> list[list[str]]:
    deployment = Deployment(*answers)

    async def run() -> None:
        with open_listener("127.0.0.1", 0) as listener:
            poller: Any = QueuePoller(deployment, store, QueueServer(store, listener))  # type: ignore[arg-type]
            for _ in answers:
                await poller.deliver(SOURCE)

    asyncio.run(run())
    return deployment.events


def test_messages_are_delivered_in_batches_and_deleted(store: QueueStore) -> None:
    store.send("events", [(each, {}) for each in "abcd"])
    none: dict[str, list[object]] = {"batchItemFailures": []}
    assert deliver(store, none, none) == [["a", "b", "c"], ["d"]]
    assert store.count("events") == (0, 0)


def test_what_a_worker_leaves_comes_again(store: QueueStore) -> None:
    store.send("events", [(each, {}) for each in "abc"])
    deliver(store, {"batchItemFailures": [{"itemIdentifier": "2"}]})
    assert store.count("events") == (0, 1)


def test_what_is_delivered_in_vain_too_often_is_a_dead_letter(tmp_path: Path) -> None:
    hour = count(0, 3600)
    store = QueueStore(tmp_path / "queues.sqlite", lambda: next(hour))
    store.send("events", [("a", {})])
    crash = FunctionError("crashed")
    assert deliver(store, *[crash] * SOURCE.max_receives) == [["a"]] * SOURCE.max_receives
    assert store.count("dead") == (0, 0)
    assert deliver(store, None) == []
    assert (store.count("events"), store.count("dead")) == ((0, 0), (1, 0))
    store.close()


# who waits for them


class SlowDeployment(Deployment):
    """Answers once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def invoke(self, name: str, event: Any, request_id: str, seconds: float) -> Any:
        self.asked.set()
        await self.may_answer.wait()


def wait_beside(
    store: QueueStore, play: Callable[[QueuePoller, SlowDeployment], Coroutine[Any, Any, None]]
) -> None:
    """Play a scenario while a poller delivers to a slow worker."""
    deployment = SlowDeployment()

    async def run() -> None:
        with open_listener("127.0.0.1", 0) as listener:
            poller = QueuePoller(deployment, store, QueueServer(store, listener))  # type: ignore[arg-type]
            running = asyncio.create_task(poller.run())
            await play(poller, deployment)
            running.cancel()

    asyncio.run(run())


def test_a_request_waits_until_what_was_sent_before_is_delivered(store: QueueStore) -> None:
    store.send("events", [(each, {}) for each in "abcd"])  # two batches

    async def play(poller: QueuePoller, worker: SlowDeployment) -> None:
        waiting = asyncio.create_task(poller.wait_for_sent())
        await worker.asked.wait()
        store.send("events", [(each, {}) for each in "efghi"])
        assert not waiting.done()
        worker.may_answer.set()
        await waiting
        assert store.count("events")[0] >= 2  # what was sent later is not waited for

    wait_beside(store, play)


def test_a_request_does_not_wait_for_ever(
    store: QueueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller_module, "CATCH_UP_SECONDS", 0.01)
    store.send("events", [("a", {})])

    async def play(poller: QueuePoller, worker: SlowDeployment) -> None:
        await worker.asked.wait()
        await poller.wait_for_sent()
        assert not worker.may_answer.is_set()

    wait_beside(store, play)


def test_a_request_does_not_wait_for_what_failed(store: QueueStore) -> None:
    store.send("events", [("a", {})])
    deliver(store, FunctionError("crashed"))
    assert store.find_new(["events"]) == set()
