"""Write the index of an object's versions by day, a part at a time."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.object_versions import ObjectVersion, VersionedObject, VersionPage
from datamesh.storage.objects import InDoubt, LostRace, Unreachable
from datamesh.storage.version_index import ListingStart, StoredIndex, UnindexedRange, VersionIndex

logger = logging.getLogger(__name__)

MAX_PAGES = 100
"""How many pages are listed in one run at most, of 1,000 versions each; the next run goes on."""

PAGES_PER_START = 10
"""The number of pages from one start to the next on a day of very many versions."""

KEPT_SECONDS = 20.0
"""The time that is left for storing the index and for what comes after it."""


@dataclass(frozen=True)
class _Listed:
    """The part of a range that was listed."""

    starts: Sequence[ListingStart]
    rest: UnindexedRange | None
    """The part that is left to list; None if that is nothing."""


class VersionIndexer:
    """Writes the index of one object's versions."""

    def __init__(self, stored: VersionedObject, index: StoredIndex, backoff: Backoff) -> None:
        self._stored = stored
        self._index = index
        self._backoff = backoff

    def extend_index(self, today: date, deadline: Deadline) -> None:
        """Index the days that have ended since the last run, then older ones, as far as it goes.

        If another run stores its index first, that one stays. Raises StorageUnavailable.
        """
        self._index.read_stored(deadline)
        known = self._index.known
        if not _find_ranges(known, today):
            return
        pages = self._count_pages(deadline)
        index = self._drop_expired(known, pages, deadline)
        listed = [
            self._list_range(unindexed, pages, deadline) for unindexed in _find_ranges(index, today)
        ]
        index = index.with_starts(start for each in listed for start in each.starts)
        rests = tuple(each.rest for each in listed if each.rest)
        index = msgspec.structs.replace(index, unindexed=rests)
        if index != known or not self._index.is_stored:
            self._store_index(index)

    def _store_index(self, index: VersionIndex) -> None:
        try:
            self._index.replace(index)
        except (LostRace, InDoubt, Unreachable) as error:
            # Nothing is lost: what is there is as true, and the next run lists the same again.
            logger.warning("the index of %s is as it was: %r", self._stored.name, error)

    def _count_pages(self, deadline: Deadline) -> Iterator[int]:
        """Count the pages that this run may list."""
        for number in range(MAX_PAGES):
            if deadline.remaining_seconds < KEPT_SECONDS:
                return
            yield number

    def _drop_expired(
        self, index: VersionIndex, pages: Iterator[int], deadline: Deadline
    ) -> VersionIndex:
        """Return the index without its oldest starts, as far as their versions are gone."""
        starts = list(index.starts)
        while starts and next(pages, None) is not None:
            oldest = starts[-1]
            listed = self._list_page(oldest.after, deadline).versions
            if listed and listed[0].modified == oldest.first:
                break
            starts.pop()
        return msgspec.structs.replace(index, starts=tuple(starts))

    def _list_range(
        self, unindexed: UnindexedRange, pages: Iterator[int], deadline: Deadline
    ) -> _Listed:
        starts: list[ListingStart] = []
        after, until = unindexed.after, unindexed.until
        before: Sequence[ObjectVersion] = ()
        for number in pages:
            page = self._list_page(after, deadline)
            versions = [*before, *page.versions]
            starts += _find_day_starts(versions)
            if (
                page.older is None
                or not versions
                or (until and _get_day(versions[-1].modified) <= until)
            ):
                return _Listed(starts, None)
            before, after = versions[-2:], page.older[1]
            if number % PAGES_PER_START == PAGES_PER_START - 1:
                starts.append(ListingStart(before[1].modified, before[0].id))
        if len(before) == 2:
            starts.append(ListingStart(before[1].modified, before[0].id))
        return _Listed(starts, UnindexedRange(after, until))

    def _list_page(self, after: str | None, deadline: Deadline) -> VersionPage:
        older = (self._stored.name, after) if after else None
        return self._backoff.read_until_reached(
            self._stored.name, lambda: self._stored.list_versions(older), deadline
        )


def _find_ranges(index: VersionIndex, today: date) -> Sequence[UnindexedRange]:
    """Return what is left to list, the newest first: nothing if a listing may begin with today."""
    if not index.starts:
        return [UnindexedRange(after=None, until=None)]
    newest = _get_day(index.starts[0].first)
    since = [UnindexedRange(after=None, until=newest)] if newest < today else []
    return [*since, *index.unindexed]


def _find_day_starts(versions: Sequence[ObjectVersion]) -> Iterator[ListingStart]:
    """Yield where listings may begin with the oldest version of a day.

    Such a listing has all versions of the day before, or of the last one that has any.
    """
    for after, first, older in zip(versions, versions[1:], versions[2:], strict=False):
        if _get_day(older.modified) < _get_day(first.modified):
            yield ListingStart(first.modified, after.id)


def _get_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
