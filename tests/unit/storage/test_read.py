"""Reading a document: conditional, bounded, and cached only as told."""

from dataclasses import replace

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import LAST_CALLS_SECONDS, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from tests.contexts import NO_DEADLINE
from tests.unit.storage.faults import (
    FaultyObject,
    MemoryView,
    Pauses,
    add,
    backoff,
    document,
    unreachable,
)


def test_a_missing_object_reads_as_an_empty_file() -> None:
    assert document(FaultyObject()).read(NO_DEADLINE) == ProductsFile()


def test_an_unchanged_object_is_not_parsed_again() -> None:
    stored = FaultyObject()
    document(stored).commit(add("a"), NO_DEADLINE)
    reader = document(stored)
    assert reader.read(NO_DEADLINE) is reader.read(NO_DEADLINE)
    assert stored.calls[-2:] == ["GET", "GET"]


def test_a_read_sees_what_another_writer_has_committed() -> None:
    stored = FaultyObject()
    reader = document(stored)
    assert list(reader.read(NO_DEADLINE).products) == []
    document(MemoryView(stored)).commit(add("a"), NO_DEADLINE)
    assert list(reader.read(NO_DEADLINE).products) == ["a"]


def test_a_vanished_object_reads_as_an_empty_file() -> None:
    stored = FaultyObject()
    reader = document(stored)
    reader.commit(add("a"), NO_DEADLINE)
    stored.vanish()
    assert reader.read(NO_DEADLINE) == ProductsFile()


def test_within_cache_seconds_storage_is_not_asked() -> None:
    stored = FaultyObject()
    now = 100.0
    reader = Document(stored, ProductsFile, backoff(), cache_seconds=30, clock=lambda: now)
    reader.read(NO_DEADLINE)
    document(MemoryView(stored)).commit(add("a"), NO_DEADLINE)
    now = 129.9
    assert list(reader.read(NO_DEADLINE).products) == []
    assert stored.calls == ["GET"]
    now = 130.0
    assert list(reader.read(NO_DEADLINE).products) == ["a"]


def test_read_latest_asks_storage_whatever_cache_seconds_says() -> None:
    stored = FaultyObject()
    reader = Document(stored, ProductsFile, backoff(), cache_seconds=30, clock=lambda: 100.0)
    reader.read(NO_DEADLINE)
    document(MemoryView(stored)).commit(add("a"), NO_DEADLINE)
    assert list(reader.read_latest(NO_DEADLINE).products) == ["a"]


def test_a_read_outlasts_a_bad_moment() -> None:
    stored = FaultyObject()
    stored.get_faults.extend([unreachable, unreachable])
    assert document(stored, attempts=3).read(NO_DEADLINE) == ProductsFile()


def test_a_read_gives_up_when_its_attempts_are_spent() -> None:
    stored = FaultyObject()
    stored.get_faults.extend([unreachable] * 3)
    with pytest.raises(StorageUnavailable, match=r"products\.json .* 503 SlowDown"):
        document(stored, attempts=3).read(NO_DEADLINE)
    assert stored.calls == ["GET"] * 3


def test_pauses_double_up_to_the_longest() -> None:
    pauses = Pauses()
    assert list(backoff(9, pauses).iterate_attempts(NO_DEADLINE)) == list(range(9))
    assert pauses.taken == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_no_attempt_starts_after_the_deadline() -> None:
    pauses = Pauses()
    deadline = Deadline.from_now(10, pauses.clock)
    attempts = list(backoff(100, pauses).iterate_attempts(deadline))
    assert pauses.now <= 10.0
    assert len(attempts) == 14


def test_time_spent_in_the_attempts_counts() -> None:
    pauses = Pauses()
    attempts = 0
    for _ in backoff(100, pauses).iterate_attempts(Deadline.from_now(10, pauses.clock)):
        attempts += 1
        pauses.now += 4.0
    assert attempts == 3


def test_a_request_whose_time_is_spent_asks_storage_no_more() -> None:
    pauses = Pauses()
    deadline = Deadline.from_now(10, pauses.clock)
    stored = FaultyObject()
    reader = Document(stored, ProductsFile, backoff(5, pauses))
    pauses.now = 10.0
    with pytest.raises(StorageUnavailable, match="the time for the request is spent"):
        reader.read(deadline)
    assert stored.calls == []


def test_a_new_request_has_its_own_time() -> None:
    pauses = Pauses()
    reader = Document(FaultyObject(), ProductsFile, backoff(5, pauses))
    spent = Deadline.from_now(10, pauses.clock)
    pauses.now = 10.0
    assert spent.remaining_seconds == 0
    assert reader.read(Deadline.from_now(10, pauses.clock)) == ProductsFile()


def test_calls_that_must_follow_the_last_attempt_have_some_time_more() -> None:
    pauses = Pauses()
    deadline = Deadline.from_now(10, pauses.clock)
    pauses.now = 10 + LAST_CALLS_SECONDS - 0.1
    assert deadline.can_begin_call()
    pauses.now = 10 + LAST_CALLS_SECONDS
    assert not deadline.can_begin_call()


def test_pauses_are_shortened_by_chance() -> None:
    pauses = Pauses()
    patience = replace(backoff(4, pauses), jitter=lambda: 0.5)
    assert list(patience.iterate_attempts(NO_DEADLINE)) == [0, 1, 2, 3]
    assert pauses.taken == [0.025, 0.05, 0.1]
