"""The checker itself, on histories whose verdict is known."""

import math
import random
import time

import pytest

from tests.races import linearizability
from tests.races.history import Act, History, Operation
from tests.races.linearizability import (
    TooHard,
    apply_operation,
    find_contradictions,
    is_linearizable,
)


def op(act: Act, value: str | None, invoked: float, responded: float = math.inf) -> Operation:
    return Operation("orders", act, value, invoked, responded)


REGISTERED = op(Act.REGISTERED, "a", 0, 1)
GOOD = {
    "nothing": [],
    "one after the other": [
        op(Act.MISSED, None, 0, 1),
        op(Act.REGISTERED, "a", 2, 3),
        op(Act.TAKEN, None, 4, 5),
        op(Act.UPDATED, "b", 6, 7),
        op(Act.READ, "b", 8, 9),
        op(Act.DELETED, None, 10, 11),
        op(Act.MISSED, None, 12, 13),
        op(Act.REGISTERED, "c", 14, 15),
    ],
    "a read during a write sees the old": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 9),
        op(Act.READ, "a", 3, 4),
    ],
    "a read during a write sees the new": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 9),
        op(Act.READ, "b", 3, 4),
    ],
    "the old, then the new, during a write": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 9),
        op(Act.READ, "a", 3, 4),
        op(Act.READ, "b", 5, 6),
    ],
    "writes at once take effect in either order": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 9),
        op(Act.UPDATED, "c", 2, 9),
        op(Act.READ, "c", 10, 11),
        op(Act.READ, "c", 12, 13),
    ],
    "an unknown write that never happened": [
        REGISTERED,
        op(Act.UPDATED, "b", 2),
        op(Act.READ, "a", 90, 91),
    ],
    "an unknown write that happened much later": [
        REGISTERED,
        op(Act.UPDATED, "b", 2),
        op(Act.READ, "a", 50, 51),
        op(Act.READ, "b", 90, 91),
    ],
    "an unknown deletion explains that the name is free": [
        REGISTERED,
        op(Act.DELETED, None, 2),
        op(Act.REGISTERED, "b", 3, 4),
    ],
}
BAD = {
    "a lost write": [REGISTERED, op(Act.UPDATED, "b", 2, 3), op(Act.READ, "a", 4, 5)],
    "a stale read": [REGISTERED, op(Act.MISSED, None, 2, 3)],
    "a value that nobody wrote": [REGISTERED, op(Act.READ, "z", 2, 3)],
    "two registrations of one name": [REGISTERED, op(Act.REGISTERED, "b", 0, 1)],
    "the new, then the old, during a write": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 9),
        op(Act.READ, "b", 3, 4),
        op(Act.READ, "a", 5, 6),
    ],
    "a write before its invocation": [
        REGISTERED,
        op(Act.READ, "b", 2, 3),
        op(Act.UPDATED, "b", 4, 5),
    ],
    "an unknown write before its invocation": [
        REGISTERED,
        op(Act.READ, "b", 2, 3),
        op(Act.UPDATED, "b", 4),
    ],
    "an unknown write that happened twice": [
        REGISTERED,
        op(Act.UPDATED, "b", 2),
        op(Act.READ, "b", 3, 4),
        op(Act.UPDATED, "c", 5, 6),
        op(Act.READ, "c", 7, 8),
        op(Act.READ, "b", 9, 10),
    ],
    "two deletions of one registration": [
        REGISTERED,
        op(Act.DELETED, None, 2, 9),
        op(Act.DELETED, None, 2, 9),
    ],
    "readers that disagree on the order of two writes": [
        REGISTERED,
        op(Act.UPDATED, "b", 2, 30),
        op(Act.UPDATED, "c", 2, 30),
        op(Act.READ, "b", 3, 10),
        op(Act.READ, "c", 11, 20),
        op(Act.READ, "b", 21, 25),
    ],
    "a name found taken that was deleted": [
        REGISTERED,
        op(Act.DELETED, None, 2, 3),
        op(Act.TAKEN, None, 4, 5),
    ],
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD)
def test_good(history: list[Operation]) -> None:
    assert is_linearizable(history)


@pytest.mark.parametrize("history", BAD.values(), ids=BAD)
def test_bad(history: list[Operation]) -> None:
    assert not is_linearizable(history)


@pytest.mark.parametrize("history", (GOOD | BAD).values(), ids=GOOD | BAD)
def test_the_order_of_the_records_does_not_matter(history: list[Operation]) -> None:
    assert is_linearizable(history) == is_linearizable(history[::-1])


def simulate_history(seed: int, operations: int = 40) -> list[Operation]:
    """A right history: each operation takes effect at a moment of its own, between its ends."""
    draw = random.Random(seed)
    made: list[Operation] = []
    state: str | None = None
    for number in range(operations):
        act = draw.choice(list(Act))
        value = state if act is Act.READ else f"v{number}"
        candidate = Operation("orders", act, value, number - draw.uniform(0, 4), math.inf)
        possible, after = apply_operation(state, candidate)
        if possible:
            state = after
            known = draw.random() < 0.9 or act in (Act.READ, Act.TAKEN, Act.MISSED)
            responded = number + draw.uniform(0, 4) if known else math.inf
            made.append(Operation("orders", act, value, candidate.invoked, responded))
    return made


@pytest.mark.parametrize("seed", range(50))
def test_simulated_histories(seed: int) -> None:
    history = simulate_history(seed)
    assert is_linearizable(history)
    end = max(each.responded for each in history if each.is_known) + 1
    assert not is_linearizable([*history, op(Act.READ, "nobody's", end, end + 1)])


def test_names_are_judged_apart() -> None:
    history = History()
    history.operations = [REGISTERED, Operation("returns", Act.READ, "z", 2, 3)]
    assert list(find_contradictions(history)) == ["returns"]


def test_a_call_that_tells_nothing_leaves_no_trace() -> None:
    history = History()
    call = history.begin_call()
    assert not history.operations
    call.record("orders", Act.READ, "a")
    call.record_unknown("orders", Act.DELETED)
    known, unknown = history.operations
    assert known.is_known
    assert known.invoked <= known.responded <= time.monotonic()
    assert not unknown.is_known


def test_a_search_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linearizability, "MAX_STEPS", 100)
    with pytest.raises(TooHard, match="on orders"):
        updates = [op(Act.UPDATED, f"v{number}", 0) for number in range(20)]
        is_linearizable([REGISTERED, *updates, op(Act.READ, "z", 2, 3)])
