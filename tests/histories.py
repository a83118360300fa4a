"""A long history of an object that takes no memory, and counts what is asked of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from datamesh.storage.files import ProductsFile
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionPage
from datamesh.storage.objects import StoredObject
from tests.meshes import NOON

PAGE_SIZE = 1000
"""The size of a page of S3."""


class LongHistory:
    """A `VersionedObject` of `count` versions, evenly spread over `days` until `newest`."""

    name = "products.json"

    def __init__(self, count: int, days: int, newest: datetime = NOON) -> None:
        self.count = count
        self.newest = newest
        self.step = timedelta(days=days) / count
        self.expired = 0
        """How many of the oldest versions are gone."""
        self.requests = 0

    def at(self, revision: int) -> datetime:
        """When a revision was stored; revision 1 was the first."""
        return (self.newest - (self.count - revision) * self.step).replace(microsecond=0)

    def list_versions(self, older: ListMarker | None = None) -> VersionPage:
        """Return a page; nothing after a version that is gone or never was."""
        self.requests += 1
        top = self.count if older is None else self._find_revision(older[1]) - 1
        shown = range(top, max(top - PAGE_SIZE, self.expired), -1)
        versions = [ObjectVersion(f"v{revision}", self.at(revision)) for revision in shown]
        more = bool(versions) and shown[-1] > self.expired + 1
        return VersionPage(versions, (self.name, versions[-1].id) if more else None)

    def get_version(self, version_id: str) -> StoredObject | None:
        """Return a file with the revision's number."""
        self.requests += 1
        revision = self._find_revision(version_id)
        if revision <= self.expired:
            return None
        file = ProductsFile(revision=revision, committed_at=self.at(revision))
        return StoredObject(file.encode(), f'"{version_id}"')

    def _find_revision(self, version_id: str) -> int:
        number = version_id.removeprefix("v")
        revision = int(number) if number.isdecimal() else 0
        return revision if self.expired < revision <= self.count else 0

    def get_current(self, moments: Iterable[datetime]) -> list[int]:
        """Return which revision was current at each moment; 0 before the first."""
        found = []
        for moment in moments:
            revision = min(self.count, self.count - int((self.newest - moment) / self.step) + 1)
            while revision and self.at(revision) > moment:
                revision -= 1
            found.append(max(revision, 0))
        return found
