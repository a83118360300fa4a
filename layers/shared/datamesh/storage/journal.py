"""Small objects that are only ever added, under names that sort by time."""

from collections.abc import Sequence
from typing import Protocol

from datamesh.storage.backoff import Deadline

PAGE_SIZE = 1000
"""How many names a page of S3's listing has."""


class Journal(Protocol):
    """Objects below one prefix, listed and read in the order of their names."""

    def list_names(self, after: str, deadline: Deadline) -> Sequence[str]:
        """Return the next PAGE_SIZE names that sort after `after`. Raises StorageUnavailable."""
        ...

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Sequence[bytes]:
        """Return what the objects hold, in the order of the names. Raises StorageUnavailable."""
        ...
