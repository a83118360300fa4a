"""Groups of kept events: what lands and what is buried; at least once, in any order."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from datamesh.services.openlineage import groups
from datamesh.services.openlineage.ingest import derive_events
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import run_event
from tests.unit.openlineage.graphs import edges, graph
from tests.unit.openlineage.queued import BATCH, World

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


def test_what_one_has_sent_is_derived_by_the_worker_without_a_role(world: World) -> None:
    world.post([run_event(["a"], ["b"]), run_event(["c"], ["d"], run=2)], BATCH)
    world.derive()
    [record] = world.list_records()
    assert (record.principal, record.principals) == ("events", {"events", "key:etl"})
    assert record.commits and record.roles == {}


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
