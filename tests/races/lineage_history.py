"""The answers to clients about lineage entries, and whether they are true.

That both ends of a visible entry are registered is for the history of the products to judge.
"""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """The time from the invocation to the answer; without end if that is unknown."""

    invoked: float
    responded: float

    def is_before(self, other: "Span") -> bool:
        return self.responded < other.invoked

    @classmethod
    def from_invocation(cls, invoked: float, *, known: bool) -> "Span":
        return cls(invoked, time.monotonic() if known else math.inf)


@dataclass(frozen=True)
class Entry:
    """A registration. `token` is its alone."""

    token: str
    ends: tuple[str, str]
    span: Span


@dataclass(frozen=True)
class ListRead:
    tokens: "Counter[str]"
    span: Span


class LineageHistory:
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.lists: list[ListRead] = []
        self.deletions: list[tuple[str, Span]] = []

    # Each is one append to a list, which threads may do at once.

    def add_entry(self, entry: Entry) -> None:
        self.entries.append(entry)

    def add_list(self, read: ListRead) -> None:
        self.lists.append(read)

    def add_deletion(self, name: str, span: Span) -> None:
        self.deletions.append((name, span))

    def acknowledged_entries(self) -> list[Entry]:
        return [entry for entry in self.entries if not math.isinf(entry.span.responded)]

    def lineage_problems(self) -> list[str]:
        registered = {entry.token for entry in self.entries}
        problems = [
            f"{token} was seen {times} times"
            for read in self.lists
            for token, times in read.tokens.items()
            if times > 1 or token not in registered
        ]
        for entry in self.entries:
            deletions = [span for name, span in self.deletions if name in entry.ends]
            for read in self.lists:
                problems += _find_problems(entry, read, deletions)
        return problems


def _find_problems(entry: Entry, read: ListRead, deletions: Sequence[Span]) -> list[str]:
    if entry.token in read.tokens:
        if read.span.is_before(entry.span):
            return [f"{entry.token} was seen before it was registered"]
        if any(entry.span.is_before(one) and one.is_before(read.span) for one in deletions):
            return [f"{entry.token} was seen after the deletion of an end"]
        return []
    # A deletion that may have come after the entry and before the read explains it.
    explained = any(
        not one.is_before(entry.span) and not read.span.is_before(one) for one in deletions
    )
    return [f"{entry.token} was lost"] if entry.span.is_before(read.span) and not explained else []
