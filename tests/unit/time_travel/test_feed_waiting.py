"""A reader of the feed waits for the next commit, with a clock that only sleeping moves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from datamesh.services.time_travel.changes import ChangesFilter
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit_log import LogPlace
from tests.meshes import add_product
from tests.past import Timeline
from tests.unit.time_travel.test_feed import Clock, describe, fill, open_reader, read_all


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def test_waiting_ends_with_a_commit(timeline: Timeline) -> None:
    clock = Clock()
    reader = open_reader(timeline, clock=clock)
    begun = reader.read_page("now", 10, 0)

    def sleep(seconds: float) -> None:
        Clock.sleep(clock, seconds)
        if len(clock.naps) == 3:
            add_product(timeline.registry, "orders")

    clock.sleep = sleep  # type: ignore[method-assign]
    [item] = open_reader(timeline, clock=clock).read_page(begun.next_cursor, 10, 10).commits
    assert json.loads(item)["revision"] == 1
    assert clock.naps == [1, 1, 1]


def test_waiting_ends_with_its_time(timeline: Timeline) -> None:
    fill(timeline)
    clock = Clock()
    page = open_reader(timeline, clock=clock).read_page("now", 10, 3.5)
    assert (page.commits, clock.naps) == ([], [1, 1, 1, 0.5])


def test_waiting_goes_on_behind_what_the_filter_leaves_out(timeline: Timeline) -> None:
    clock, only = Clock(), ChangesFilter(product="orders")

    def sleep(seconds: float) -> None:
        Clock.sleep(clock, seconds)
        add_product(timeline.registry, {1: "revenue", 2: "orders"}.get(len(clock.naps), "more"))

    clock.sleep = sleep  # type: ignore[method-assign]
    [item] = open_reader(timeline, only, clock).read_page("now", 10, 10).commits
    assert describe(json.loads(item)) == ("products.json", 2, {"added": ["orders"]})
    assert clock.naps == [1, 1]


@pytest.mark.parametrize("document", ["products", "lineage"])
def test_a_page_that_takes_long_has_one_commit_at_least(timeline: Timeline, document: str) -> None:
    """Without one its reader would ask for the same page for ever."""

    class SlowLog:
        def __init__(self, log: Any) -> None:
            self.log = log

        def iterate_commits(self, place: LogPlace, deadline: Deadline) -> Iterator[Any]:
            for commit in self.log.iterate_commits(place, deadline):
                clock.sleep(20)
                yield commit

    fill(timeline)
    whole = read_all(timeline)
    found: list[bytes] = []
    cursor = open_reader(Timeline()).read_page("now", 10, 0).next_cursor
    while len(found) < len(whole):
        clock = Clock()
        reader = open_reader(timeline, clock=clock)
        slow: Any = {document: SlowLog(getattr(reader.logs, document))}
        logs = replace(reader.logs, **slow)
        page = replace(reader, logs=logs).read_page(cursor, 10, 0)
        assert page.commits
        found += page.commits
        cursor = page.next_cursor
    # In the order of each document: the time did not suffice to put the two into one.
    items = list(map(json.loads, found))
    for key in ("products.json", "lineage.json"):
        assert [each for each in items if each["document"] == key] == [
            each for each in whole if each["document"] == key
        ]
