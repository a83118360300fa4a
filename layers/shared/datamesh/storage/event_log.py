"""The OpenLineage events that were accepted, each kept as it came, with who sent it.

An object is gzip of one or two lines of JSON: the event in its canonical form, and its sender.
Those of earlier versions, and those that a local command stores, have no sender.
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import batched

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.journal import Journal
from datamesh.storage.objects import OpenObject, StoredObject

EVENTS_PREFIX = "events/openlineage/"
"""Where the bucket holds the events, each an object of its own."""

READ_AT_ONCE = 64
"""How many events are in memory at a time; one has up to 6 MiB."""


class EventLog:
    """The log of all accepted events: each is created once and never changed."""

    def __init__(
        self,
        open_object: OpenObject,
        journal: Journal,
        backoff: Backoff,
    ) -> None:
        """Work on names below EVENTS_PREFIX, which `open_object` and `journal` know themselves."""
        self._open = open_object
        self._journal = journal
        self._backoff = backoff

    def store_event(self, name: str, packed: bytes, deadline: Deadline) -> None:
        """Store an event that `pack_event` has packed, unless it is stored already.

        Raises StorageUnavailable if the event is not stored, OutcomeUnknown if it may be.
        """
        create_if_absent(self._open(name), packed, self._backoff, deadline)

    def iterate_pages(self, deadline: Deadline, after: str = "") -> Iterator[Sequence[str]]:
        """Yield pages of the events' names, oldest day first, from those that sort after `after`.

        Raises StorageUnavailable.
        """
        while page := self._journal.list_names(after, deadline):
            yield page
            after = page[-1]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Iterator[bytes]:
        """Yield the events in the order of their names, with READ_AT_ONCE in memory.

        Raises StorageUnavailable.
        """
        for chunk in batched(names, READ_AT_ONCE, strict=False):
            for name, packed in zip(chunk, self._journal.read_all(chunk, deadline), strict=True):
                yield _unpack(name, packed)[0]

    def read_kept(self, names: Sequence[str], deadline: Deadline) -> Iterator[bytes]:
        """Yield the events that are still kept, in the order of their names.

        Raises StorageUnavailable.
        """
        for name in names:
            if packed := self.find_packed(name, deadline):
                yield _unpack(name, packed)[0]

    def find_packed(self, name: str, deadline: Deadline) -> bytes | None:
        """Return an event as it is stored; None if it is not kept. Raises StorageUnavailable."""
        found = self._backoff.read_until_reached(name, self._open(name).get, deadline)
        return found.body if isinstance(found, StoredObject) else None


def pack_event(body: bytes, sender: bytes = b"") -> bytes:
    """Return what is stored of an event and its sender, both JSON in one line."""
    lines = body + b"\n" + sender if sender else body
    return gzip.compress(lines, compresslevel=6, mtime=0)


def unpack_event(packed: bytes) -> tuple[bytes, bytes]:
    """Return the event and its sender, which is empty if it was not kept.

    Raises ValueError if it is damaged.
    """
    try:
        lines = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it is no gzip: {error}") from error
    body, _, sender = lines.partition(b"\n")
    return body, sender


def _unpack(name: str, packed: bytes) -> tuple[bytes, bytes]:
    """Unpack a stored event. Raises StorageUnavailable if it is damaged."""
    try:
        return unpack_event(packed)
    except ValueError as error:
        raise StorageUnavailable(f"{EVENTS_PREFIX}{name} cannot be read: {error}") from error
