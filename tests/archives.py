"""Archives in memory, and the writer that fills one from the versions of an object."""

from collections.abc import Sequence
from datetime import datetime

from datamesh.storage.archive.reader import Archive
from datamesh.storage.archive.segments import SEGMENTS, SNAPSHOTS
from datamesh.storage.archive.source import VersionSource
from datamesh.storage.archive.writer import ArchiveProgress, ArchiveWriter
from datamesh.storage.backoff import Deadline
from datamesh.storage.object_versions import VersionedObject
from datamesh.storage.objects import ConditionalObject, StoredObject
from datamesh.storage.redacted_versions import RedactedCopies
from datamesh.storage.replaceable import ReplaceableJournal
from datamesh.storage.version_finder import VersionFinder
from tests.contexts import NO_DEADLINE
from tests.memory_bucket import Bucket
from tests.meshes import NO_WAIT


class MemoryJournal:
    """A `ReplaceableJournal` of the objects below a prefix, with few names a page."""

    def __init__(self, bucket: Bucket, prefix: str, page: int = 3) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._page = page

    def list_tagged(self, after: str, deadline: Deadline) -> list[tuple[str, str]]:
        found = {key: stored.get() for key, stored in sorted(self._bucket.items())}
        below = [
            (key.removeprefix(self._prefix), each.etag)
            for key, each in found.items()
            if key.startswith(self._prefix) and isinstance(each, StoredObject)
        ]
        return [each for each in below if each[0] > after][: self._page]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> list[bytes]:
        found = [self._bucket[self._prefix + name].get() for name in names]
        return [each.body for each in found if isinstance(each, StoredObject)]


class MemoryArchive:
    """The archive of one object, in memory."""

    def __init__(self, stored: VersionedObject, copies: ReplaceableJournal | None = None) -> None:
        self.stored = stored
        self.bucket = Bucket()
        self.copies = copies or MemoryJournal(self.bucket, "redacted/")
        self.reader = Archive(
            stored.name,
            MemoryJournal(self.bucket, SEGMENTS),
            MemoryJournal(self.bucket, SNAPSHOTS),
        )

    def open_part(self, name: str) -> ConditionalObject:
        return self.bucket[name]

    def open_source(self, now: datetime) -> VersionSource:
        """Return what lists and reads the versions of the object."""
        finder = VersionFinder(self.stored, NO_WAIT, now=lambda: now)
        return VersionSource(self.stored, finder, RedactedCopies(self.copies), NO_WAIT)

    def extend(self, now: datetime, deadline: Deadline = NO_DEADLINE) -> ArchiveProgress:
        """Run the writer once, as the schedule does."""
        source = self.open_source(now)
        return ArchiveWriter(source, self.reader, self.open_part, NO_WAIT).extend(now, deadline)
