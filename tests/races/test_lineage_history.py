"""The judge of lineage itself, on histories whose verdict is known."""

import math
from collections import Counter

import pytest

from tests.races.lineage_history import Entry, LineageHistory, ListRead, Span

ENDS = ("orders", "revenue")
ENTRY = Entry("e", ENDS, Span(10, 20))
UNKNOWN = Entry("e", ENDS, Span(10, math.inf))


def find_problems(entry: Entry, read: ListRead, *deletions: tuple[str, Span]) -> list[str]:
    history = LineageHistory()
    history.add_entry(entry)
    history.add_list(read)
    for name, span in deletions:
        history.add_deletion(name, span)
    return history.lineage_problems()


def seen(invoked: float, responded: float, times: int = 1) -> ListRead:
    return ListRead(Counter({"e": times}), Span(invoked, responded))


def missing(invoked: float, responded: float) -> ListRead:
    return ListRead(Counter(), Span(invoked, responded))


def test_right() -> None:
    assert not find_problems(ENTRY, seen(30, 40))
    assert not find_problems(ENTRY, seen(15, 16))
    assert not find_problems(ENTRY, missing(15, 16))
    assert not find_problems(UNKNOWN, seen(30, 40))
    assert not find_problems(UNKNOWN, missing(30, 40))
    assert not find_problems(ENTRY, missing(60, 70), ("orders", Span(40, 50)))
    assert not find_problems(ENTRY, missing(60, 70), ("orders", Span(65, 80)))
    assert not find_problems(ENTRY, missing(60, 70), ("orders", Span(40, math.inf)))
    assert not find_problems(ENTRY, seen(60, 70), ("orders", Span(15, 50)))
    assert not find_problems(ENTRY, seen(60, 70), ("orders", Span(40, math.inf)))


@pytest.mark.parametrize(
    ("read", "deletion", "problem"),
    [
        (missing(30, 40), ("customers", Span(22, 25)), "e was lost"),
        (missing(30, 40), ("orders", Span(1, 5)), "e was lost"),
        (missing(30, 40), ("orders", Span(45, 50)), "e was lost"),
        (seen(1, 5), ("orders", Span(1, 2)), "e was seen before it was registered"),
        (seen(30, 40), ("revenue", Span(22, 25)), "e was seen after the deletion of an end"),
        (seen(30, 40, times=2), ("orders", Span(1, 5)), "e was seen 2 times"),
    ],
)
def test_wrong(read: ListRead, deletion: tuple[str, Span], problem: str) -> None:
    assert find_problems(ENTRY, read, deletion) == [problem]


def test_an_entry_that_nobody_registered() -> None:
    other = Entry("f", ENDS, Span(80, 90))
    assert find_problems(other, seen(30, 40)) == ["e was seen 1 times"]
