"""Events that wait in a queue: what is acknowledged, what waits, what is delivered again."""

import json
from random import Random

import pytest

from datamesh.http import event_queue
from datamesh.services.openlineage.queue import MAX_INLINE, MAX_WAITING
from datamesh.storage.event_log import EVENTS_PREFIX
from tests.conftest import Serve
from tests.events import dataset, run_event
from tests.lambdas import LambdaContext
from tests.unit.openlineage.graphs import edges
from tests.unit.openlineage.queued import World

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
