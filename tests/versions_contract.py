"""The promises of every `VersionedObject`. Subclass, give `put`, `remove` and `stored`."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import pytest

from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionedObject


class VersionsContract(ABC):
    @pytest.fixture
    @abstractmethod
    def stored(self) -> VersionedObject:
        """An object that does not exist yet."""

    @pytest.fixture
    @abstractmethod
    def put(self) -> Callable[[bytes], None]: ...

    @pytest.fixture
    @abstractmethod
    def remove(self) -> Callable[[], None]: ...

    def test_a_missing_object_has_no_versions(self, stored: VersionedObject) -> None:
        page = stored.list_versions()
        assert (list(page.versions), page.older) == ([], None)

    def test_versions_are_listed_newest_first_and_read_as_they_were(
        self, stored: VersionedObject, put: Callable[[bytes], None]
    ) -> None:
        bodies = [b"%d" % number for number in range(7)]
        for body in bodies:
            put(body)
        found = [stored.get_version(version.id) for version in every(stored)]
        assert [each.body for each in found if each] == bodies[::-1]
        times = [version.modified for version in every(stored)]
        assert times == sorted(times, reverse=True)
        assert [time for time in times if not time.tzinfo] == []

    def test_a_removal_is_a_version_without_content(
        self, stored: VersionedObject, put: Callable[[bytes], None], remove: Callable[[], None]
    ) -> None:
        put(b"one")
        remove()
        assert [version.deleted for version in every(stored)] == [True, False]

    def test_a_listing_may_begin_after_any_version(
        self, stored: VersionedObject, put: Callable[[bytes], None], remove: Callable[[], None]
    ) -> None:
        for number in range(5):
            put(b"%d" % number)
        remove()
        found = every(stored)
        for place, version in enumerate(found):
            assert every(stored, (stored.name, version.id)) == found[place + 1 :]

    def test_a_listing_after_an_unknown_version_is_empty_or_a_part_of_the_whole_one(
        self, stored: VersionedObject, put: Callable[[bytes], None]
    ) -> None:
        for number in range(5):
            put(b"%d" % number)
        found = every(stored)
        for unknown in ("w", found[2].id[:-1] + "-", "00000000-0000-0000-0000-000000000000"):
            part = every(stored, (stored.name, unknown))
            assert part == found[len(found) - len(part) :]

    def test_an_unknown_version_is_none(
        self, stored: VersionedObject, put: Callable[[bytes], None]
    ) -> None:
        put(b"one")
        [version] = every(stored)
        others = (version.id[:-1] + digit for digit in "0123456789")
        assert stored.get_version(next(each for each in others if each != version.id)) is None


def every(stored: VersionedObject, older: ListMarker | None = None) -> list[ObjectVersion]:
    """Return the versions of all pages, from a marker on; at most a hundred."""
    found: list[ObjectVersion] = []
    for _ in range(100):
        page = stored.list_versions(older)
        found += page.versions
        older = page.older
        if older is None:
            return found
    raise AssertionError("the listing does not end")
