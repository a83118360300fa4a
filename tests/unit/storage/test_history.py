"""The version of a file that was current at a moment."""

from datetime import timedelta

import pytest

from datamesh.errors.storage import StorageUnavailable, VersionExpired
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ListMarker
from datamesh.storage.objects import Unreachable
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, add_product
from tests.past import Timeline, VersionedMemory

SECOND = timedelta(seconds=1)


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def grow(timeline: Timeline, count: int, **step: float) -> None:
    """Register p0, p1, ...: the first at once, each next one after a step."""
    for number in range(count):
        if number:
            timeline.tick(**step)
        add_product(timeline.registry, f"p{number}")


def names_at(timeline: Timeline, seconds: float) -> list[str]:
    moment = NOON + timedelta(seconds=seconds)
    return list(timeline.past.products.read_at(moment, NO_DEADLINE).products)


def test_before_the_first_commit_there_is_nothing(timeline: Timeline) -> None:
    assert names_at(timeline, 0) == []
    grow(timeline, 2)
    assert names_at(timeline, -0.001) == []
    assert names_at(timeline, -3600) == []


def test_each_moment_has_what_was_committed_until_then(timeline: Timeline) -> None:
    grow(timeline, 5)
    for number in range(5):
        expected = [f"p{n}" for n in range(number + 1)]
        assert names_at(timeline, number * 60) == expected
        assert names_at(timeline, number * 60 + 59.999) == expected
    assert len(names_at(timeline, 10**8)) == 5


def test_commits_of_one_second_are_told_apart(timeline: Timeline) -> None:
    grow(timeline, 9, milliseconds=100)
    for number in range(9):
        assert len(names_at(timeline, number * 0.1)) == number + 1
        assert len(names_at(timeline, number * 0.1 + 0.099)) == number + 1


def test_a_burst_is_searched_rather_than_read(timeline: Timeline) -> None:
    grow(timeline, 64, milliseconds=50)
    reads: list[str] = []
    read = timeline.products.get_version

    def counted(version_id: str) -> object:
        reads.append(version_id)
        return read(version_id)

    timeline.products.get_version = counted  # type: ignore[assignment, method-assign]
    assert len(names_at(timeline, 1)) == 21
    assert len(reads) <= 8


def test_the_time_of_a_clock_that_is_far_off_is_not_believed(timeline: Timeline) -> None:
    grow(timeline, 1)
    body = timeline.products.kept[0][1]
    assert body
    # An operator puts the first version back, an hour later.
    timeline.tick(minutes=10)
    add_product(timeline.registry, "later")
    timeline.products.keep(body.body, NOON + timedelta(hours=1))
    assert names_at(timeline, 3599) == ["p0", "later"]
    assert names_at(timeline, 3600) == ["p0"]


def test_files_without_a_time_have_that_of_their_version(timeline: Timeline) -> None:
    timeline.products.keep(ProductsFile(revision=1).encode(), NOON)
    old = b'{"format": 1, "revision": 2, "recent": [], "products": {}}'
    timeline.products.keep(old, NOON + 2 * SECOND)
    history = timeline.past.products
    assert history.read_at(NOON + SECOND, NO_DEADLINE).revision == 1
    assert history.read_at(NOON + 2 * SECOND, NO_DEADLINE).revision == 2


def test_a_deleted_object_was_empty_until_it_came_back(timeline: Timeline) -> None:
    grow(timeline, 1)
    body = timeline.products.kept[0][1]
    assert body
    timeline.products.keep(None, NOON + 60 * SECOND)
    timeline.products.keep(body.body, NOON + 120 * SECOND)
    assert names_at(timeline, 59) == ["p0"]
    assert names_at(timeline, 60) == []
    assert names_at(timeline, 119) == []
    assert names_at(timeline, 120) == ["p0"]


def test_a_version_that_has_expired_is_not_taken_for_nothing(timeline: Timeline) -> None:
    grow(timeline, 4)
    timeline.products.expire(2)
    with pytest.raises(VersionExpired, match=r"products\.json"):
        names_at(timeline, 119)
    with pytest.raises(VersionExpired):
        names_at(timeline, -3600)
    assert len(names_at(timeline, 120)) == 3


def test_a_version_that_expires_after_it_was_listed_is_gone_too(timeline: Timeline) -> None:
    grow(timeline, 8)
    assert len(names_at(timeline, 0)) == 1
    timeline.products.expire(3)
    with pytest.raises(VersionExpired):
        names_at(timeline, 60)


def test_what_came_before_an_adopted_file_is_unknown_once_that_is_gone(timeline: Timeline) -> None:
    timeline.products.keep(b"{}", NOON)
    adopted = ProductsFile.decode("x", b"{}")
    minute = NOON + 60 * SECOND
    timeline.products.keep(adopted.to_successor_of(adopted, "c", minute).encode(), minute)
    assert names_at(timeline, -10) == []
    timeline.products.expire(1)
    with pytest.raises(VersionExpired):
        History(timeline.products, ProductsFile, NO_WAIT).read_at(NOON - 10 * SECOND, NO_DEADLINE)


def test_what_was_listed_is_not_listed_again(timeline: Timeline) -> None:
    grow(timeline, 10)
    names_at(timeline, 0)
    listed = timeline.products.listings
    assert listed == 4  # of three versions each
    names_at(timeline, 60)
    assert timeline.products.listings == listed
    timeline.tick()
    add_product(timeline.registry, "newest")
    assert names_at(timeline, 600)[-1] == "newest"
    assert timeline.products.listings == listed + 1
    assert len(names_at(timeline, 0)) == 1


def test_more_new_versions_than_a_page_leave_no_gap(timeline: Timeline) -> None:
    grow(timeline, 4)
    names_at(timeline, 0)
    for number in range(10):
        timeline.tick()
        add_product(timeline.registry, f"n{number}")
    for minute in (3, 5, 8, 13):
        assert len(names_at(timeline, minute * 60)) == minute + 1


def test_a_request_that_runs_out_of_time_is_gone_on_with_by_the_next() -> None:
    stored = VersionedMemory("products.json", lambda: NOON)
    for number in range(9):
        stored.keep(ProductsFile(revision=number + 1).encode(), NOON + number * 60 * SECOND)
    now = 0.0
    history = History(stored, ProductsFile, Backoff(sleep=lambda seconds: None))
    listing = stored.list_versions

    def slow(older: ListMarker | None = None) -> object:
        nonlocal now
        now += 1
        return listing(older)

    stored.list_versions = slow  # type: ignore[assignment, method-assign]
    with pytest.raises(StorageUnavailable):
        history.read_at(NOON, Deadline.from_now(2, clock=lambda: now))
    # The last version of the second page, on which the first try has ended, is listed once more.
    assert history.read_at(NOON, Deadline.from_now(3, clock=lambda: now)).revision == 1
    assert now == 4


def test_a_listing_that_fails_is_tried_again_and_then_reported(timeline: Timeline) -> None:
    grow(timeline, 2)
    listing, failures = timeline.products.list_versions, [Unreachable("503")]

    def failing(older: ListMarker | None = None) -> object:
        if failures:
            raise failures.pop()
        return listing(older)

    timeline.products.list_versions = failing  # type: ignore[assignment, method-assign]
    assert names_at(timeline, 0) == ["p0"]
    failures += [Unreachable("503")] * NO_WAIT.attempts
    with pytest.raises(StorageUnavailable, match="503"):
        names_at(timeline, 3600)


def test_the_past_cannot_be_written(timeline: Timeline) -> None:
    grow(timeline, 1)
    document = timeline.past.products.open_document(NOON)
    with pytest.raises(StorageUnavailable, match="earlier moment"):
        document.commit(lambda file: (file.model_copy(), None), NO_DEADLINE)
    assert names_at(timeline, 0) == ["p0"]
