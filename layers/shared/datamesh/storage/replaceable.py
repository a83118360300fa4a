"""Objects below one prefix that may be replaced, so that a reader has to know which it has read."""

from collections.abc import Sequence
from typing import Protocol

from datamesh.storage.backoff import Deadline


class ReplaceableJournal(Protocol):
    """Objects below one prefix, listed with their ETags in the order of their names."""

    def list_tagged(self, after: str, deadline: Deadline) -> Sequence[tuple[str, str]]:
        """Return a page of names and ETags that sort after a name; nothing at the end.

        Raises StorageUnavailable.
        """
        ...

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Sequence[bytes]:
        """Return what the objects hold, in the order of the names. Raises StorageUnavailable."""
        ...
