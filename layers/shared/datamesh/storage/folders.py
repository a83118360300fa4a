"""A folder of files, read only: where domain data lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Protocol

from datamesh.errors import StorageUnavailable

MAX_FILES = 10_000
"""Ten pages of S3's listing; a dataset of more files is refused rather than cut."""


@dataclass(frozen=True)
class StoredFile:
    name: str
    """Within its folder."""
    size: int
    etag: str


class Folder(Protocol):
    @property
    def name(self) -> str: ...

    def files(self) -> list[StoredFile]:
        """In the order of their names' bytes.

        Raises StorageUnavailable, or UnreadableDataset beyond MAX_FILES.
        """
        ...

    def read(self, name: str) -> bytes:
        """One file; empty if it vanished since it was listed. Raises StorageUnavailable."""
        ...

    def part(self, file: StoredFile, start: int, length: int) -> bytes:
        """Some bytes of a file that is still the one that was listed; by several threads at once.

        Raises StorageUnavailable, also if the file was replaced or removed since.
        """
        ...


class MemoryFolder:
    """A `Folder` for tests."""

    def __init__(self, name: str, files: Mapping[str, bytes]) -> None:
        self.name = name
        self._files = dict(files)

    def files(self) -> list[StoredFile]:
        return [
            StoredFile(name, len(body), _etag(body))
            for name, body in sorted(self._files.items(), key=lambda item: item[0].encode())
        ]

    def read(self, name: str) -> bytes:
        return self._files.get(name, b"")

    def part(self, file: StoredFile, start: int, length: int) -> bytes:
        body = self._files.get(file.name, b"")
        if _etag(body) != file.etag:
            raise replaced(self.name + file.name)
        return body[start : start + length]


def replaced(name: str) -> StorageUnavailable:
    return StorageUnavailable(f"{name} was replaced while it was read; try again")


def _etag(body: bytes) -> str:
    """As S3 does: a digest of the body, in quotes."""
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
