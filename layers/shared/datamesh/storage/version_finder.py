"""Find the versions of an object that were stored around a moment, in few requests and entries.

A listing returns versions newest first and without gaps. Whatever it began with, it has all that
there is to know of a moment if its first version is clearly newer than the moment and its last one
clearly older. That is checked of each answer, so that it matters little where a listing began: at
the start that an index names, at one that an earlier listing has passed, or at the newest version.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.values import utc_now
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionedObject, VersionPage
from datamesh.storage.version_index import ListingStart, StoredIndex

SKEW = timedelta(seconds=5)
"""How far a writer's clock may be from S3's, which has whole seconds, to be trusted."""

KEPT_SPANS = 2
"""How many spans stay in memory; a comparison of two moments needs two."""

KEPT_VERSIONS = 2000
"""How many versions of a span stay in memory, unless more are as close to a moment as SKEW."""

MAX_CLOSE_VERSIONS = 10_000
"""How many versions may be as close to a moment as SKEW. At six commits a second it is 60."""

KEPT_STARTS = 1000
"""How many starts stay in memory: one for each page that was listed."""


@dataclass(frozen=True)
class VersionSpan:
    """Versions of an object around a moment: newest first, without gaps."""

    versions: Sequence[ObjectVersion]
    is_complete: bool
    """True if the last version is the oldest that there is."""

    def has_newer(self, moment: datetime) -> bool:
        """Tell whether the span begins with a version that is clearly newer than the moment."""
        return bool(self.versions) and self.versions[0].modified - moment > SKEW

    def has_older(self, moment: datetime) -> bool:
        """Tell whether the span goes back far enough to know what was current at the moment."""
        return self.is_complete or (
            bool(self.versions) and moment - self.versions[-1].modified > SKEW
        )


class VersionFinder:
    """Finds versions of one object. Not for use by several threads at once."""

    def __init__(
        self,
        stored: VersionedObject,
        backoff: Backoff,
        index: StoredIndex | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._stored = stored
        self._backoff = backoff
        self._index = index
        self._now = now
        self._spans: deque[VersionSpan] = deque(maxlen=KEPT_SPANS)
        self._passed: OrderedDict[str, ListingStart] = OrderedDict()
        """The starts that listings have passed, so that a request that ran out of time is gone on
        with by the next."""

    def find_span(self, moment: datetime, deadline: Deadline) -> VersionSpan:
        """Return versions that tell what was current at the moment.

        Raises StorageUnavailable, also if the time for the request does not suffice.
        """
        for span in self._spans:
            if span.has_newer(moment) and span.has_older(moment):
                return span
        for start in self._iterate_starts(moment, deadline):
            if listed := self._list_span(start, moment, deadline):
                self._spans.append(listed)
                return listed
        raise AssertionError("a listing that begins with the newest version has a span")

    def forget_spans(self) -> None:
        """List again at the next question: a version of a span has vanished."""
        self._spans.clear()

    def _iterate_starts(
        self, moment: datetime, deadline: Deadline
    ) -> Iterator[ListingStart | None]:
        """Yield where a listing for the moment may begin: the nearest start first.

        Starts may be gone, as versions expire, all up to some day: so some are passed over. None,
        which is last, is the newest version.
        """
        starts = self._find_starts(moment)
        is_past = moment.astimezone(UTC).date() < self._now().astimezone(UTC).date()
        if self._index and is_past and not _is_near(starts, moment):
            self._index.read_if_reachable(deadline)
            starts = self._find_starts(moment)
        place, step = 0, 1
        while place < len(starts):
            yield starts[place]
            place, step = place + step, step * 2
        yield None

    def _find_starts(self, moment: datetime) -> list[ListingStart]:
        """Return the known starts of listings that have the moment, the nearest first."""
        indexed = self._index.known.starts if self._index else ()
        found = (*indexed, *self._passed.values())
        return sorted(
            (start for start in found if start.first - moment > SKEW),
            key=lambda start: start.first,
        )

    def _list_span(
        self, start: ListingStart | None, moment: datetime, deadline: Deadline
    ) -> VersionSpan | None:
        """List from a start on until the moment is passed; None if the start misleads."""
        marker = (self._stored.name, start.after) if start else None
        span = VersionSpan((), is_complete=False)
        while not span.has_older(moment):
            page = self._list_page(marker, deadline)
            listed = VersionSpan(page.versions, page.older is None)
            if start and not span.versions and not listed.has_newer(moment):
                return None
            self._note_page(page)
            versions = self._drop_needless([*span.versions, *page.versions], moment)
            span, marker = VersionSpan(versions, listed.is_complete), page.older
        return span

    def _drop_needless(
        self, versions: list[ObjectVersion], moment: datetime
    ) -> Sequence[ObjectVersion]:
        """Drop the newest of too many versions, except one and those that are close."""
        surplus = len(versions) - KEPT_VERSIONS
        if surplus <= 0:
            return versions
        newer = sum(version.modified - moment > SKEW for version in versions)
        kept = versions[max(0, min(surplus, newer - 1)) :]
        if len(kept) > KEPT_VERSIONS + MAX_CLOSE_VERSIONS:
            raise StorageUnavailable(
                f"{self._stored.name} has more than {MAX_CLOSE_VERSIONS} versions within"
                f" {2 * SKEW.seconds} seconds of {moment.isoformat()}"
            )
        return kept

    def _note_page(self, page: VersionPage) -> None:
        if len(page.versions) >= 2 and page.older:
            before_last, last = page.versions[-2:]
            self._passed[before_last.id] = ListingStart(last.modified, before_last.id)
            if len(self._passed) > KEPT_STARTS:
                self._passed.popitem(last=False)

    def _list_page(self, older: ListMarker | None, deadline: Deadline) -> VersionPage:
        return self._backoff.read_until_reached(
            self._stored.name, lambda: self._stored.list_versions(older), deadline
        )


def choose_time(modified: datetime, committed_at: datetime | None) -> datetime:
    """Return from when on a version counts: by its writer's clock, if S3's agrees with that."""
    if committed_at and abs(committed_at - modified) <= SKEW:
        return committed_at
    return modified


def _is_near(starts: Sequence[ListingStart], moment: datetime) -> bool:
    """Tell whether the nearest start is at most a day after the moment."""
    return bool(starts) and starts[0].first - moment < timedelta(days=1)
