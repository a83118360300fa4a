"""Segments of an archive: some entries in a row, one for each version, each with its difference.

A segment is gzip-encoded, a line of JSON for each entry. Its name has the time and the number of
its first entry, and names sort from the newest to the oldest.
"""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.archive.differences import NOTHING, Difference
from datamesh.storage.gzip_members import GzipMemberCache
from datamesh.storage.newest_first import build_start, parse_start

ARCHIVE_FOLDER = "archive/"
"""Where archives are: `archive/<document>/segments/` and `archive/<document>/snapshots/`."""
SEGMENTS, SNAPSHOTS = "segments/", "snapshots/"

LAST_NUMBER = 10**12


class ArchiveEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version that has been replaced, and what it changed."""

    number: int
    """Counts the versions of the archive, from 1 on, without a gap."""
    id: str
    """The id of the version."""
    modified: datetime
    """When the version was stored, by S3's clock."""
    at: datetime
    """The moment from which on it was current (`storage.history`)."""
    newer: str
    """The id of the version that followed it."""
    newer_modified: datetime
    newer_at: datetime
    """The moment from which on the version that followed it was current."""
    revision: int = 0
    commit: str = ""
    """The id of its commit."""
    is_first: bool = False
    """True if there was nothing before it: the first commit of a new document."""
    deleted: bool = False
    """True if the document was removed."""
    unreadable: bool = False
    """True if the version could not be read when it was archived."""
    after_gap: bool = False
    """True if versions before it are missing: they were gone before they were archived."""
    whole: msgspec.Raw = NOTHING
    """The whole content, where no difference can be told."""
    changes: Difference = {}
    """The difference to the content of the entry before."""

    @property
    def is_base(self) -> bool:
        """True if the content is known without the entry before."""
        return self.deleted or self.unreadable or bool(bytes(self.whole))


_ENTRY = msgspec.json.Decoder(ArchiveEntry)


@dataclass(frozen=True)
class ArchiveName:
    """The name of a segment, or of a snapshot, taken apart."""

    name: str
    modified: datetime
    """The time of its first version."""
    number: int
    """The number of its first entry."""


def build_name(entry: ArchiveEntry, ending: str) -> str:
    """Return the name of what begins with an entry: `...,2026-11-27T13.ndjson.gz`."""
    start = build_start(entry.modified)
    return f"{start},{LAST_NUMBER - entry.number:012d},{entry.modified:%Y-%m-%dT%H}{ending}"


def parse_name(name: str) -> ArchiveName:
    """Take a name apart. Raises StorageUnavailable on another one."""
    try:
        start, number, _ = name.split(",")
        return ArchiveName(name, parse_start(start), LAST_NUMBER - int(number))
    except (ValueError, OverflowError) as error:
        raise StorageUnavailable(f"{name} is not the name of a part of an archive") from error


def encode_segment(entries: Sequence[ArchiveEntry]) -> bytes:
    """Return a segment as it is stored."""
    return GzipMemberCache().pack([b"\n".join(map(msgspec.json.encode, entries)) + b"\n"])


def decode_segment(name: str, body: bytes) -> list[ArchiveEntry]:
    """Return the entries of a segment. Raises StorageUnavailable if it cannot be read."""
    try:
        lines = gzip.decompress(body).splitlines()
        entries = [_ENTRY.decode(line) for line in lines]
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise StorageUnavailable(f"The segment {name} cannot be read: {error}") from error
    if not entries:
        raise StorageUnavailable(f"The segment {name} is empty")
    return entries
