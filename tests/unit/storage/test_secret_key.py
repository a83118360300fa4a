"""The key of a registry: one for all instances, whoever creates it and whatever fails."""

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.secret_key import SecretKey
from tests.contexts import NO_DEADLINE
from tests.unit.storage.faults import (
    FaultyObject,
    MemoryView,
    PutFault,
    backoff,
    conflict,
    in_flight,
    lands,
    no_connection,
    reply_is_lost,
    request_is_lost,
    retried_below,
    server_error,
    unreachable,
)

MINE, THEIRS = bytes(32), bytes(range(32))


def make_key(stored: FaultyObject | MemoryView, attempts: int = 5) -> SecretKey:
    return SecretKey(stored, backoff(attempts), lambda size: MINE[:size])


def rival_creates(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    stored.land(THEIRS, None)
    return stored.land(body, replaces)


def test_a_key_is_created_once_and_then_read_no_more() -> None:
    stored = FaultyObject()
    key = make_key(stored)
    assert [key.read(NO_DEADLINE), key.read(NO_DEADLINE)] == [MINE, MINE]
    assert stored.calls == ["GET", "PUT", "GET"]


def test_another_instance_reads_it_with_one_call() -> None:
    stored = FaultyObject(THEIRS)
    assert make_key(stored).read(NO_DEADLINE) == THEIRS
    assert stored.calls == ["GET"]


def test_a_generated_key_has_256_random_bits() -> None:
    keys = {SecretKey(FaultyObject(), backoff()).read(NO_DEADLINE) for _ in range(20)}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 20


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([rival_creates], THEIRS),
        ([conflict, lands], MINE),
        ([no_connection, lands], MINE),
        ([server_error, lands], MINE),
        ([reply_is_lost], MINE),
        ([request_is_lost, rival_creates], THEIRS),
        ([retried_below], MINE),
        ([in_flight(lands)], MINE),
    ],
)
def test_whatever_becomes_of_a_put_the_key_is_the_stored_one(
    faults: list[PutFault], expected: bytes
) -> None:
    stored = FaultyObject()
    stored.put_faults.extend(faults)
    assert make_key(stored).read(NO_DEADLINE) == expected
    assert make_key(MemoryView(stored)).read(NO_DEADLINE) == expected


def test_a_put_that_was_in_doubt_to_the_end_is_looked_for() -> None:
    stored = FaultyObject()
    stored.put_faults.append(reply_is_lost)
    assert make_key(stored, attempts=1).read(NO_DEADLINE) == MINE
    stored = FaultyObject()
    stored.put_faults.append(request_is_lost)
    with pytest.raises(StorageUnavailable, match=r"products\.json cannot be created"):
        make_key(stored, attempts=1).read(NO_DEADLINE)


def test_a_failed_read_is_not_remembered() -> None:
    stored = FaultyObject(THEIRS)
    stored.get_faults.append(unreachable)
    key = make_key(stored, attempts=1)
    with pytest.raises(StorageUnavailable, match="cannot be reached"):
        key.read(NO_DEADLINE)
    assert key.read(NO_DEADLINE) == THEIRS


@pytest.mark.parametrize("body", [b"", b"short", bytes(33)])
def test_what_is_no_key_is_refused(body: bytes) -> None:
    """An empty object, put there by hand, would let everybody forge."""
    with pytest.raises(StorageUnavailable, match="is no key of 32 bytes; delete it"):
        make_key(FaultyObject(body)).read(NO_DEADLINE)
