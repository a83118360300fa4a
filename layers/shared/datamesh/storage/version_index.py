"""An index of an object's versions by day, so that listing the past need not begin with today.

It says where listings may begin, and no more: what a listing returns from there tells by itself
whether it may be used (`version_finder`). So an index may be old, incomplete or wrong.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal

import msgspec

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.objects import ConditionalObject, StoredObject

logger = logging.getLogger(__name__)

MAX_STARTS = 10_000
"""How many starts an index keeps: about 750 KB. The oldest go."""


class ListingStart(msgspec.Struct, frozen=True):
    """Where a listing of versions may begin, other than at the newest."""

    first: datetime
    """When the version was stored that such a listing begins with."""
    after: str
    """The id of the version that follows it: the listing begins after that one."""


class UnindexedRange(msgspec.Struct, frozen=True):
    """Versions that have not been listed for the index yet."""

    after: str | None
    """Where their listing goes on; None if it begins with the newest version."""
    until: date | None
    """The day at which it ends; None if it goes on to the oldest version."""


class VersionIndex(msgspec.Struct, frozen=True):
    """The starts of listings that are known of an object, newest first."""

    format: Literal[1] = 1
    starts: tuple[ListingStart, ...] = ()
    unindexed: tuple[UnindexedRange, ...] = ()

    def encode(self) -> bytes:
        """Return the index as JSON."""
        return msgspec.json.encode(self)

    def with_starts(self, found: Iterable[ListingStart]) -> "VersionIndex":
        """Return the index with further starts, of MAX_STARTS at most."""
        starts = {start.after: start for start in (*self.starts, *found)}
        newest_first = sorted(starts.values(), key=lambda start: start.first, reverse=True)
        return msgspec.structs.replace(self, starts=tuple(newest_first[:MAX_STARTS]))


class StoredIndex:
    """The index of one object's versions, as it is stored."""

    def __init__(self, stored: ConditionalObject, backoff: Backoff) -> None:
        self._stored = stored
        self._backoff = backoff
        self._etag: str | None = None
        self.known = VersionIndex()
        """The index as it was read last; empty before that."""

    @property
    def is_stored(self) -> bool:
        """Tell whether there was an index when it was read."""
        return self._etag is not None

    def read_stored(self, deadline: Deadline) -> None:
        """Read the index, if it has changed. One that is missing or unreadable is empty.

        Raises StorageUnavailable.
        """
        found = self._backoff.read_until_reached(
            self._stored.name, lambda: self._stored.get(self._etag), deadline
        )
        if isinstance(found, StoredObject):
            self._etag = found.etag
            self.known = self._decode(found.body)
        elif found is None:
            self._etag, self.known = None, VersionIndex()

    def read_if_reachable(self, deadline: Deadline) -> None:
        """Read the index, or keep what is known of it if storage refuses."""
        try:
            self.read_stored(deadline)
        except StorageUnavailable as error:
            logger.warning("versions are listed without the newest index: %s", error)

    def replace(self, index: VersionIndex) -> None:
        """Store an index in place of the one that was read.

        Raises what a PUT raises: LostRace if another was stored since.
        """
        self._etag = self._stored.put(index.encode(), self._etag)
        self.known = index

    def _decode(self, body: bytes) -> VersionIndex:
        try:
            index = msgspec.json.decode(body, type=VersionIndex)
        except msgspec.MsgspecError as error:
            logger.warning("%s is ignored, for it cannot be read: %s", self._stored.name, error)
            return VersionIndex()
        if any(start.first.tzinfo is None for start in index.starts):
            logger.warning("%s is ignored, for it has times without a zone", self._stored.name)
            return VersionIndex()
        return index
