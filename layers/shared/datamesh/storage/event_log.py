"""What is kept of OpenLineage: each event as it came, and what each run has said so far."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import batched

from datamesh.errors import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
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

    def keep(self, name: str, body: bytes, deadline: Deadline) -> None:
        """Store an event, unless it is stored already.

        Raises StorageUnavailable if it is not there in the end, OutcomeUnknown if it may be.
        """
        packed = gzip.compress(body, compresslevel=6, mtime=0)
        create_if_absent(self._open(name), packed, self._backoff, deadline)

    def iterate_pages(self, deadline: Deadline, after: str = "") -> Iterator[Sequence[str]]:
        """Yield the names that follow a name by pages, oldest day first.

        Raises StorageUnavailable.
        """
        while page := self._journal.list_names(after, deadline):
            yield page
            after = page[-1]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Iterator[bytes]:
        """Yield the events in the order of their names, READ_AT_ONCE held at a time.

        Raises StorageUnavailable.
        """
        for some in batched(names, READ_AT_ONCE, strict=False):
            for name, packed in zip(some, self._journal.read_all(some, deadline), strict=True):
                yield _unpacked(name, packed)


def _unpacked(name: str, packed: bytes) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageUnavailable(f"{EVENTS}{name} cannot be read: {error}") from error
