"""The probe of writes: what it calls and how often, and what it makes of failures."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Deadline
from datamesh.storage.write_probe import WriteProbe
from tests.contexts import NO_DEADLINE
from tests.meshes import NOON
from tests.unit.storage.faults import (
    FaultyObject,
    PutFault,
    backoff,
    conflict,
    no_connection,
    reply_is_lost,
    request_is_lost,
    server_error,
)

WRITTEN = b'"2026-01-31T12:00:00Z"'


class WallClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def refused(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
    raise StorageUnavailable("PutObject answered 403 AccessDenied")


def make_probe(
    stored: FaultyObject, clock: WallClock | None = None, jitter: float = 0.0
) -> WriteProbe:
    patient = replace(backoff(3), jitter=lambda: jitter)
    return WriteProbe(stored, patient, now=clock or WallClock())


def find_failure(probe: WriteProbe) -> str:
    with pytest.raises(StorageUnavailable) as found:
        probe.check_writes(NO_DEADLINE)
    return str(found.value)


def test_it_writes_the_time_once_a_minute_whoever_asks() -> None:
    stored, clock = FaultyObject(), WallClock()
    probe = make_probe(stored, clock)
    for _ in range(100):
        probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT"]
    assert stored.get() is not None
    clock.advance(59.9)
    stored.calls.clear()
    probe.check_writes(NO_DEADLINE)
    assert stored.calls == []
    clock.advance(0.1)
    probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT"]


def test_the_write_of_another_instance_proves_as_much() -> None:
    """Until it is a minute old: nobody believes anything for longer than that."""
    stored, clock = FaultyObject(WRITTEN), WallClock()
    clock.advance(40)
    probe = make_probe(stored, clock)
    probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET"]
    clock.advance(20)
    probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "GET", "PUT"]


def test_instances_that_believe_one_write_do_not_all_write_when_it_is_old() -> None:
    stored, clock = FaultyObject(WRITTEN), WallClock()
    probes = [make_probe(stored, clock, jitter) for jitter in (0.2, 0.0, 0.9, 0.4)]
    for seconds in range(80):
        clock.now = NOON + timedelta(seconds=seconds)
        for probe in probes:
            probe.check_writes(NO_DEADLINE)
    assert stored.calls.count("PUT") == 1
    assert stored.calls.count("GET") == 2 * len(probes)


def test_a_setting_says_how_long_a_probe_is_believed() -> None:
    stored, clock = FaultyObject(), WallClock()
    probe = WriteProbe(stored, backoff(3), 5, clock)
    stored.put_faults.append(refused)
    for _ in range(3):
        find_failure(probe)
    clock.advance(5)
    for _ in range(3):
        probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT", "GET", "PUT"]
    clock.advance(6.25)  # a quarter longer, at most
    probe.check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT"] * 3


@pytest.mark.parametrize(
    "body",
    [
        b'"2026-01-31T11:59:00Z"',
        b'"2026-01-31T12:01:00Z"',
        b'"0001-01-01T00:00:00+01:00"',
        b'"yesterday"',
        *(b"", b"{", b"{}", b"null", b"12", b"\xff\x00"),
    ],
)
def test_whatever_else_is_there_is_replaced(body: bytes) -> None:
    stored = FaultyObject(body)
    make_probe(stored).check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT"]
    make_probe(stored).check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT", "GET"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (refused, "PutObject answered 403 AccessDenied"),
        (server_error, "health cannot be reached: PutObject answered 500 InternalError"),
        (request_is_lost, "health cannot be reached: the connection was reset"),
        (no_connection, "health cannot be reached: connect timeout"),
    ],
)
def test_a_failure_is_told_for_a_minute_and_mends_itself(fault: PutFault, reason: str) -> None:
    stored, clock = FaultyObject(), WallClock()
    stored.name = "health"
    probe = make_probe(stored, clock)
    stored.put_faults.extend([fault] * 3)
    assert find_failure(probe) == f"Unhealthy: writes fail. {reason}"
    made = len(stored.calls)
    clock.advance(59.9)
    assert find_failure(probe) == f"Unhealthy: writes fail. {reason}"
    assert len(stored.calls) == made <= 7
    clock.advance(0.1)
    stored.put_faults.clear()
    probe.check_writes(NO_DEADLINE)
    assert stored.calls[made:] == ["GET", "PUT"]


@pytest.mark.parametrize("fault", [server_error, request_is_lost, no_connection, conflict])
def test_one_failure_is_none(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.append(fault)
    make_probe(stored).check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT", "GET", "PUT"]


def test_a_write_whose_reply_is_lost_is_found() -> None:
    stored = FaultyObject()
    stored.put_faults.append(reply_is_lost)
    make_probe(stored).check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT", "GET"]


def test_what_became_of_the_last_attempt_is_looked_up() -> None:
    """With 16 instances at once, a PUT took so long that no other attempt could begin."""
    seconds = 0.0

    def takes_long(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        nonlocal seconds
        seconds += 4
        stored.land(WRITTEN, replaces)
        return conflict(stored, body, replaces)

    stored = FaultyObject()
    stored.put_faults.append(takes_long)
    make_probe(stored).check_writes(Deadline.from_now(10, lambda: seconds))
    assert stored.calls == ["GET", "PUT", "GET"]


def test_a_lost_race_is_won_by_a_write() -> None:
    def rival_writes(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.land(WRITTEN, replaces)
        return stored.land(body, replaces)

    stored = FaultyObject()
    stored.put_faults.append(rival_writes)
    make_probe(stored).check_writes(NO_DEADLINE)
    assert stored.calls == ["GET", "PUT", "GET"]


@pytest.mark.parametrize(("budget", "puts"), [(10.0, 2), (0.5, 1)])
def test_a_probe_ends_after_two_seconds_and_within_the_time_of_the_request(
    budget: float, puts: int
) -> None:
    seconds = 0.0

    def takes_a_second(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        nonlocal seconds
        seconds += 1
        return server_error(stored, body, replaces)

    stored = FaultyObject()
    stored.put_faults.extend([takes_a_second] * 9)
    probe = WriteProbe(stored, backoff(9), now=WallClock())
    with pytest.raises(StorageUnavailable, match="writes fail"):
        probe.check_writes(Deadline.from_now(budget, lambda: seconds))
    assert stored.calls.count("PUT") == puts


def test_a_request_without_time_left_says_nothing_of_writes() -> None:
    stored = FaultyObject()
    probe = make_probe(stored)
    with pytest.raises(StorageUnavailable, match="the time for the request is spent"):
        probe.check_writes(Deadline.from_now(-1))
    assert stored.calls == []
    probe.check_writes(NO_DEADLINE)
