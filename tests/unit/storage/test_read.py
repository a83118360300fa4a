"""Reading a document: conditional, bounded, and cached only as told."""

import math
from dataclasses import replace

import pytest

from datamesh.errors import StorageUnavailable
from datamesh.storage.backoff import Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
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
    assert document(FaultyObject()).read() == ProductsFile()


def test_an_unchanged_object_is_not_parsed_again() -> None:
    stored = FaultyObject()
    document(stored).commit(add("a"))
    reader = document(stored)
    assert reader.read() is reader.read()
    assert stored.calls[-2:] == ["GET", "GET"]


def test_a_read_sees_what_another_writer_has_committed() -> None:
    stored = FaultyObject()
    reader = document(stored)
    assert list(reader.read().products) == []
    document(MemoryView(stored)).commit(add("a"))
    assert list(reader.read().products) == ["a"]


def test_a_vanished_object_reads_as_an_empty_file() -> None:
    stored = FaultyObject()
    reader = document(stored)
    reader.commit(add("a"))
    stored.vanish()
    assert reader.read() == ProductsFile()


def test_within_cache_seconds_storage_is_not_asked() -> None:
    stored = FaultyObject()
    now = 100.0
    reader = Document(stored, ProductsFile, backoff(), cache_seconds=30, clock=lambda: now)
    reader.read()
    document(MemoryView(stored)).commit(add("a"))
    now = 129.9
    assert list(reader.read().products) == []
    assert stored.calls == ["GET"]
    now = 130.0
    assert list(reader.read().products) == ["a"]


def test_read_latest_asks_storage_whatever_cache_seconds_says() -> None:
    stored = FaultyObject()
    reader = Document(stored, ProductsFile, backoff(), cache_seconds=30, clock=lambda: 100.0)
    reader.read()
    document(MemoryView(stored)).commit(add("a"))
    assert list(reader.read_latest().products) == ["a"]


def test_a_read_outlasts_a_bad_moment() -> None:
    stored = FaultyObject()
    stored.get_faults.extend([unreachable, unreachable])
    assert document(stored, attempts=3).read() == ProductsFile()


def test_a_read_gives_up_when_its_attempts_are_spent() -> None:
    stored = FaultyObject()
    stored.get_faults.extend([unreachable] * 3)
    with pytest.raises(StorageUnavailable, match=r"products\.json .* 503 SlowDown"):
        document(stored, attempts=3).read()
    assert stored.calls == ["GET"] * 3


def test_pauses_double_up_to_the_longest() -> None:
    pauses = Pauses()
    assert list(backoff(9, pauses)) == list(range(9))
    assert pauses.taken == [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0]


def test_no_attempt_starts_after_the_deadline() -> None:
    pauses = Pauses()
    attempts = list(backoff(100, pauses, seconds=10))
    assert pauses.now <= 10.0
    assert len(attempts) == 14


def test_time_spent_in_the_attempts_counts() -> None:
    pauses = Pauses()
    attempts = 0
    for _ in backoff(100, pauses, seconds=10):
        attempts += 1
        pauses.now += 4.0
    assert attempts == 3


def test_a_request_whose_time_is_spent_asks_storage_no_more() -> None:
    pauses = Pauses()
    patience = backoff(5, pauses, seconds=10)
    stored = FaultyObject()
    reader = Document(stored, ProductsFile, patience)
    pauses.now = 10.0
    with pytest.raises(StorageUnavailable, match="the time for the request is spent"):
        reader.read()
    assert stored.calls == []


def test_a_new_request_has_its_own_time() -> None:
    pauses = Pauses()
    patience = backoff(5, pauses, seconds=10)
    pauses.now = 10.0
    patience.deadline.restart()
    assert Document(FaultyObject(), ProductsFile, patience).read() == ProductsFile()


def test_before_the_first_request_time_is_without_limit() -> None:
    assert Deadline(10).remaining() == math.inf


def test_pauses_are_shortened_by_chance() -> None:
    pauses = Pauses()
    patience = replace(backoff(4, pauses), jitter=lambda: 0.5)
    assert list(patience) == [0, 1, 2, 3]
    assert pauses.taken == [0, 0.025, 0.05, 0.1]
