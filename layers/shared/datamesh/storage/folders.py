"""A folder of files, read only: where domain data lives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.objects import compute_etag

MAX_FILES = 10_000
"""Ten pages of S3's listing; a dataset of more files is refused rather than cut."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it was listed."""

    name: str
    """The path within its folder."""
    size: int
    etag: str
    """Empty for a file that was not listed: the log of its table says that it is there."""
    modified: str = field(default="", compare=False)
    """When it was written, as ISO 8601; empty if that is not known."""

    @property
    def modified_at(self) -> datetime | None:
        """The time when it was written; None if that is not known."""
        return datetime.fromisoformat(self.modified) if self.modified else None


@dataclass(frozen=True)
class SignedLink:
    """An address from which whoever has it can download a file for a while."""

    url: str = field(repr=False)
    expires_at: datetime


class Folder(Protocol):
    """A folder of domain data, which may be used by several threads."""

    @property
    def name(self) -> str:
        """The prefix of its files' keys, for errors and logs."""
        ...

    def list_files(self) -> list[StoredFile]:
        """List the files, in the order of their names' bytes.

        Raises StorageUnavailable, or UnreadableDataset if there are more than MAX_FILES.
        """
        ...

    def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
        """Read `length` bytes of a file, from byte `start` on.

        Raises StorageUnavailable, also if the file was replaced or removed since it was listed, or
        UnreadableDataset if one without an ETag is not there in its size.
        """
        ...

    def sign_link(self, file: StoredFile, seconds: int) -> SignedLink:
        """Return a link to a file that works for so long. Nothing is called for it.

        List the folder before: only then it is known in which region it is. Raises
        StorageUnavailable if there are no credentials.
        """
        ...


class MemoryFolder:
    """A `Folder` in memory, for tests."""

    def __init__(self, name: str, files: Mapping[str, bytes], modified: str = "") -> None:
        self.name = name
        self._modified = modified
        self._files = dict(files)

    def list_files(self) -> list[StoredFile]:
        """List the files, in the order of their names' bytes."""
        return [
            StoredFile(name, len(body), compute_etag(body), self._modified)
            for name, body in sorted(self._files.items(), key=lambda item: item[0].encode())
        ]

    def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
        """Read a part of a file. Raises StorageUnavailable if it is not the one that was listed."""
        body = self._files.get(file.name, b"")
        if not file.etag and len(body) != file.size:
            raise build_absent_error(self.name + file.name)
        if file.etag and compute_etag(body) != file.etag:
            raise build_replaced_error(self.name + file.name)
        return body[start : start + length]

    def sign_link(self, file: StoredFile, seconds: int) -> SignedLink:
        """Return a link that leads nowhere."""
        expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
        url = f"https://storage.example.com/{quote(self.name + file.name)}?expires={seconds}"
        return SignedLink(url, expires_at)


def build_replaced_error(name: str) -> StorageUnavailable:
    """Build the error of a file that changed between its listing and its reading."""
    return StorageUnavailable(f"{name} was replaced while it was read; try again")


def build_absent_error(name: str) -> UnreadableDataset:
    """Build the error of a file that the log of its table names, and that is not there."""
    return UnreadableDataset(f"{name} is not there, or not in the size that the table's log says")
