"""Workers that die, and storage that takes nothing: no event of a group is lost."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest

from datamesh.storage.objects import InDoubt, MemoryObject, Unreachable
from tests.conftest import Serve
from tests.events import dataset, run_event
from tests.unit.openlineage.graphs import edges, graph, show
from tests.unit.openlineage.queued import World


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


def test_a_worker_that_dies_before_it_has_looked_again_looks_when_it_comes_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows that a table is dropped, and has not seen who has written it meanwhile."""
    drop = {"lifecycleStateChange": {"lifecycleStateChange": "DROP"}}
    for event in (
        run_event([], ["t"], run=1),
        run_event([], [dataset("t", facets=drop)], run=2, job="cleaner", minute=5),
        run_event([], ["t"], run=3, job="writer", minute=9),
    ):
        world.post(event)
    written, dropped, written_again = world.queue.messages
    world.derive([written])
    put = MemoryObject.put

    def put_beside_another(stored: MemoryObject, body: bytes, replaces: str | None) -> str:
        if stored.name != "products.json":
            return put(stored, body, replaces)
        with monkeypatch.context() as patch:
            patch.setattr(MemoryObject, "put", put)
            world.derive([written_again])
        put(stored, body, replaces)
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(MemoryObject, "put", put_beside_another)
        with pytest.raises(_Killed):
            world.derive([dropped])
    [shown] = show(world.registry)[0].values()
    assert shown["lifecycle_state"] == "DROP"
    world.derive([dropped], count=2)
    [shown] = show(world.registry)[0].values()
    assert shown["lifecycle_state"] is None


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
