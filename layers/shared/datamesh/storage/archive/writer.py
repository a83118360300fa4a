"""Write the archive of a document from the versions that the bucket still keeps.

Nobody waits for it, and the path of writes does not know of it. A segment is created once, under
the name of its first entry, which follows from the segment before: two writers at a time cannot
disagree, and one that dies is gone on with by the next.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.archive.differences import NOTHING, Content, Difference
from datamesh.storage.archive.reader import Archive
from datamesh.storage.archive.segments import (
    SEGMENTS,
    SNAPSHOTS,
    ArchiveEntry,
    build_name,
    encode_segment,
)
from datamesh.storage.archive.source import Followers, ReadVersion, VersionSource
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.object_versions import ObjectVersion
from datamesh.storage.objects import OpenObject

logger = logging.getLogger(__name__)

MAX_ENTRIES = 1000
"""How many entries a segment has at most, and how many there are between two snapshots."""

MAX_BYTES = 8 * 1024 * 1024
"""The bytes of differences after which a segment ends."""

READ_SECONDS = 8.0
"""How long versions are read for one segment. A redaction waits for whoever may have read its text:
what was read is stored 21 s later at most, or not at all (`services.redaction.acts`)."""
STORE_SECONDS = 16.0

RESERVED_SECONDS = 25.0
"""The time that one segment and its snapshots may take; with less, none is begun."""


LONGEST_LAG = timedelta(days=1)
"""The lag from which on somebody is told: versions are kept for three days at least."""


@dataclass(frozen=True)
class ArchiveProgress:
    """How far a run has come."""

    entries: int = 0
    """How many versions were archived."""
    gaps: int = 0
    """How often versions were gone before they were archived."""
    lag: timedelta = timedelta(0)
    """The time for which a version has been replaced and not been archived."""

    @property
    def is_at_risk(self) -> bool:
        """Tell whether versions are missing, or may expire before they are archived."""
        return self.gaps > 0 or self.lag > LONGEST_LAG


class ArchiveWriter:
    """Writes the archive of one document."""

    def __init__(
        self, source: VersionSource, archive: Archive, open_part: OpenObject, backoff: Backoff
    ) -> None:
        """Keep what is read and written; `open_part` opens an object of the archive's folder."""
        self._source = source
        self._archive = archive
        self._open_part = open_part
        self._backoff = backoff

    def extend(self, now: datetime, deadline: Deadline) -> ArchiveProgress:
        """Archive the versions that were replaced since the last run, as far as the time goes.

        Raises StorageUnavailable and OutcomeUnknown; what was stored until then is right.
        """
        progress = ArchiveProgress()
        while True:
            last = self._archive.find_newest(deadline)
            followers = self._source.list_following(last, deadline)
            if len(followers.versions) < 2:  # the one that is current is not archived
                return progress
            if deadline.remaining_seconds < RESERVED_SECONDS:
                return replace(progress, lag=now - followers.versions[1].modified)
            entries = self._write_segment(last, followers, deadline)
            self._keep_snapshots(entries, followers.versions, deadline)
            progress = replace(
                progress,
                entries=progress.entries + len(entries),
                gaps=progress.gaps + sum(each.after_gap for each in entries),
            )

    def _write_segment(
        self, last: ArchiveEntry | None, followers: Followers, deadline: Deadline
    ) -> list[ArchiveEntry]:
        """Store the next segment, or find that another run has; return the entries meant for it."""
        started = deadline.clock()
        base = None if last is None or followers.after_gap else self._read_base(last, deadline)
        entries = self._build_entries(last, base, followers, started, deadline)
        name = SEGMENTS + build_name(entries[0], ".ndjson.gz")
        left = STORE_SECONDS - (deadline.clock() - started)
        create_if_absent(
            self._open_part(name),
            encode_segment(entries),
            self._backoff,
            deadline.limit_attempts(left),
        )
        return entries

    def _build_entries(
        self,
        last: ArchiveEntry | None,
        base: Content | None,
        followers: Followers,
        started: float,
        deadline: Deadline,
    ) -> list[ArchiveEntry]:
        entries: list[ArchiveEntry] = []
        before: ReadVersion | None = None
        size = 0
        reading = deadline.limit_attempts(READ_SECONDS)
        for read in self._source.read_versions(followers.versions[: MAX_ENTRIES + 1], reading):
            if before is not None:
                entry = _build_entry(last, base, before, read, followers.after_gap and not entries)
                entries.append(entry)
                size += len(msgspec.json.encode(entry))
                last, base = entry, before.content
            before = read
            if entries and (size > MAX_BYTES or deadline.clock() - started > READ_SECONDS - 3):
                break
        return entries

    def _read_base(self, last: ArchiveEntry, deadline: Deadline) -> Content | None:
        """Return the content that the next difference is taken to; None if it is not known."""
        if last.deleted or last.unreadable:
            return None
        version = ObjectVersion(last.id, last.modified)
        if read := self._source.read_if_there(version, deadline):
            return read.content
        try:
            text = self._archive.read_entry(last, deadline)
            return Content.parse(text) if text else None
        except (StorageUnavailable, ValueError) as error:
            logger.warning("%s is archived as a whole: %s", self._source.name, error)
            return None

    def _keep_snapshots(
        self,
        entries: Sequence[ArchiveEntry],
        versions: Sequence[ObjectVersion],
        deadline: Deadline,
    ) -> None:
        """Store a snapshot of the first version of each day, and after MAX_ENTRIES entries.

        Each is read again: what was read before might be redacted by now.
        """
        newest = self._archive.find_newest_snapshot(deadline)
        day, number = (newest.modified.date(), newest.number) if newest else (None, 0)
        for entry, version in zip(entries, versions, strict=False):
            is_due = day is None or entry.modified.date() > day
            if entry.is_base and not bytes(entry.whole):
                continue
            if not is_due and entry.number - number < MAX_ENTRIES:
                continue
            body = self._source.read_body(version, deadline)
            if body is not None:
                stored = self._open_part(SNAPSHOTS + build_name(entry, ".json.gz"))
                create_if_absent(stored, body, self._backoff, deadline.limit_attempts(15))
                day, number = entry.modified.date(), entry.number


def _build_entry(
    last: ArchiveEntry | None,
    base: Content | None,
    read: ReadVersion,
    newer: ReadVersion,
    after_gap: bool,
) -> ArchiveEntry:
    """Return the entry of a version; `last` is the one before, and `base` its content."""
    whole = read.whole
    changes: Difference = {}
    if read.content is not None and base is not None:
        changes = read.content.subtract(base)
    elif read.content is not None:
        whole = msgspec.Raw(read.content.encode())
    is_told = last is not None and not (last.deleted or last.unreadable)
    is_missed = bool(last and is_told and read.revision > last.revision + 1)
    deleted = read.version.deleted
    is_new = read.revision < 1 or (read.revision == 1 and not read.is_adopted)
    return ArchiveEntry(
        number=last.number + 1 if last else 1,
        id=read.version.id,
        modified=read.version.modified,
        at=read.at,
        newer=newer.version.id,
        newer_modified=newer.version.modified,
        newer_at=newer.at,
        revision=read.revision,
        commit=read.commit,
        is_first=last is None and not deleted and is_new,
        deleted=deleted,
        unreadable=not deleted and read.content is None and whole == NOTHING,
        after_gap=after_gap or is_missed,
        whole=whole,
        changes=changes,
    )
