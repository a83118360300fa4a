"""Small objects that are only ever added, under names that sort by time."""

from collections.abc import Sequence
from typing import Protocol

from datamesh.storage.backoff import Deadline

PAGE = 1000
"""One page of S3's listing."""


class Journal(Protocol):
    """Objects below one prefix, listed and read in the order of their names."""

    def list_names(self, after: str, deadline: Deadline) -> Sequence[str]:
        """List the next PAGE names that sort after `after`. Raises StorageUnavailable."""
        ...

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Sequence[bytes]:
        """Read the objects in the order of the names given. Raises StorageUnavailable."""
        ...
