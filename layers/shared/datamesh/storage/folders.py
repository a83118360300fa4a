"""A folder of files, read only: where domain data lives."""

from collections.abc import Mapping
from typing import Protocol

MAX_FILES = 1000
"""One page of S3's listing; a dataset of more files is refused rather than cut."""


class Folder(Protocol):
    @property
    def name(self) -> str: ...

    def names(self) -> list[str]:
        """The files' names within the folder, in the order of their bytes.

        Raises StorageUnavailable, or UnreadableDataset beyond MAX_FILES.
        """
        ...

    def read(self, name: str) -> bytes:
        """One file; empty if it vanished since it was listed. Raises StorageUnavailable."""
        ...


class MemoryFolder:
    """A `Folder` for tests."""

    def __init__(self, name: str, files: Mapping[str, bytes]) -> None:
        self.name = name
        self._files = dict(files)

    def names(self) -> list[str]:
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        return self._files.get(name, b"")
