"""Keys of `access.json`, as the authorizer looks them up."""

import gzip
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.identity import stored_keys
from datamesh.identity.stored_keys import (
    CACHE_SECONDS,
    MAX_EXTRA_READS,
    StoredKeys,
    is_stored_key,
    parse_keys,
)
from datamesh.storage.objects import MemoryObject, StoredObject, Unchanged, Unreachable

SECRET = "Zm9yIHRlc3RzIGFsb25lLCBub3QgYSBzZWNyZXQg_-0"
OTHER = "c2Vjb25kIHNlY3JldCBmb3IgdGVzdHMsIGFuZCBubyA"
ETL, FORMER = f"dm_etl_{SECRET}", f"dm_etl_{OTHER}"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class CountedObject(MemoryObject):
    """Counts its reads, and fails as often as it is told to."""

    reads = 0
    failures = 0

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise Unreachable("storage sleeps")
        return super().get(known_etag)

    def replace(self, keys: dict[str, Any], level: int = 6) -> None:
        text = json.dumps({"format": 1, "grants": {}, "keys": keys}).encode()
        found = super().get()
        etag = found.etag if isinstance(found, StoredObject) else None
        self.put(gzip.compress(text, level, mtime=0), etag)


class World:
    """A file of keys, the uses that are stored, and two clocks."""

    def __init__(self) -> None:
        self.access = CountedObject("access.json")
        self.uses: dict[str, CountedObject] = {}
        self.seconds = 1000.0
        self.now = NOW
        self.keys = StoredKeys(
            self.access, self.open_use, clock=lambda: self.seconds, now=lambda: self.now
        )

    def open_use(self, key_id: str) -> CountedObject:
        return self.uses.setdefault(key_id, CountedObject(key_id))

    def read_use(self, key_id: str) -> bytes | None:
        found = self.uses[key_id].get()
        return found.body if isinstance(found, StoredObject) else None


def secret(credential: str, days: float = 90) -> dict[str, str]:
    ends = NOW + timedelta(days=days)
    return {
        "digest": sha256(credential.encode()).hexdigest(),
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": ends.isoformat().replace("+00:00", "Z"),
    }


def key(*secrets: dict[str, str], days: float = 90) -> dict[str, Any]:
    ends = NOW + timedelta(days=days)
    return {"id": "etl", "expires_at": ends.isoformat(), "secrets": [*secrets]}


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    made.access.replace({"etl": key(secret(ETL))})
    yield made


def test_a_key_is_found_by_its_digest_and_its_day_of_use_is_stored(world: World) -> None:
    assert world.keys.find_key_id(ETL) == "etl"
    assert world.read_use("etl") == b"2026-01-31"


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "dm_",
        "dm__",
        "dm_etl_",
        f"dm_{SECRET}",
        ETL[:-1],
        ETL + "x",
        ETL + "\n",
        ETL.upper(),
        ETL.replace("etl", "ETL"),
        ETL.replace("etl", "other"),
        ETL.replace("etl", "etl_"),
        ETL.replace("etl", ""),
        ETL.replace("etl", "a" * 41),
        ETL.replace("_-0", "_-é"),
        ETL.replace("_-0", "_-\udcff"),
        ETL.replace("_-0", "_-\x00"),
        ETL.replace("dm", "DM"),
        FORMER,
        f"dm_etl_{sha256(ETL.encode()).hexdigest()[:43]}",
        sha256(ETL.encode()).hexdigest(),
        f" {ETL}",
    ],
)
def test_any_other_credential_is_of_nobody(world: World, credential: str) -> None:
    assert world.keys.find_key_id(credential) is None
    assert world.uses == {}


def test_a_digest_counts_under_its_own_id_alone(world: World) -> None:
    world.access.replace({"etl": key(secret(ETL)), "admin": key(secret(ETL))})
    assert world.keys.find_key_id(f"dm_admin_{SECRET}") is None
    assert world.keys.find_key_id(ETL) == "etl"


def test_both_secrets_of_a_key_work_until_they_end(world: World) -> None:
    world.access.replace({"etl": key(secret(FORMER, days=7), secret(ETL))})
    assert [world.keys.find_key_id(each) for each in (ETL, FORMER)] == ["etl", "etl"]
    world.now = NOW + timedelta(days=7)
    assert [world.keys.find_key_id(each) for each in (ETL, FORMER)] == ["etl", None]
    world.now = NOW + timedelta(days=90)
    assert world.keys.find_key_id(ETL) is None


def test_the_end_of_the_key_is_that_of_its_secrets(world: World) -> None:
    world.access.replace({"etl": key(secret(ETL), days=3)})
    world.now = NOW + timedelta(days=3, microseconds=-1)
    assert world.keys.find_key_id(ETL) == "etl"
    world.now = NOW + timedelta(days=3)
    assert world.keys.find_key_id(ETL) is None


def test_every_secret_is_compared_in_constant_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []
    original = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return original(one, other)

    monkeypatch.setattr(stored_keys.hmac, "compare_digest", compare)  # type: ignore[attr-defined]
    world.access.replace({"etl": key(secret(ETL), secret(FORMER))})
    world.keys.find_key_id(ETL)
    assert len(compared) == 2
    world.keys.find_key_id(f"dm_nobody_{SECRET}")
    assert compared[2][1] == "0" * 64


def test_a_deleted_key_works_for_a_minute_at_most(world: World) -> None:
    assert world.keys.find_key_id(ETL) == "etl"
    world.access.replace({})
    world.seconds += CACHE_SECONDS - 0.1
    assert world.keys.find_key_id(ETL) == "etl"
    assert world.access.reads == 1
    world.seconds += 0.1
    assert world.keys.find_key_id(ETL) is None
    assert world.access.reads == 2


def test_a_new_key_works_at_once(world: World) -> None:
    assert world.keys.find_key_id(ETL) == "etl"
    world.access.replace({"etl": key(secret(ETL)), "new": key(secret(f"dm_new_{OTHER}"))})
    assert world.keys.find_key_id(f"dm_new_{OTHER}") == "new"


def test_guessing_costs_few_reads(world: World) -> None:
    for _ in range(1000):
        assert world.keys.find_key_id(FORMER) is None
    assert world.access.reads == 1 + MAX_EXTRA_READS
    world.seconds += CACHE_SECONDS
    for _ in range(1000):
        assert world.keys.find_key_id(FORMER) is None
    assert world.access.reads == 2 * (1 + MAX_EXTRA_READS)


def test_without_a_file_there_are_no_keys() -> None:
    world = World()
    assert world.keys.find_key_id(ETL) is None
    world.access.replace({"etl": key(secret(ETL))})
    assert world.keys.find_key_id(ETL) == "etl"


def test_one_failure_of_storage_is_made_up_for_and_two_let_nobody_in(world: World) -> None:
    world.access.failures = 1
    assert world.keys.find_key_id(ETL) == "etl"
    world.seconds += CACHE_SECONDS
    world.access.failures = 2
    with pytest.raises(Unreachable):
        world.keys.find_key_id(ETL)
    assert world.keys.find_key_id(ETL) == "etl"


def test_a_day_of_use_is_stored_once(world: World) -> None:
    for _ in range(3):
        world.keys.find_key_id(ETL)
    assert world.uses["etl"].reads == 1
    other = StoredKeys(world.access, world.open_use, now=lambda: world.now)
    other.find_key_id(ETL)
    assert world.read_use("etl") == b"2026-01-31"
    world.now += timedelta(days=1)
    world.keys.find_key_id(ETL)
    assert world.read_use("etl") == b"2026-02-01"


@pytest.mark.parametrize("error", [Unreachable("s"), StorageUnavailable("s"), OSError("s")])
def test_a_use_that_cannot_be_stored_fails_nobody(world: World, error: Exception) -> None:
    tries = 0

    def open_use(key_id: str) -> MemoryObject:
        nonlocal tries
        tries += 1
        raise error

    keys = StoredKeys(world.access, open_use, now=lambda: NOW)
    assert [keys.find_key_id(ETL) for _ in range(3)] == ["etl"] * 3
    assert tries == 1


def test_the_file_is_read_gzip_encoded_in_members_or_plain() -> None:
    text = b'{"keys": {"etl": {}}}'
    members = gzip.compress(text[:5], mtime=0) + gzip.compress(text[5:], mtime=0)
    for body in (text, gzip.compress(text, mtime=0), members):
        assert parse_keys(body) == {"etl": {}}
    assert parse_keys(b'{"grants": {}}') == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", gzip.compress(b"{}", mtime=0)[:-3], gzip.compress(b"{", mtime=0), b"\x1f\x8bxxxxx"],
)
def test_a_damaged_file_lets_nobody_in(body: bytes) -> None:
    with pytest.raises(ValueError, match="access"):
        parse_keys(body)


def test_keys_are_told_by_their_form() -> None:
    assert is_stored_key(ETL)
    assert not is_stored_key("dm_a-key-of-a-local-run")
