"""The past of a registry of which versions were purged answers as before, with the marker."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from datamesh.errors.storage import VersionExpired
from datamesh.models.redaction_markers import MARKER
from datamesh.services.redaction.documents import redact_version
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.redacted_versions import (
    EMPTY_SECONDS,
    KEPT_DAYS,
    RedactedCopies,
    build_copy_name,
    merge_versions,
    parse_copy_name,
)
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, add_product
from tests.past import Timeline

JANE = RedactedText("Jane Doe")


class MemoryCopies:
    """A `ReplaceableJournal` in memory that counts its listings; two copies a page."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.listings = 0

    def list_tagged(self, after: str, deadline: Deadline) -> Sequence[tuple[str, str]]:
        self.listings += 1
        names = sorted(name for name in self.held if name > after)[:2]
        return [(name, f'"{hash(self.held[name])}"') for name in names]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> list[bytes]:
        return [self.held[name] for name in names]


class Purger:
    """A timeline of products, whose versions can be purged, in whatever order."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.copies = MemoryCopies()
        self.ticks = 0.0
        self.history = self.open_history()

    def open_history(self) -> History[ProductsFile]:
        return History(
            self.timeline.products,
            ProductsFile,
            NO_WAIT,
            now=lambda: self.timeline.now,
            copies=RedactedCopies(self.copies, lambda: self.ticks),
        )

    def purge(self, *ids: str) -> None:
        """Purge versions as a walk does: from a listing, each with the one before it in that."""
        kept = self.timeline.products.kept
        listed = [version for version, _ in reversed(kept)]
        for newer, version in pairwise(listed):
            if version.id in ids:
                self.store_copy(version, newer)
                kept[:] = [each for each in kept if each[0].id != version.id]

    def store_copy(self, version: ObjectVersion, newer: ObjectVersion) -> None:
        stored = self.timeline.products.get_version(version.id)
        assert stored
        redacted = redact_version("products.json", ProductsFile, stored.body, JANE)
        assert redacted
        self.copies.held[build_copy_name(version, newer, redacted.revision)] = redacted.body


@pytest.fixture
def purger() -> Purger:
    return Purger()


def read_at(history: History[ProductsFile], moment: datetime) -> dict[str, str]:
    file = history.read_at(moment, NO_DEADLINE)
    return {name: each.to_model().description for name, each in file.products.items()}


def grow(purger: Purger, count: int, **step: float) -> list[datetime]:
    """Register p0, p1, ... by Jane, and return the moments right after each."""
    moments = []
    for number in range(count):
        add_product(purger.timeline.registry, f"p{number}", description=f"{number} by Jane Doe")
        moments.append(purger.timeline.now)
        purger.timeline.tick(**step)
    add_product(purger.timeline.registry, "last", description="by nobody")
    return moments


ORDERS = [["v1"], ["v0", "v1", "v2", "v3"], ["v3", "v0"], ["v2"], ["v3", "v2"], ["v1", "v0"]]


@pytest.mark.parametrize("step", [{"minutes": 1}, {"seconds": 1}, {"milliseconds": 10}])
@pytest.mark.parametrize("first", ORDERS, ids=str)
@pytest.mark.parametrize("second", ORDERS, ids=str)
def test_every_moment_is_as_it_was_whatever_is_purged_in_whatever_order(
    purger: Purger, step: dict[str, float], first: list[str], second: list[str]
) -> None:
    moments = grow(purger, 4, **step)
    before = [read_at(purger.history, moment) for moment in moments]
    earliest = NOON - timedelta(hours=1)
    purger.ticks += EMPTY_SECONDS
    purged: set[str] = set()
    for ids in (first, second):
        purger.purge(*ids)
        purged |= {*ids}
        for history in (purger.history, purger.open_history()):
            for number, moment in enumerate(moments):
                expected = before[number]
                if f"v{number}" in purged:
                    expected = {k: v.replace("Jane Doe", MARKER) for k, v in expected.items()}
                assert read_at(history, moment) == expected
            assert read_at(history, earliest) == {}


def test_a_version_whose_copy_is_stored_is_shown_by_it_before_it_is_deleted(purger: Purger) -> None:
    [moment, *_] = grow(purger, 2, minutes=1)
    listed = [version for version, _ in purger.timeline.products.kept]
    purger.store_copy(listed[0], listed[1])
    assert read_at(purger.history, moment) == {"p0": f"0 by {MARKER}"}


def test_a_copy_that_is_replaced_is_read_again(purger: Purger) -> None:
    [moment, *_] = grow(purger, 2, minutes=1)
    purger.purge("v0")
    assert read_at(purger.history, moment) == {"p0": f"0 by {MARKER}"}
    [name] = purger.copies.held
    other = redact_version(
        "products.json", ProductsFile, purger.copies.held[name], RedactedText("0 by")
    )
    assert other
    purger.copies.held[name] = other.body
    assert read_at(purger.history, moment) == {"p0": f"{MARKER} {MARKER}"}


def test_without_copies_they_are_looked_for_at_times_and_with_one_each_time(purger: Purger) -> None:
    [moment, *_] = grow(purger, 2, minutes=1)
    for _ in range(5):
        read_at(purger.history, moment)
    assert purger.copies.listings == 1
    purger.purge("v0")
    purger.ticks += EMPTY_SECONDS
    for _ in range(2):
        assert read_at(purger.history, moment) == {"p0": f"0 by {MARKER}"}
    assert purger.copies.listings > 2


def test_a_reader_that_believes_there_are_no_copies_looks_again_where_a_version_is_gone(
    purger: Purger,
) -> None:
    [first, second] = grow(purger, 2, minutes=1)
    read_at(purger.history, second)
    purger.purge("v0")
    assert read_at(purger.history, first) == {"p0": f"0 by {MARKER}"}


def test_a_copy_does_not_outlive_the_version_that_replaced_it(purger: Purger) -> None:
    """A lifecycle rule counts the days of the copy from later on."""
    moments = grow(purger, 3, days=1)
    purger.purge("v1")
    purger.timeline.now = NOON + timedelta(days=KEPT_DAYS + 2)
    purger.timeline.products.expire(2)
    for moment in moments:
        with pytest.raises(VersionExpired):
            read_at(purger.history, moment)
    assert len(read_at(purger.history, NOON + timedelta(days=3))) == 4


def test_names_of_copies_sort_from_the_newest_and_tell_what_they_stand_for() -> None:
    newer = ObjectVersion("b~/c", NOON + timedelta(seconds=1))
    own = ObjectVersion("a%,~", NOON)
    names = [build_copy_name(own, newer, revision) for revision in (9, 10, 11)]
    assert names == sorted(names, reverse=True)
    found = parse_copy_name(names[0], '"e"')
    assert (found.id, found.modified, found.newer, found.replaced_at, found.revision) == (
        "a%,~",
        NOON,
        "b~/c",
        newer.modified,
        9,
    )
    assert merge_versions([newer], [found]) == [newer, found]
