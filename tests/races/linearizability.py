"""Is a history of one name linearizable? The search of Wing and Gong ("Testing and verifying
concurrent objects", 1993) with the memory of Lowe ("Testing for linearizability", 2017).

Names are independent of each other, and linearizability is local: a history is linearizable if
that of each name is.
"""

from collections.abc import Sequence

from tests.races.history import Act, History, Operation

type State = str | None
"""The value under the name; None if there is none."""

MAX_STEPS = 2_000_000


class TooHard(Exception):
    """Undecided within MAX_STEPS."""


def find_contradictions(history: History) -> dict[str, list[Operation]]:
    """The names whose operations no order explains, and those operations."""
    return {name: each for name, each in history.by_name().items() if not is_linearizable(each)}


def is_linearizable(operations: Sequence[Operation]) -> bool:
    """Tell whether some order, in which nothing precedes what had ended before it began, explains
    every answer. The name is free at first. Raises TooHard."""
    ordered = sorted(operations, key=lambda operation: operation.invoked)
    required = sum(1 << number for number, each in enumerate(ordered) if each.is_known)
    start: tuple[int, State] = (0, None)
    waiting, seen = [start], {start}
    steps = 0
    while waiting:
        done, state = waiting.pop()
        if done & required == required:
            return True
        for number, after in _list_next(ordered, done, state):
            steps += 1
            if steps > MAX_STEPS:
                raise TooHard(f"{len(ordered)} operations on {ordered[0].name}")
            reached = (done | 1 << number, after)
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return False


def _list_next(ordered: Sequence[Operation], done: int, state: State) -> list[tuple[int, State]]:
    """Return what may come next, and the state behind it; what ended first is last, so tried first.

    One that changes nothing comes alone: whatever order there is, it may as well begin with it.
    """
    possible = []
    for number in _find_minimal(ordered, done):
        is_right, after = apply_operation(state, ordered[number])
        if is_right and after == state:
            return [(number, after)]
        if is_right:
            possible.append((number, after))
    return sorted(possible, key=lambda each: -ordered[each[0]].responded)


def _find_minimal(ordered: Sequence[Operation], done: int) -> list[int]:
    """Return the operations that may come next: they began before any that is left had ended."""
    left = [number for number in range(len(ordered)) if not done >> number & 1]
    first_end = min(ordered[number].responded for number in left)
    return [number for number in left if ordered[number].invoked <= first_end]


def apply_operation(state: State, operation: Operation) -> tuple[bool, State]:
    """Return whether the answer is right in that state, and the state after it."""
    value = operation.value
    match operation.act:
        case Act.REGISTERED:
            return state is None, value
        case Act.UPDATED:
            return state is not None, value
        case Act.DELETED:
            return state is not None, None
        case Act.TAKEN:
            return state is not None, state
        case Act.MISSED:
            return state is None, state
        case Act.READ:
            return state == value, state
