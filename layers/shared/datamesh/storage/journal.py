"""Small objects that are only ever added, under names that sort by time."""

from collections.abc import Sequence
from typing import Protocol

PAGE = 1000
"""One page of S3's listing."""


class Journal(Protocol):
    def names(self, after: str) -> Sequence[str]:
        """The next PAGE names that sort after `after`, in order. Raises StorageUnavailable."""
        ...

    def read_all(self, names: Sequence[str]) -> Sequence[bytes]:
        """The objects, in the order of their names. Raises StorageUnavailable."""
        ...
