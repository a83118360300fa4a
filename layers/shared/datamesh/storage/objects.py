"""One stored object with conditional reads and writes: the contract that storage stands on.

The contract suite in `tests/` runs over every implementation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from typing import Protocol

from datamesh.errors.storage import StorageUnavailable


class LostRace(Exception):
    """The precondition of a PUT failed: another writer came first. Nothing was written."""


class Unreachable(Exception):
    """A call did not get through and certainly changed nothing; worth another attempt."""


class InDoubt(Exception):
    """A PUT was sent and its outcome was not learned: it may have landed, or may yet land."""


@dataclass(frozen=True)
class StoredObject:
    """The content of an object as it was read."""

    body: bytes
    etag: str


class Unchanged:
    """The answer to a read of an object that still has the ETag that the reader named."""


class ConditionalObject(Protocol):
    """An object in a store that compares and swaps on ETags."""

    @property
    def name(self) -> str:
        """The key of the object, for errors and logs."""
        ...

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        """Return the object; Unchanged if it still has `known_etag`; None if there is none.

        Raises Unreachable if another attempt may succeed, StorageUnavailable if not.
        """
        ...

    def put(self, body: bytes, replaces: str | None) -> str:
        """Write if the object still has the ETag `replaces` (None: if there is none yet).

        Returns the new ETag. Raises LostRace if it has another one, InDoubt if the outcome was not
        learned, Unreachable if nothing was sent, and StorageUnavailable if the store refused.
        """
        ...


type OpenObject = Callable[[str], ConditionalObject]
"""Opens the object of a key within a bucket, or within a folder of it."""


class MemoryObject:
    """A `ConditionalObject` in memory, for tests of what stands on it."""

    def __init__(self, name: str, body: bytes | None = None) -> None:
        self.name = name
        self._stored = None if body is None else StoredObject(body, compute_etag(body))

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        """Return the object; Unchanged if it still has `known_etag`; None if there is none."""
        if self._stored and self._stored.etag == known_etag:
            return Unchanged()
        return self._stored

    def put(self, body: bytes, replaces: str | None) -> str:
        """Write if the object still has the ETag `replaces`. Raises LostRace if it has not."""
        if replaces != (self._stored.etag if self._stored else None):
            raise LostRace
        self._stored = StoredObject(body, compute_etag(body))
        return self._stored.etag


def compute_etag(body: bytes) -> str:
    """Return the ETag that S3 gives to a body: its MD5 digest in quotes."""
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class ReadOnlyObject:
    """Stands behind a document that is read from elsewhere, and that nobody can write to."""

    name: str
    reason: str
    """The rest of the error of whoever tries, after the name: `cannot be written ...`."""

    def get(self, known_etag: str | None = None) -> None:
        """Return None: there is nothing here."""
        return None

    def put(self, body: bytes, replaces: str | None) -> str:
        """Raise StorageUnavailable."""
        raise StorageUnavailable(f"{self.name} {self.reason}")
