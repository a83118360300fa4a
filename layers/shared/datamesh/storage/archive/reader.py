"""Read from an archive what a document was: the nearest snapshot, and the differences since.

Whether the archive knows a moment is told by its entries: each says when the version that followed
it became current. So a part that is missing leads to no answer, and never to a wrong one.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.archive.differences import Content
from datamesh.storage.archive.segments import (
    ArchiveEntry,
    ArchiveName,
    decode_segment,
    parse_name,
)
from datamesh.storage.backoff import Deadline
from datamesh.storage.gzip_members import unpack_body
from datamesh.storage.newest_first import EPOCH, build_start
from datamesh.storage.replaceable import ReplaceableJournal
from datamesh.storage.version_finder import SKEW

PARALLEL_SEGMENTS = 4
"""How many segments are in memory at a time, of which each may have some megabytes."""


@dataclass(frozen=True)
class ArchivedState:
    """The state of a document at a moment, by its archive."""

    key: tuple[str, str]
    """Equal for equal contents: the version, and the ETags of what it is read from."""
    read: Callable[[], bytes | None]
    """Returns its JSON; None if there was no document. Raises StorageUnavailable."""


@dataclass(frozen=True)
class _Part:
    """A segment or a snapshot, as it is listed."""

    place: ArchiveName
    etag: str


class Archive:
    """The archive of one document."""

    def __init__(
        self, name: str, segments: ReplaceableJournal, snapshots: ReplaceableJournal
    ) -> None:
        """Keep where the parts are; nothing is called yet."""
        self.name = name
        self._segments = segments
        self._snapshots = snapshots

    def find_at(self, moment: datetime, deadline: Deadline) -> ArchivedState | None:
        """Return what the document was at a moment; None if the archive does not know.

        Raises StorageUnavailable.
        """
        entries: list[ArchiveEntry] = []
        for part in self._iterate_parts(self._segments, build_start(moment, SKEW), deadline):
            segment = self._read_segment(part, deadline)
            if entries and segment[-1].number + 1 != entries[0].number:
                break
            entries = [*segment, *entries]
            if moment - segment[0].modified > SKEW:
                break
        if not entries:
            entries = self._read_oldest(deadline)
        if not entries:
            return None
        if _is_before_all(entries, moment):
            return ArchivedState(("", ""), lambda: None)
        entry = select_entry(entries, moment)
        return self.find_state(entry, deadline) if entry else None

    def find_newest(self, deadline: Deadline) -> ArchiveEntry | None:
        """Return the last entry; None if there is none. Raises StorageUnavailable."""
        part = next(self._iterate_parts(self._segments, "", deadline), None)
        return self._read_segment(part, deadline)[-1] if part else None

    def list_segments(
        self, since: datetime, until: datetime, most: int, deadline: Deadline
    ) -> list[str]:
        """Return the names of the segments of a time, the oldest first; the last `most` of them.

        The first begins before it, unless the archive does not. Raises StorageUnavailable.
        """
        names: list[str] = []
        for part in self._iterate_parts(self._segments, build_start(until), deadline):
            names.insert(0, part.place.name)
            if part.place.modified < since or len(names) == most:
                break
        return names

    def read_segments(
        self, names: Sequence[str], deadline: Deadline
    ) -> Iterator[list[ArchiveEntry] | None]:
        """Yield the entries of segments, some read at a time; None for one that is damaged.

        Raises StorageUnavailable if one cannot be reached.
        """
        for some in batched(names, PARALLEL_SEGMENTS, strict=False):
            for name, body in zip(some, self._segments.read_all(some, deadline), strict=True):
                try:
                    yield decode_segment(name, body)
                except StorageUnavailable:
                    yield None

    def find_newest_snapshot(self, deadline: Deadline) -> ArchiveName | None:
        """Return the name of the newest snapshot. Raises StorageUnavailable."""
        part = next(self._iterate_parts(self._snapshots, "", deadline), None)
        return part.place if part else None

    def iterate_from(
        self, version_id: str, modified: datetime, deadline: Deadline
    ) -> Iterator[ArchiveEntry]:
        """Yield the entry of a version, and those that follow it; nothing if it is not here.

        Raises StorageUnavailable.
        """
        entries = self._read_from(version_id, modified, deadline)
        while entries:
            yield from entries
            entries = self._read_following(entries[-1], deadline)

    def find_oldest(self, after: datetime, deadline: Deadline) -> ArchiveEntry | None:
        """Return the first entry after a moment whose content is known; None if there is none.

        Raises StorageUnavailable.
        """
        oldest = self._find_oldest_part(self._segments, after, deadline)
        if oldest is None:
            return None
        entry = self._read_segment(oldest, deadline)[0]
        if self.find_state(entry, deadline):
            return entry
        snapshot = self._find_oldest_part(self._snapshots, after, deadline)
        if snapshot is None:
            return None
        start = build_start(snapshot.place.modified)
        for part in self._iterate_parts(self._segments, start, deadline):
            if part.place.number <= snapshot.place.number:
                return next(
                    (
                        each
                        for each in self._read_segment(part, deadline)
                        if each.number == snapshot.place.number
                    ),
                    None,
                )
        return None

    def read_entry(self, entry: ArchiveEntry, deadline: Deadline) -> bytes | None:
        """Return the JSON of an entry's version; None if there was no document.

        Raises StorageUnavailable, also if something that is needed is missing.
        """
        state = self.find_state(entry, deadline)
        if state is None:
            raise StorageUnavailable(f"The archive of {self.name} has a gap before {entry.number}")
        return state.read()

    def find_state(self, entry: ArchiveEntry, deadline: Deadline) -> ArchivedState | None:
        """Return what the document was at an entry; None if a part is missing.

        Raises StorageUnavailable.
        """
        snapshot = self._find_snapshot(entry, deadline)
        first = snapshot.place.number + 1 if snapshot else 1
        parts: list[_Part] = []
        for part in self._iterate_parts(self._segments, build_start(entry.modified), deadline):
            if part.place.number <= entry.number:
                parts.insert(0, part)
                if part.place.number <= first:
                    break
        if snapshot is None and (not parts or parts[0].place.number != 1):
            return None
        etags = ",".join(each.etag for each in (snapshot, *parts) if each)
        return ArchivedState(
            (entry.id, etags), lambda: self._read_steps(entry, snapshot, parts, deadline)
        )

    def _read_steps(
        self,
        entry: ArchiveEntry,
        snapshot: _Part | None,
        parts: Sequence[_Part],
        deadline: Deadline,
    ) -> bytes | None:
        bodies = self._segments.read_all([each.place.name for each in parts], deadline)
        known = snapshot.place.number if snapshot else 0
        steps = [
            step
            for part, body in zip(parts, bodies, strict=True)
            for step in decode_segment(part.place.name, body)
            if known < step.number <= entry.number
        ]
        numbers = [step.number for step in steps]
        if numbers != [*range(known + 1, entry.number + 1)]:
            raise StorageUnavailable(f"The archive of {self.name} lacks a part before {entry.id}")
        base = max((place for place, step in enumerate(steps) if step.is_base), default=None)
        if base is not None:
            steps = steps[base:]
        elif snapshot:
            return self._apply(self._read_snapshot(snapshot, deadline), steps)
        return self._apply(None, steps)

    def _apply(self, text: bytes | None, steps: Sequence[ArchiveEntry]) -> bytes | None:
        """Return the content after some steps."""
        content: Content | None = None
        for step in steps:
            if step.deleted:
                text = content = None
            elif step.unreadable:
                raise StorageUnavailable(f"{self.name} could not be read when it was archived")
            elif bytes(step.whole):
                text, content = bytes(step.whole), None
            else:
                if content is None:
                    content = Content.parse(text or b"{}")
                content.apply(step.changes)
        return content.encode() if content else text

    def _read_from(
        self, version_id: str, modified: datetime, deadline: Deadline
    ) -> list[ArchiveEntry]:
        """Return the entry of a version, and those that follow it in its segment."""
        for part in self._iterate_parts(self._segments, build_start(modified), deadline):
            segment = self._read_segment(part, deadline)
            for place, entry in enumerate(segment):
                if entry.id == version_id:
                    return segment[place:]
            if segment[0].modified < modified:
                break
        return []

    def _read_following(self, last: ArchiveEntry, deadline: Deadline) -> list[ArchiveEntry]:
        """Return the segment that goes on where another ends; nothing if there is none."""
        start = build_start(last.newer_modified)
        for part in self._iterate_parts(self._segments, start, deadline):
            if part.place.number <= last.number:
                break
            if part.place.number == last.number + 1:
                return self._read_segment(part, deadline)
        return []

    def _find_oldest_part(
        self, journal: ReplaceableJournal, after: datetime, deadline: Deadline
    ) -> _Part | None:
        oldest = None
        for part in self._iterate_parts(journal, "", deadline):
            if part.place.modified <= after:
                break
            oldest = part
        return oldest

    def _find_snapshot(self, entry: ArchiveEntry, deadline: Deadline) -> _Part | None:
        for part in self._iterate_parts(self._snapshots, build_start(entry.modified), deadline):
            if part.place.number <= entry.number:
                return part
        return None

    def _read_snapshot(self, part: _Part, deadline: Deadline) -> bytes:
        [body] = self._snapshots.read_all([part.place.name], deadline)
        return unpack_body(body, f"The snapshot {part.place.name}")

    def _read_segment(self, part: _Part, deadline: Deadline) -> list[ArchiveEntry]:
        [body] = self._segments.read_all([part.place.name], deadline)
        return decode_segment(part.place.name, body)

    def _read_oldest(self, deadline: Deadline) -> list[ArchiveEntry]:
        oldest = self._find_oldest_part(self._segments, EPOCH, deadline)
        return self._read_segment(oldest, deadline) if oldest else []

    def _iterate_parts(
        self, journal: ReplaceableJournal, after: str, deadline: Deadline
    ) -> Iterator[_Part]:
        """Yield the parts whose names follow one, the newest first."""
        while listed := journal.list_tagged(after, deadline):
            yield from (_Part(parse_name(name), etag) for name, etag in listed)
            after = listed[-1][0]


def select_entry(entries: Sequence[ArchiveEntry], moment: datetime) -> ArchiveEntry | None:
    """Return the entry of the version that was current; None if these entries do not tell.

    Entries are in order, and have all versions that were stored within SKEW of the moment until
    then. The rule is that of `storage.history`.
    """
    near = [place for place, each in enumerate(entries) if abs(each.modified - moment) <= SKEW]
    older = [place for place, each in enumerate(entries) if moment - each.modified > SKEW]
    if index := bisect_right(near, moment, key=lambda place: entries[place].at):
        place = near[index - 1]
    elif older:
        place = older[-1]
    else:
        return None
    entry = entries[place]
    follows = entries[place + 1] if place + 1 < len(entries) else None
    if (follows is None or follows.after_gap) and moment >= entry.newer_at:
        return None
    return entry


def _is_before_all(entries: Sequence[ArchiveEntry], moment: datetime) -> bool:
    """Tell whether the document was first made after the moment."""
    first = entries[0]
    return first.number == 1 and first.is_first and moment < first.at
