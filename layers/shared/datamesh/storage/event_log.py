"""What is kept of OpenLineage: each event as it came, and what each run has said so far."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import batched

from datamesh.errors import StorageUnavailable
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create
from datamesh.storage.journal import Journal
from datamesh.storage.objects import OpenObject

EVENTS = "events/openlineage/"

READ_AT_ONCE = 64
"""Events that are held at a time; one has up to 6 MiB."""


class EventLog:
    """The record: every event that was accepted, each created once and never changed."""

    def __init__(
        self,
        open_object: OpenObject,
        journal: Journal,
        backoff: Backoff,
    ) -> None:
        """Both work on names below EVENTS."""
        self._open = open_object
        self._journal = journal
        self._backoff = backoff

    def keep(self, name: str, body: bytes) -> None:
        """Returns once the event is there, be it since long ago.

        Raises StorageUnavailable if it is not there, OutcomeUnknown if it may be.
        """
        create(self._open(name), gzip.compress(body, compresslevel=6, mtime=0), self._backoff)

    def pages(self, after: str = "") -> Iterator[Sequence[str]]:
        """The names that follow a name, oldest day first. Raises StorageUnavailable."""
        while page := self._journal.names(after):
            yield page
            after = page[-1]

    def read_all(self, names: Sequence[str]) -> Iterator[bytes]:
        """The events in their order, some at a time. Raises StorageUnavailable."""
        for some in batched(names, READ_AT_ONCE, strict=False):
            for name, packed in zip(some, self._journal.read_all(some), strict=True):
                yield _unpacked(name, packed)


def _unpacked(name: str, packed: bytes) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageUnavailable(f"{EVENTS}{name} cannot be read: {error}") from error
