"""Redacted copies of purged versions, and where they stand among the versions that are left.

A version that holds a redacted text is purged: a copy without the text is stored below `redacted/`,
then the version is deleted (docs/adr/0034-redaction.md). The name of a copy tells all that a
listing of the version told, so that there is no index which could be lost or fought for.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from datamesh.storage.backoff import Deadline
from datamesh.storage.newest_first import EPOCH, build_start, parse_start
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.replaceable import ReplaceableJournal
from datamesh.storage.version_finder import SKEW

REDACTED_FOLDER = "redacted/"

KEPT_DAYS = 365
"""How long a version is kept once it is replaced, by the bucket's lifecycle. A copy is younger than
its version, and would be kept for longer than those around it."""

EMPTY_SECONDS = 2.0
"""How long it is believed that an object has no copies: without it each read of the past would list
them."""

MAX_PAGES = 20
"""How many pages of copies are listed around one moment at most, of 1,000 copies each."""

LAST_REVISION = 10**12


@dataclass(frozen=True, slots=True)
class RedactedVersion(ObjectVersion):
    """A version that was purged, of which there is a redacted copy."""

    newer: str = ""
    """The id of the version that followed it, itself perhaps purged since."""
    replaced_at: datetime = EPOCH
    """When that version was stored."""
    revision: int = 0
    name: str = ""
    """The name of the copy, below the folder of the object's copies."""
    etag: str = ""
    """The ETag of the copy, which a later redaction replaces."""

    def has_expired(self, now: datetime) -> bool:
        """Tell whether the version would be gone by now."""
        return now - self.replaced_at >= timedelta(days=KEPT_DAYS)


def build_copy_name(version: ObjectVersion, newer: ObjectVersion, revision: int) -> str:
    """Return the name of a version's copy; names sort from the newest to the oldest."""
    ids = ",".join(quote(each.id, safe="") for each in (version, newer))
    starts = (build_start(version.modified), build_start(newer.modified))
    return f"{starts[0]},{LAST_REVISION - revision:012d},{starts[1]},{ids}"


def parse_copy_name(name: str, etag: str) -> RedactedVersion:
    """Return the version that a copy stands for. Raises ValueError on another name."""
    modified, revision, replaced_at, own, newer = name.split(",")
    return RedactedVersion(
        id=unquote(own),
        modified=parse_start(modified),
        newer=unquote(newer),
        replaced_at=parse_start(replaced_at),
        revision=LAST_REVISION - int(revision),
        name=name,
        etag=etag,
    )


class RedactedCopies:
    """The copies of one object's purged versions. Not for use by several threads at once."""

    def __init__(
        self, journal: ReplaceableJournal, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep where the copies are; nothing is called yet."""
        self._journal = journal
        self._clock = clock
        self._has_some = False
        self._empty_at: float | None = None
        """When it was last seen that there are none."""

    def find_around(self, moment: datetime, deadline: Deadline) -> list[RedactedVersion]:
        """Return the copies within SKEW of a moment, and some that are older, newest first.

        Raises StorageUnavailable.
        """
        if not self.has_some(deadline):
            return []
        found: list[RedactedVersion] = []
        for page in self._iterate_pages(build_start(moment, SKEW), deadline):
            found += page
            if moment - page[-1].modified > SKEW:
                break
        return found

    def list_since(self, moment: datetime, deadline: Deadline) -> list[RedactedVersion]:
        """Return the copies of versions from a moment on, and some that are older, newest first.

        Raises StorageUnavailable.
        """
        found: list[RedactedVersion] = []
        for page in self._iterate_pages("", deadline):
            found += page
            if moment - page[-1].modified > SKEW:
                break
        return found

    def find_oldest(self, moment: datetime, deadline: Deadline) -> RedactedVersion | None:
        """Return the oldest of the copies that are not newer than a moment; None if there are none.

        Raises StorageUnavailable.
        """
        oldest = None
        if self.has_some(deadline):
            for page in self._iterate_pages(build_start(moment), deadline):
                oldest = page[-1]
        return oldest

    def read(self, version: RedactedVersion, deadline: Deadline) -> bytes:
        """Return the content of a copy. Raises StorageUnavailable."""
        [body] = self._journal.read_all([version.name], deadline)
        return body

    def has_some(self, deadline: Deadline) -> bool:
        """Tell whether the object had a copy EMPTY_SECONDS ago. Raises StorageUnavailable."""
        believed = self._empty_at is not None and self._clock() - self._empty_at < EMPTY_SECONDS
        if not (self._has_some or believed):
            asked_at = self._clock()
            self._has_some = bool(self._journal.list_tagged("", deadline))
            self._empty_at = asked_at
        return self._has_some

    def forget_emptiness(self) -> None:
        """Look for copies again at the next read: a version has vanished."""
        self._empty_at = None

    def _iterate_pages(self, after: str, deadline: Deadline) -> Iterable[list[RedactedVersion]]:
        for _ in range(MAX_PAGES):
            listed = self._journal.list_tagged(after, deadline)
            if not listed:
                return
            yield [parse_copy_name(name, etag) for name, etag in listed]
            after = listed[-1][0]


def merge_versions(
    listed: Sequence[ObjectVersion], copies: Sequence[RedactedVersion]
) -> list[ObjectVersion]:
    """Return all versions, newest first: those that are listed, and the copies in their places.

    A version that is listed although it has a copy, since its deletion is on its way, is shown by
    the copy. Both lists are newest first.
    """
    purged = {copy.id: copy for copy in copies}
    kept = [version for version in listed if version.id not in purged]
    known = {version.id for version in kept}
    followers: dict[str, list[RedactedVersion]] = {}
    strays: list[RedactedVersion] = []
    for copy in copies:
        anchor = _find_anchor(copy, purged)
        if anchor.newer in known:
            followers.setdefault(anchor.newer, []).append(copy)
        else:
            strays.append(copy)
    merged: list[ObjectVersion] = []
    strays.sort(key=_get_age, reverse=True)
    for version in kept:
        # Whoever followed a version that is newer than all that are listed comes before those.
        while strays and strays[0].modified >= version.modified:
            merged.append(strays.pop(0))
        merged.append(version)
        purged_after = followers.get(version.id, [])
        purged_after.sort(key=_get_age, reverse=True)
        merged += purged_after
    return [*merged, *strays]


def _get_age(copy: RedactedVersion) -> tuple[datetime, int]:
    return copy.modified, copy.revision


def _find_anchor(copy: RedactedVersion, purged: Mapping[str, RedactedVersion]) -> RedactedVersion:
    """Return the copy, or the one it followed, that itself followed a version that has none."""
    for _ in range(len(purged)):
        if copy.newer not in purged:
            break
        copy = purged[copy.newer]
    return copy
