"""Find out which commits of a document have landed, by its history, without what they changed.

The document itself remembers its newest commits. Older ones are in the archive, which has the id of
each. What the archive does not have yet is in the versions, of which each remembers those before
it. Coverage is told with what was found: only who knows every version of a time may say that a
commit is not among them (docs/adr/0049-one-audit-put.md).
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.values import utc_now
from datamesh.storage.archive.reader import Archive
from datamesh.storage.archive.segments import ArchiveEntry
from datamesh.storage.archive.source import VersionSource
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.gzip_members import GZIP_MAGIC, GZIP_WBITS, unpack_body
from datamesh.storage.newest_first import EPOCH
from datamesh.storage.objects import ConditionalObject, StoredObject
from datamesh.storage.registry_file import RECENT_COMMITS

HEAD_BYTES = 1 << 16
"""How much of a file is decompressed for its commit ids, which stand at its beginning."""
MAX_SEGMENTS = 200
"""How many segments of the archive are read for one question."""
MAX_VERSIONS = 40
"""How many versions are read for one question: each tells RECENT_COMMITS commits."""
NEVER = datetime.max.replace(tzinfo=UTC)
_HEAD = re.compile(rb'\{"format":1,"revision":(\d+),"recent":(\[[^\]]*\])')


@dataclass(frozen=True)
class CommitHead:
    """The revision of a file, and its newest commits."""

    revision: int = 0
    recent: Sequence[str] = ()

    def list_revisions(self) -> dict[str, int]:
        """Return commit id -> the revision that the commit has made."""
        first = self.revision - len(self.recent) + 1
        return {commit: first + place for place, commit in enumerate(self.recent)}


@dataclass(frozen=True)
class FoundCommits:
    """The commits that are known of a time."""

    revisions: Mapping[str, int]
    """Commit id -> the revision that it has made."""
    since: datetime = NEVER
    until: datetime = EPOCH
    """The end of the time of which all commits are known; `since` is its beginning."""

    def has_all_of(self, since: datetime, until: datetime) -> bool:
        """Tell whether all commits of a time are known."""
        return self.since <= since and until <= self.until


class CommitFinder:
    """Finds commits of one document, as it is at the first question."""

    def __init__(
        self,
        stored: ConditionalObject,
        backoff: Backoff,
        past: tuple[Archive, VersionSource] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep what is read; without an archive, the newest commits alone are known."""
        self._stored = stored
        self._backoff = backoff
        self._past = past
        self._now = now
        self._head: CommitHead | None = None
        self._asked_at = EPOCH

    def read_recent(self, deadline: Deadline) -> dict[str, int]:
        """Return the newest commits: id -> revision. Raises StorageUnavailable."""
        return self._read_head(deadline).list_revisions()

    def find_commits(
        self, wanted: set[str], since: datetime, until: datetime, deadline: Deadline
    ) -> FoundCommits:
        """Return the commits of a time; it may end early once all that are wanted are found.

        Raises StorageUnavailable.
        """
        if self._past is None:
            return FoundCommits({})
        archive, source = self._past
        head = self._read_head(deadline)
        walk = _Walk()
        if not self._walk_archive(walk, archive, since, until, deadline):
            return walk.describe()
        if walk.last is not None and (wanted <= walk.revisions.keys() or walk.until > until):
            return walk.describe()
        self._walk_versions(walk, source, until, deadline)
        if walk.revision >= head.revision:
            walk.until = max(walk.until, self._asked_at)
        return walk.describe()

    def _read_head(self, deadline: Deadline) -> CommitHead:
        if self._head is None:
            self._asked_at = self._now()
            found = self._backoff.read_until_reached(self._stored.name, self._stored.get, deadline)
            self._head = CommitHead()
            if isinstance(found, StoredObject):
                self._head = read_head(self._stored.name, found.body)
        return self._head

    def _walk_archive(
        self, walk: "_Walk", archive: Archive, since: datetime, until: datetime, deadline: Deadline
    ) -> bool:
        """Take in the entries of a time; tell whether versions may have what follows."""
        parts = archive.list_segments(since, until, MAX_SEGMENTS, deadline)
        if not parts and archive.find_newest(deadline):
            return False  # it is older than the archive
        for segment in archive.read_segments(parts, deadline):
            walk.add_segment(segment)
        return True

    def _walk_versions(
        self, walk: "_Walk", source: VersionSource, until: datetime, deadline: Deadline
    ) -> None:
        """Take in the versions that the archive does not have, by reading few of them."""
        followers = source.list_following(walk.last, deadline)
        if followers.after_gap:
            walk.forget_coverage()
        versions = followers.versions
        if walk.last is None and not versions:
            walk.since = EPOCH  # there has never been any
        # The one behind tells that nothing was in between.
        count = min(len(versions), 1 + sum(each.modified <= until for each in versions))
        places = [*range(RECENT_COMMITS - 1, count, RECENT_COMMITS)][: MAX_VERSIONS - 1]
        if count and (not places or places[-1] != count - 1):
            places.append(count - 1)
        before = -1
        for place in places:
            body = source.read_body(versions[place], deadline)
            if body is None:
                walk.forget_coverage()
                before = place
                continue
            head = read_head(source.name, body)
            walk.add_head(head, place - before, versions[before + 1].modified)
            walk.until = versions[place].modified
            before = place


class _Walk:
    """Takes in commits from the oldest to the newest, and notes from when on none is missing."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}
        self.since, self.until = NEVER, EPOCH
        self.last: ArchiveEntry | None = None
        self.revision = 0
        """The revision that was taken in last."""

    def describe(self) -> FoundCommits:
        return FoundCommits(self.revisions, self.since, self.until)

    def forget_coverage(self) -> None:
        self.since = NEVER

    def add_segment(self, segment: Sequence[ArchiveEntry] | None) -> None:
        """Take in a segment; None if it cannot be read."""
        for entry in segment or ():
            follows = self.last is not None and entry.number == self.last.number + 1
            if entry.unreadable:
                self.forget_coverage()
            elif entry.number == 1 and entry.is_first:
                self.since = EPOCH
            elif not follows or entry.after_gap or self.since == NEVER:
                self.since = entry.modified
            if entry.commit:
                self.revisions[entry.commit] = entry.revision
            self.last, self.until, self.revision = entry, entry.newer_modified, entry.revision
        if segment is None:
            self.forget_coverage()

    def add_head(self, head: CommitHead, versions: int, first: datetime) -> None:
        """Take in some versions by the newest of them, which has the commits of them all."""
        self.revisions |= head.list_revisions()
        is_new = self.last is None and self.revision == 0
        if head.revision != self.revision + versions or len(head.recent) < versions:
            self.forget_coverage()
        elif is_new:
            self.since = EPOCH
        elif self.since == NEVER:
            self.since = first
        self.revision = head.revision


def read_head(name: str, body: bytes) -> CommitHead:
    """Return the revision and the commits of a file without reading its records, if that can be.

    A file of before envelopes has none. Raises StorageUnavailable if it cannot be read.
    """
    try:
        if not body.startswith(GZIP_MAGIC):
            text = body
        else:
            text = zlib.decompressobj(GZIP_WBITS).decompress(body, HEAD_BYTES)
        if found := _HEAD.match(text):
            return CommitHead(int(found[1]), msgspec.json.decode(found[2], type=list[str]))
        return _read_whole_head(unpack_body(body, name))
    except (ValueError, zlib.error) as error:
        raise StorageUnavailable(f"{name} cannot be read: {error}") from error


def _read_whole_head(text: bytes) -> CommitHead:
    raw = msgspec.json.decode(text)
    if not (isinstance(raw, dict) and isinstance(raw.get("format"), int)):
        return CommitHead()
    return CommitHead(int(raw.get("revision", 0)), [*map(str, raw.get("recent", ()))])
