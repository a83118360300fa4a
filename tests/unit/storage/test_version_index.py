"""The index of versions by day: a far moment costs what a near one does, and is as right."""

import gc
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from datamesh.errors.storage import StorageUnavailable, VersionExpired
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionPage
from datamesh.storage.objects import LostRace, MemoryObject
from datamesh.storage.version_index import StoredIndex
from datamesh.storage.version_indexer import VersionIndexer
from tests.contexts import NO_DEADLINE
from tests.histories import LongHistory
from tests.meshes import NO_WAIT, NOON
from tests.past import VersionedMemory

DAY = timedelta(days=1)
TODAY = NOON.date()
INDEX = "history/products.json"


def index_history(
    stored: LongHistory | VersionedMemory, index: MemoryObject, today: date = TODAY, runs: int = 1
) -> None:
    """Let the scheduled run extend the index."""
    for _ in range(runs):
        kept = StoredIndex(index, NO_WAIT)
        VersionIndexer(stored, kept, NO_WAIT).extend_index(today, NO_DEADLINE)


def open_history(
    stored: LongHistory | VersionedMemory, index: MemoryObject | None = None
) -> History[ProductsFile]:
    kept = StoredIndex(index, NO_WAIT) if index else None
    return History(stored, ProductsFile, NO_WAIT, kept, now=lambda: NOON)


def revision_at(history: History[ProductsFile], moment: datetime) -> int:
    return history.read_at(moment, NO_DEADLINE).revision


def count_held_versions() -> int:
    gc.collect()
    return sum(isinstance(each, ObjectVersion) for each in gc.get_objects())


@pytest.fixture
def index() -> MemoryObject:
    return MemoryObject(INDEX)


@pytest.mark.slow
def test_of_600_000_versions_far_ones_cost_what_near_ones_do(index: MemoryObject) -> None:
    stored = LongHistory(count=600_000, days=360)
    runs: list[int] = []
    while not runs or runs[-1] > 0:
        before = stored.requests
        index_history(stored, index)
        runs.append(stored.requests - before)
    # 600 pages; and each run but the first asks whether the oldest known version has expired.
    assert runs == [100, 100, 100, 100, 100, 100, 6, 0]
    assert len(index.get().body) < 30_000  # type: ignore[union-attr]

    moments = [NOON - number * DAY for number in (0.02, 0.4, 1, 33.49, 300, 300.49, 359.9)]
    costs = []
    for moment in moments:
        history, before = open_history(stored, index), stored.requests
        held = count_held_versions()
        assert revision_at(history, moment) == stored.get_current([moment])[0]
        costs.append(stored.requests - before)
        assert count_held_versions() - held <= 2100
    # A page and the version; two pages where the moment is shortly after midnight.
    assert costs == [2, 2, 2, 3, 2, 3, 2]


@pytest.mark.slow
def test_without_an_index_few_versions_are_held_and_the_way_is_remembered() -> None:
    stored = LongHistory(count=600_000, days=360)
    history, held = open_history(stored), count_held_versions()
    assert revision_at(history, NOON - 300 * DAY) == 100_000
    assert stored.requests == 502
    assert count_held_versions() - held <= 2100
    assert revision_at(history, NOON - 250.3 * DAY) == stored.get_current([NOON - 250.3 * DAY])[0]
    assert stored.requests <= 502 + 3


@pytest.fixture
def year() -> LongHistory:
    """A hundred versions a day for forty days."""
    return LongHistory(count=4000, days=40)


MOMENTS = [NOON - number * DAY / 7 for number in range(0, 7 * 41, 5)]


def assert_right_at_all_moments(history: History[ProductsFile], stored: LongHistory) -> None:
    assert [revision_at(history, moment) for moment in MOMENTS] == stored.get_current(MOMENTS)


def test_each_moment_is_right_with_a_whole_index(year: LongHistory, index: MemoryObject) -> None:
    index_history(year, index)
    starts = json.loads(index.get().body)["starts"]  # type: ignore[union-attr]
    days = [datetime.fromisoformat(start["first"]) for start in starts]
    assert [each.date() for each in days] == [TODAY - number * DAY for number in range(40)]
    assert {each.hour for each in days} == {0}
    assert_right_at_all_moments(open_history(year, index), year)


WRONG: dict[str, Callable[[bytes], bytes]] = {
    "not JSON": lambda body: body[:100],
    "another format": lambda body: body.replace(b'"format":1', b'"format":2'),
    "no zones": lambda body: body.replace(b'Z"', b'"'),
    "ids that never were": lambda body: body.replace(b'"v', b'"w'),
    "starts of a newer day": lambda body: body.replace(b"-29T", b"-01T"),
    "starts of an older day": lambda body: body.replace(b"-12T", b"-30T"),
    "everything an hour early": lambda body: body.replace(b"T00:", b"T01:"),
    "everything twelve hours late": lambda body: body.replace(b"T00:", b"T12:"),
    "half of it": lambda body: json.dumps(
        {"format": 1, "starts": json.loads(body)["starts"][::2]}
    ).encode(),
    "empty": lambda body: b'{"format":1}',
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_index_gives_no_wrong_answer(
    year: LongHistory, index: MemoryObject, wrong: str
) -> None:
    index_history(year, index)
    body = index.get().body  # type: ignore[union-attr]
    changed = WRONG[wrong](body)
    assert changed != body
    assert_right_at_all_moments(open_history(year, MemoryObject(INDEX, changed)), year)


def test_an_index_that_cannot_be_read_is_done_without(year: LongHistory) -> None:
    class Forbidden(MemoryObject):
        def get(self, known_etag: str | None = None) -> None:
            raise StorageUnavailable("GetObject answered 403 AccessDenied")

    assert_right_at_all_moments(open_history(year, Forbidden(INDEX)), year)


def test_starts_whose_versions_have_expired_are_passed_over_and_dropped(
    year: LongHistory, index: MemoryObject
) -> None:
    index_history(year, index)
    year.expired = 2000
    history = open_history(year, index)
    for number in (39, 30, 21):
        with pytest.raises(VersionExpired):
            revision_at(history, NOON - number * DAY)
    assert revision_at(history, NOON - 19 * DAY) == year.get_current([NOON - 19 * DAY])[0]
    later = LongHistory(count=4100, days=41, newest=NOON + DAY)
    later.expired = 2000
    index_history(later, index, today=TODAY + DAY)
    starts = json.loads(index.get().body)["starts"]  # type: ignore[union-attr]
    days = [datetime.fromisoformat(start["first"]).date() for start in starts]
    assert days == [TODAY + (1 - number) * DAY for number in range(21)]


def test_a_registry_that_was_restored_without_its_versions_is_refused_and_not_wrong(
    year: LongHistory, index: MemoryObject
) -> None:
    index_history(year, index)
    restored = VersionedMemory("products.json", lambda: NOON)
    restored.keep(ProductsFile(revision=4001).encode(), NOON - DAY)
    history = open_history(restored, index)
    assert revision_at(history, NOON - DAY / 2) == 4001
    for number in (2, 20, 45):
        with pytest.raises(VersionExpired):
            revision_at(history, NOON - number * DAY)


def test_deletions_and_quiet_weeks_are_indexed_too(index: MemoryObject) -> None:
    stored = VersionedMemory("products.json", lambda: NOON)
    for revision, days in enumerate((90, 89, 50, 49.9, 2, 1, 0.2, 0.1), 1):
        stored.keep(ProductsFile(revision=revision).encode(), NOON - days * DAY)
        if revision == 4:
            stored.keep(None, NOON - 49 * DAY)
    moments = {91: 0, 89.5: 1, 60: 2, 49.95: 3, 49.5: 4, 48: 0, 1.5: 5, 0.5: 6, 0.15: 7, 0: 8}
    for _ in range(3):
        history = open_history(stored, index)
        assert {days: revision_at(history, NOON - days * DAY) for days in moments} == moments
        index_history(stored, index)


def test_the_index_grows_by_the_day_and_costs_nothing_else(
    year: LongHistory, index: MemoryObject
) -> None:
    index_history(year, index)
    before = year.requests
    index_history(year, index, runs=23)
    assert year.requests == before
    tomorrow = LongHistory(count=4100, days=41, newest=NOON + DAY)
    index_history(tomorrow, index, today=TODAY + DAY)
    assert tomorrow.requests == 2  # is the oldest still there, and what is new
    starts = json.loads(index.get().body)["starts"]  # type: ignore[union-attr]
    assert len(starts) == 41


def test_a_run_without_time_leaves_the_rest_to_the_next(
    year: LongHistory, index: MemoryObject
) -> None:
    now = 0.0

    class Slow(LongHistory):
        def list_versions(self, older: ListMarker | None = None) -> VersionPage:
            nonlocal now
            now += 10
            return super().list_versions(older)

    slow = Slow(count=4000, days=40)
    for expected in (20, 40, 40):
        deadline = Deadline.from_now(40, clock=lambda: now)
        VersionIndexer(slow, StoredIndex(index, NO_WAIT), NO_WAIT).extend_index(TODAY, deadline)
        starts = json.loads(index.get().body)["starts"]  # type: ignore[union-attr]
        days = {datetime.fromisoformat(start["first"]).date() for start in starts}
        assert len(days) >= expected - 1
        assert_right_at_all_moments(open_history(year, index), year)
    assert json.loads(index.get().body)["unindexed"] == []  # type: ignore[union-attr]


def test_the_index_of_a_rival_stays(year: LongHistory) -> None:
    class Contended(MemoryObject):
        def put(self, body: bytes, replaces: str | None) -> str:
            raise LostRace

    contended = Contended(INDEX)
    index_history(year, contended)
    assert contended.get() is None


def test_more_versions_within_seconds_than_can_be_told_apart_are_refused() -> None:
    crowded = LongHistory(count=100_000, days=1)
    crowded.step = timedelta(microseconds=50)
    with pytest.raises(StorageUnavailable, match="more than 10000 versions within 10 seconds"):
        revision_at(open_history(crowded), NOON - timedelta(seconds=2))
