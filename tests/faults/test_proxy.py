"""Each fault by itself: what the client is told, and what the server holds then."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from threading import Event

import pytest

from datamesh.storage.objects import InDoubt, LostRace, StoredObject, Unreachable
from datamesh.storage.s3.client import S3Error, S3Request, create_client
from datamesh.storage.s3.object import S3Object
from dev.storage.s3 import S3
from tests.faults.plans import PASS, Fault, Kind, Plan
from tests.faults.proxy import Proxy
from tests.faults.runs import WRITERS, Slot, open_slots

KEYS = count()
NEVER = (Kind.LOST_REQUEST, Kind.SERVER_ERROR, Kind.SLOW_DOWN)
ALREADY = (Kind.LOST_REPLY, Kind.LANDED_ERROR)
PATIENT_SECONDS = 60.0
"""The time-out of a client that is not to meet it, however slow the machine is."""


@pytest.fixture(scope="module")
def slot(s3: S3) -> Iterator[Slot]:
    with pytest.MonkeyPatch.context() as patch, Proxy(s3.endpoint, WRITERS) as proxy:
        for name, value in s3.build_environment(s3.writer).items():
            patch.setenv(name, value)
        [opened] = open_slots(s3.build_environment(s3.writer), s3.bucket, proxy, create_client())
        patient = [replace(each, read_seconds=PATIENT_SECONDS) for each in opened.clients]
        yield replace(opened, clients=patient)


@pytest.fixture
def end_of_delays(slot: Slot) -> Iterator[Event]:
    """Delays of the proxy last until it is set."""
    end = Event()

    async def wait(delay: float) -> None:
        await asyncio.to_thread(end.wait, PATIENT_SECONDS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slot.proxy, "wait", wait)
        yield end
        end.set()
        slot.proxy.drain(slot.lanes)


@pytest.fixture
def key() -> str:
    return f"proxied-{next(KEYS)}"


def open_through_proxy(slot: Slot, key: str, *faults: Fault) -> S3Object:
    slot.proxy.follow(Plan(0, faults or [PASS]), slot.lanes)
    return S3Object(slot.clients[0], slot.bucket, key)


def read_stored(slot: Slot, key: str) -> bytes | None:
    found = S3Object(slot.direct, slot.bucket, key).get()
    return found.body if isinstance(found, StoredObject) else None


def test_signed_requests_pass_and_connections_are_kept(slot: Slot, key: str) -> None:
    stored = open_through_proxy(slot, key)
    body = bytes(range(256)) * 1000
    etag = stored.put(b"first", None)
    stored.put(body, etag)
    assert read_stored(slot, key) == body
    found = stored.get()
    assert isinstance(found, StoredObject)
    assert found.body == body
    assert len(slot.lanes[0].connections) == 1
    assert slot.lanes[0].counts == {Kind.PASS: 3}


def test_the_server_checks_signatures_through_the_proxy(slot: Slot, s3: S3, key: str) -> None:
    open_through_proxy(slot, key)
    client = slot.clients[0]
    other = replace(client.credentials(), secret_key="another")
    with pytest.raises(S3Error, match="403 SignatureDoesNotMatch"):
        replace(client, credentials=lambda: other).send(
            S3Request("PutObject", s3.bucket, key, "PUT")
        )
    assert read_stored(slot, key) is None


@pytest.mark.parametrize("kind", NEVER)
def test_a_put_that_never_arrives(slot: Slot, key: str, kind: Kind) -> None:
    with pytest.raises(InDoubt):
        open_through_proxy(slot, key, Fault(kind)).put(b"1", None)
    slot.proxy.drain(slot.lanes)
    assert read_stored(slot, key) is None


def test_a_conflict_writes_nothing(slot: Slot, key: str) -> None:
    with pytest.raises(LostRace):
        open_through_proxy(slot, key, Fault(Kind.CONFLICT)).put(b"1", None)
    slot.proxy.drain(slot.lanes)
    assert read_stored(slot, key) is None


@pytest.mark.parametrize("kind", ALREADY)
def test_a_put_that_lands_unheard(slot: Slot, key: str, kind: Kind) -> None:
    with pytest.raises(InDoubt):
        open_through_proxy(slot, key, Fault(kind)).put(b"1", None)
    assert read_stored(slot, key) == b"1"


def test_a_late_put_lands_after_the_client_has_given_up(
    slot: Slot, key: str, end_of_delays: Event
) -> None:
    with pytest.raises(InDoubt, match="the connection broke off"):
        open_through_proxy(slot, key, Fault(Kind.LATE_REQUEST)).put(b"1", None)
    assert read_stored(slot, key) is None
    end_of_delays.set()
    slot.proxy.drain(slot.lanes)
    assert read_stored(slot, key) == b"1"


@pytest.mark.parametrize("kind", [Kind.SLOW_REQUEST, Kind.SLOW_REPLY])
def test_a_slow_put_times_out_and_lands(
    slot: Slot, key: str, kind: Kind, end_of_delays: Event
) -> None:
    hasty = replace(slot, clients=[replace(slot.clients[0], read_seconds=0.2)])
    with pytest.raises(InDoubt, match=r"was not answered within 0\.2 s"):
        open_through_proxy(hasty, key, Fault(kind)).put(b"1", None)
    end_of_delays.set()
    slot.proxy.drain(slot.lanes)
    assert read_stored(slot, key) == b"1"


@pytest.mark.parametrize("kind", [Kind.SLOW_REQUEST, Kind.SLOW_REPLY])
def test_a_put_slower_than_usual_is_acknowledged(slot: Slot, key: str, kind: Kind) -> None:
    open_through_proxy(slot, key, Fault(kind, 0.1)).put(b"1", None)
    assert read_stored(slot, key) == b"1"


@pytest.mark.parametrize("kind", [*NEVER, Kind.LOST_REPLY, Kind.CUT_BODY])
def test_a_get_that_fails_is_worth_another(slot: Slot, key: str, kind: Kind) -> None:
    S3Object(slot.direct, slot.bucket, key).put(b"a body to cut", None)
    stored = open_through_proxy(slot, key, Fault(kind))
    with pytest.raises(Unreachable):
        stored.get()
    found = stored.get()
    assert isinstance(found, StoredObject)
    assert found.body == b"a body to cut"


def test_a_drained_lane_takes_no_requests(slot: Slot, key: str) -> None:
    stored = open_through_proxy(slot, key)
    slot.proxy.drain(slot.lanes)
    with pytest.raises(InDoubt):
        stored.put(b"1", None)
    assert read_stored(slot, key) is None


def test_a_put_whose_reply_is_cut_in_its_head_succeeds_or_is_in_doubt(slot: Slot, key: str) -> None:
    for twentieth in range(20):
        stored = open_through_proxy(
            slot, f"{key}-{twentieth}", Fault(Kind.CUT_HEAD, twentieth / 20)
        )
        with contextlib.suppress(InDoubt):
            stored.put(b"1", None)
