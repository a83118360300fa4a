"""One stored object with conditional reads and writes: the contract that storage stands on.

The contract suite in `tests/` runs over every implementation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5
from typing import Protocol


class LostRace(Exception):
    """The precondition of a PUT failed: another writer came first. Nothing was written."""


class Unreachable(Exception):
    """A call did not get through and certainly changed nothing; worth another attempt."""


class InDoubt(Exception):
    """A PUT was sent and its outcome was not learned: it may have landed, or may yet land."""


@dataclass(frozen=True)
class StoredObject:
    body: bytes
    etag: str


class Unchanged:
    """The object still has the ETag that the reader named."""


class ConditionalObject(Protocol):
    """An object in a store that compares and swaps on ETags."""

    @property
    def name(self) -> str: ...

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        """The object; Unchanged if it still has `known_etag`; None if there is none.

        Raises Unreachable when worth another attempt, StorageUnavailable when not.
        """
        ...

    def put(self, body: bytes, replaces: str | None) -> str:
        """Write if the object still has the ETag `replaces` (None: if there is none yet).

        Returns the new ETag. Raises LostRace, InDoubt, Unreachable or StorageUnavailable.
        """
        ...


type OpenObject = Callable[[str], ConditionalObject]
"""Key within a bucket or a folder of it -> the object."""


class MemoryObject:
    """The contract in memory, for tests of what stands on it."""

    def __init__(self, name: str, body: bytes | None = None) -> None:
        self.name = name
        self._stored = None if body is None else StoredObject(body, _etag(body))

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        if self._stored and self._stored.etag == known_etag:
            return Unchanged()
        return self._stored

    def put(self, body: bytes, replaces: str | None) -> str:
        if replaces != (self._stored.etag if self._stored else None):
            raise LostRace
        self._stored = StoredObject(body, _etag(body))
        return self._stored.etag


def _etag(body: bytes) -> str:
    """As S3 does: a digest of the body, in quotes."""
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
