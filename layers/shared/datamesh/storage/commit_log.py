"""The commits of a document in their order, each with the file before and after it.

Newer ones are read from the versions that the bucket keeps, older ones from the archive. A version
follows another if the listing, or the archive, says so and its revision is the next one: what is
missing between the two is a gap, and never passed over in silence (docs/adr/0048-feed.md).
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.values import utc_now
from datamesh.storage.archive.differences import Content
from datamesh.storage.archive.reader import Archive
from datamesh.storage.archive.segments import ArchiveEntry
from datamesh.storage.archive.source import VersionSource
from datamesh.storage.backoff import Deadline
from datamesh.storage.history import ARCHIVED_AGE
from datamesh.storage.newest_first import EPOCH
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.version_finder import choose_time


@dataclass(frozen=True)
class LogPlace:
    """The place behind the commit of a version, by its id and the time when it was stored."""

    id: str
    modified: datetime


BEFORE_ALL = LogPlace("", EPOCH)
"""The place before the first commit of a new document."""


class LogGap(Exception):
    """Commits behind a place are no longer kept, or cannot be read."""

    def __init__(self, place: LogPlace) -> None:
        """Keep the next place from which on commits are known."""
        super().__init__(f"Commits before {place.modified.isoformat()} are missing")
        self.place = place


@dataclass(frozen=True)
class LoggedVersion[F: RegistryFile]:
    """A version of a document in its log."""

    place: LogPlace
    at: datetime
    """The moment from which on it was current."""
    commit: str
    revision: int
    file: F | None
    """None if it cannot be read."""
    is_first: bool = False
    """True if nothing was before it."""
    deleted: bool = False


@dataclass(frozen=True)
class LoggedCommit[F: RegistryFile]:
    """A commit: what it found, and what it left."""

    document: str
    version: LoggedVersion[F]
    before: F
    after: F
    since: datetime
    """The moment from which on the version before it was current."""


class CommitLog[F: RegistryFile]:
    """The commits of one document. Not for use by several threads at once."""

    def __init__(
        self,
        source: VersionSource,
        kind: type[F],
        archive: Archive,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep what is read; nothing is called yet."""
        self._source = source
        self._kind = kind
        self._archive = archive
        self._now = now

    def find_oldest(self, deadline: Deadline) -> LogPlace:
        """Return the place before the first commit that is kept. Raises StorageUnavailable."""
        if entry := self._archive.find_oldest(EPOCH, deadline):
            return BEFORE_ALL if entry.is_first else LogPlace(entry.id, entry.modified)
        versions = self._source.list_following(None, deadline).versions
        if not versions:
            return BEFORE_ALL
        [oldest] = self._read_kept(versions[:1], deadline)
        return BEFORE_ALL if oldest.is_first else oldest.place

    def find_newest(self, deadline: Deadline) -> LogPlace:
        """Return the place behind the newest commit. Raises StorageUnavailable."""
        newest = self._source.find_newest(deadline)
        return LogPlace(newest.id, newest.modified) if newest else BEFORE_ALL

    def iterate_commits(self, place: LogPlace, deadline: Deadline) -> Iterator[LoggedCommit[F]]:
        """Yield the commits behind a place, in the order of their revisions.

        These may be a part, if there are many: at least one if there is any. Raises LogGap and
        StorageUnavailable.
        """
        before: LoggedVersion[F] | None = None
        for version in self._iterate_versions(place, deadline):
            if before is not None:
                yield self._build_commit(before, version)
            before = version

    def _build_commit(self, before: LoggedVersion[F], version: LoggedVersion[F]) -> LoggedCommit[F]:
        """Return a commit. Raises LogGap if its two versions do not follow each other."""
        is_next = before.deleted or version.revision <= before.revision + 1
        if before.place == BEFORE_ALL:
            is_next = version.is_first
        if before.file is None or version.file is None or not (is_next or version.deleted):
            raise LogGap(version.place)
        return LoggedCommit(self._source.name, version, before.file, version.file, before.at)

    def _iterate_versions(self, place: LogPlace, deadline: Deadline) -> Iterator[LoggedVersion[F]]:
        """Yield the version of a place and those behind it. Raises LogGap, StorageUnavailable."""
        if place == BEFORE_ALL:
            yield LoggedVersion(place, EPOCH, "", 0, self._kind())
        is_old = self._now() - place.modified > ARCHIVED_AGE
        if not is_old and (yield from self._iterate_kept(place, deadline)):
            return
        last = yield from self._iterate_archived(place, deadline)
        if last is not None:
            place = LogPlace(last.newer, last.newer_modified)
        if (is_old or last) and (yield from self._iterate_kept(place, deadline)):
            return
        raise LogGap(self._find_resumption(place, deadline))

    def _iterate_kept(
        self, place: LogPlace, deadline: Deadline
    ) -> Generator[LoggedVersion[F], None, bool]:
        """Yield the version of a place and those behind it, if the bucket still has that.

        Returns whether it has.
        """
        if place == BEFORE_ALL:
            listed = self._source.list_following(None, deadline)
        else:
            listed = self._source.list_from(place.id, place.modified, deadline)
        if listed.after_gap:
            return False
        yield from self._read_kept(listed.versions, deadline)
        return True

    def _read_kept(
        self, versions: Sequence[ObjectVersion], deadline: Deadline
    ) -> Iterator[LoggedVersion[F]]:
        for version, body in self._source.read_bodies(versions, deadline):
            yield self._decode_version(version, body)

    def _decode_version(self, version: ObjectVersion, body: bytes | None) -> LoggedVersion[F]:
        place = LogPlace(version.id, version.modified)
        if body is None:
            return LoggedVersion(place, version.modified, "", 0, self._kind(), deleted=True)
        try:
            file = self._kind.decode(self._source.name, body)
        except StorageUnavailable:
            return LoggedVersion(place, version.modified, "", 0, None)
        return LoggedVersion(
            place=place,
            at=choose_time(version.modified, file.committed_at),
            commit=file.recent[-1] if file.recent else "",
            revision=file.revision,
            file=file,
            is_first=file.revision < 1 or (file.revision == 1 and not file.adopted),
        )

    def _iterate_archived(
        self, place: LogPlace, deadline: Deadline
    ) -> Generator[LoggedVersion[F], None, ArchiveEntry | None]:
        """Yield the version of a place and those behind it, as far as the archive has them.

        Returns the last entry; None if the archive does not have the place. Raises LogGap.
        """
        start = place
        if place == BEFORE_ALL:
            first = self._archive.find_oldest(EPOCH, deadline)
            if first is None:
                return None
            start = LogPlace(first.id, first.modified)
        last: ArchiveEntry | None = None
        walk = _ContentWalk(self._archive, deadline)
        for entry in self._archive.iterate_from(start.id, start.modified, deadline):
            own = LogPlace(entry.id, entry.modified)
            if last is not None and entry.after_gap:
                raise LogGap(own)
            if last is None and not walk.begin(entry):
                return None
            text = walk.apply_entry(entry) if last is not None else walk.text
            yield LoggedVersion(
                place=own,
                at=entry.at,
                commit=entry.commit,
                revision=entry.revision,
                file=None if entry.unreadable else self._decode_text(text),
                is_first=entry.is_first,
                deleted=entry.deleted,
            )
            last = entry
        return last

    def _decode_text(self, text: bytes | None) -> F:
        return self._kind() if text is None else self._kind.decode(self._source.name, text)

    def _find_resumption(self, place: LogPlace, deadline: Deadline) -> LogPlace:
        """Return the next place whose version is known."""
        if entry := self._archive.find_oldest(place.modified, deadline):
            return LogPlace(entry.id, entry.modified)
        left = self._source.list_from(place.id, place.modified, deadline).versions
        return LogPlace(left[0].id, left[0].modified) if left else self.find_newest(deadline)


class _ContentWalk:
    """The content of entry after entry."""

    def __init__(self, archive: Archive, deadline: Deadline) -> None:
        self._archive = archive
        self._deadline = deadline
        self._content: Content | None = None
        self.text: bytes | None = None

    def begin(self, entry: ArchiveEntry) -> bool:
        """Read the content of the first entry; tell whether it is known."""
        if not entry.unreadable:
            state = self._archive.find_state(entry, self._deadline)
            if state is None:
                return False
            self.text = state.read()
        return True

    def apply_entry(self, entry: ArchiveEntry) -> bytes | None:
        """Return the JSON after the next entry; None if there was no document."""
        if entry.deleted or entry.unreadable:
            self.text = self._content = None
        elif bytes(entry.whole):
            self.text, self._content = bytes(entry.whole), None
        else:
            if self._content is None:
                self._content = Content.parse(self.text or b"{}")
            self._content.apply(entry.changes)
            self.text = self._content.encode()
        return self.text
