"""The versions of a document that its archive does not have yet."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.archive.differences import NOTHING, Content
from datamesh.storage.archive.segments import ArchiveEntry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.gzip_members import unpack_body
from datamesh.storage.newest_first import EPOCH
from datamesh.storage.object_versions import ObjectVersion, VersionedObject
from datamesh.storage.redacted_versions import RedactedCopies, RedactedVersion, merge_versions
from datamesh.storage.version_finder import VersionFinder, choose_time

PARALLEL_READS = 8
"""How many versions are read at a time, of which each may have some megabytes."""


@dataclass(frozen=True)
class Followers:
    """Versions in the order in which they were stored, without a gap between them."""

    versions: Sequence[ObjectVersion]
    after_gap: bool
    """True if versions between the archive and the first of these are gone."""


@dataclass(frozen=True)
class ReadVersion:
    """A version that was read."""

    version: ObjectVersion
    at: datetime
    """The moment from which on it was current."""
    content: Content | None
    """None if it is no JSON object."""
    whole: msgspec.Raw
    """The whole content, if it is JSON, but no object."""
    revision: int
    commit: str
    is_adopted: bool
    """True if it, or what it began with, is older than envelopes are."""


class VersionSource:
    """Lists and reads the versions of one document, purged ones among them."""

    def __init__(
        self,
        stored: VersionedObject,
        finder: VersionFinder,
        copies: RedactedCopies,
        backoff: Backoff,
    ) -> None:
        """Keep where the versions are; nothing is called yet."""
        self._stored = stored
        self._finder = finder
        self._copies = copies
        self._backoff = backoff

    @property
    def name(self) -> str:
        """The key of the document."""
        return self._stored.name

    def list_following(self, last: ArchiveEntry | None, deadline: Deadline) -> Followers:
        """Return the versions behind an entry, or all from the oldest on.

        They may be a part, if there are many. Raises StorageUnavailable.
        """
        if last is None:
            return Followers(self._list_since(EPOCH + timedelta(days=1), deadline), after_gap=False)
        return self.list_from(last.newer, last.newer_modified, deadline)

    def list_from(self, version_id: str, modified: datetime, deadline: Deadline) -> Followers:
        """Return a version and those behind it; if it is gone, those from its time on.

        They may be a part, if there are many. Raises StorageUnavailable.
        """
        oldest_first = self._list_since(modified, deadline)
        for place, version in enumerate(oldest_first):
            if version.id == version_id:
                return Followers(oldest_first[place:], after_gap=False)
        left = [version for version in oldest_first if version.modified >= modified]
        return Followers(left, after_gap=True)

    def find_newest(self, deadline: Deadline) -> ObjectVersion | None:
        """Return the version that is current; None if there is none. Raises StorageUnavailable."""
        page = self._backoff.read_until_reached(self.name, self._stored.list_versions, deadline)
        return page.versions[0] if page.versions else None

    def read_bodies(
        self, versions: Sequence[ObjectVersion], deadline: Deadline
    ) -> Iterator[tuple[ObjectVersion, bytes | None]]:
        """Yield versions with what they hold, some read at a time; None if one was a deletion.

        Raises StorageUnavailable, also if a version is gone that was listed.
        """
        for part in batched(versions, PARALLEL_READS, strict=False):
            with ThreadPoolExecutor(PARALLEL_READS) as pool:
                bodies = list(pool.map(lambda each: self.read_body(each, deadline), part))
            for version, body in zip(part, bodies, strict=True):
                if body is None and not version.deleted:
                    raise StorageUnavailable(f"A version of {self.name} has vanished")
                yield version, body

    def read_versions(
        self, versions: Sequence[ObjectVersion], deadline: Deadline
    ) -> Iterator[ReadVersion]:
        """Yield what versions hold, some read at a time.

        Raises StorageUnavailable, also if a version is gone that was listed.
        """
        for version, body in self.read_bodies(versions, deadline):
            yield _parse_version(version, body)

    def _list_since(self, since: datetime, deadline: Deadline) -> Sequence[ObjectVersion]:
        """Return the versions from a moment on, and some that are older, oldest first."""
        listed = self._finder.find_span(since, deadline).versions
        copies = self._copies.list_since(since, deadline)
        merged = merge_versions(listed, copies)
        # A part of all versions is followed by others, of which not every one has a copy.
        known = {version.id for version in listed}
        newest = next((place for place, each in enumerate(merged) if each.id in known), 0)
        return merged[newest:][::-1]

    def read_if_there(self, version: ObjectVersion, deadline: Deadline) -> ReadVersion | None:
        """Return what a version holds; None if it is gone. Raises StorageUnavailable."""
        body = self.read_body(version, deadline)
        return _parse_version(version, body) if body is not None else None

    def read_body(self, version: ObjectVersion, deadline: Deadline) -> bytes | None:
        """Return what a version holds; None if it is gone. Raises StorageUnavailable."""
        if version.deleted:
            return None
        if isinstance(version, RedactedVersion):
            return self._copies.read(version, deadline)
        found = self._backoff.read_until_reached(
            self.name, lambda: self._stored.get_version(version.id), deadline
        )
        return found.body if found else None


def _parse_version(version: ObjectVersion, body: bytes | None) -> ReadVersion:
    content, whole = _parse_body(body) if body is not None else (None, NOTHING)
    revision, recent, committed_at, adopted = 0, [""], None, True
    if content and content.get_field("format") is not None:
        try:
            revision = msgspec.json.decode(content.get_field("revision") or b"0", type=int)
            recent = msgspec.json.decode(content.get_field("recent") or b"[]", type=list[str])
            committed_at = msgspec.json.decode(
                content.get_field("committed_at") or b"null", type=datetime | None
            )
            adopted = content.get_field("adopted") == b"true"
        except msgspec.MsgspecError:
            content = None
    return ReadVersion(
        version=version,
        at=version.modified if version.deleted else choose_time(version.modified, committed_at),
        content=content,
        whole=whole,
        revision=revision,
        commit=recent[-1] if recent else "",
        is_adopted=adopted,
    )


def _parse_body(body: bytes) -> tuple[Content | None, msgspec.Raw]:
    """Return the content of a version, or all of it if it is older than contents are."""
    try:
        text = unpack_body(body)
        if text.lstrip()[:1] == b"{":
            return Content.parse(text), NOTHING
        msgspec.json.decode(text, type=list[msgspec.Raw])
        return None, msgspec.Raw(msgspec.json.format(text, indent=-1))
    except (ValueError, StorageUnavailable):
        return None, NOTHING
