"""The feed: each commit of products and of lineage once, in the order of its document.

Two documents have no common order that could be proved: a cursor holds a place in each, and a page
has the commits of both by their times, as far as they are known (docs/adr/0048-feed.md).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from datamesh.errors.storage import CommitsMissing, StorageUnavailable, VersionExpired
from datamesh.models.answer_size import MAX_PAGE_BYTES, measure_json
from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.feed_cursor import (
    FeedPlaces,
    decode_feed_cursor,
    encode_feed_cursor,
)
from datamesh.services.time_travel.feed_items import (
    FeedView,
    build_lineage_item,
    build_products_item,
)
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit_log import CommitLog, LogGap, LoggedCommit, LogPlace
from datamesh.storage.files import LineageFile, ProductsFile

READ_SECONDS = 6.0
"""How long commits are begun to be read, once nobody waits any more. What is under way then ends
within seven seconds: with the longest wait before it, below the function's 25 s."""
ITEM_SECONDS = 2.0
"""How long the calls to storage for one commit may be repeated, if it was begun in time."""
POLL_SECONDS = 1.0
OLDEST, NOW = "oldest", "now"
"""Where a feed may begin: before the oldest commit that is kept, or behind the newest."""

type _Commit = LoggedCommit[ProductsFile] | LoggedCommit[LineageFile]


@dataclass(frozen=True)
class FeedLogs:
    """The logs of both documents."""

    products: CommitLog[ProductsFile]
    lineage: CommitLog[LineageFile]


@dataclass(frozen=True)
class FeedPage:
    """A page of the feed."""

    commits: list[bytes]
    """Each as JSON."""
    next_cursor: str


@dataclass
class _Progress:
    """A page as far as it has come."""

    places: FeedPlaces
    commits: list[bytes] = field(default_factory=list)
    size: int = 0
    is_partial: bool = False
    """True if it lacks the commits of one document."""
    has_all: bool = False
    """True if there is nothing more behind it, for now."""


@dataclass(frozen=True)
class FeedReader:
    """Reads pages of one feed."""

    logs: FeedLogs
    view: FeedView
    registry: Registry
    """The registry as it is now, which tells whether there is something new."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def read_page(self, after: str, limit: int, wait: float) -> FeedPage:
        """Return up to `limit` commits behind a cursor, OLDEST or NOW.

        If there are none it waits up to so many seconds for one. Raises RefusedParameters,
        CommitsMissing, StorageUnavailable.
        """
        until = self.clock() + wait
        whole = Deadline.from_now(wait + READ_SECONDS, self.clock)
        seen = self._read_state(whole) if wait else None
        places = self._find_start(after, whole)
        while True:
            try:
                page = self._read_once(places, limit, whole)
            except _Gap as gap:
                if after != OLDEST:
                    cursor = encode_feed_cursor(gap.places, self.view.only)
                    raise CommitsMissing(gap.document, cursor) from gap
                places = gap.places  # the oldest that is known begins behind it
                continue
            if page.commits or not page.has_all:
                break
            if page.places != places:  # nothing of it is visible, but there may be more
                places = page.places
                continue
            while (left := until - self.clock()) > 0:
                self.sleep(min(POLL_SECONDS, left))
                state = self._read_state(whole)
                if state != seen:
                    seen = state
                    break
            else:
                break
        return FeedPage(page.commits, encode_feed_cursor(page.places, self.view.only))

    def _read_state(self, deadline: Deadline) -> tuple[object, ...]:
        """Return what changes with each commit. One 304 a document costs no parsing."""
        products = self.registry.products.read_latest(deadline)
        lineage = self.registry.lineage.read_latest(deadline)
        return tuple((each.revision, each.recent[-1:]) for each in (products, lineage))

    def _find_start(self, after: str, deadline: Deadline) -> FeedPlaces:
        products, lineage = self.logs.products, self.logs.lineage
        if after == OLDEST:
            return FeedPlaces(products.find_oldest(deadline), lineage.find_oldest(deadline))
        if after == NOW:
            return FeedPlaces(products.find_newest(deadline), lineage.find_newest(deadline))
        return decode_feed_cursor(after, self.view.only)

    def _read_once(self, places: FeedPlaces, limit: int, whole: Deadline) -> _Progress:
        """Return a page, as far as bytes and time go.

        What keeps it from going on is raised if it has come nowhere, and else by the next request.
        """
        deadline = whole.limit_attempts(READ_SECONDS)
        page = _Progress(places)
        try:
            page.has_all = self._fill_page(page, limit, deadline)
        except (_Gap, StorageUnavailable):
            if page.places == places:
                raise
        return page

    def _fill_page(self, page: _Progress, limit: int, deadline: Deadline) -> bool:
        """Add commits to a page; tell whether these are all that there are."""
        start = page.places
        for commit in self._iterate_merged(page, deadline):
            # A page that has come nowhere would be asked for again without end.
            is_late = deadline.remaining_seconds <= 0 and page.places != start
            if len(page.commits) == limit or is_late:
                return False
            try:
                item = self._build_item(commit, deadline)
            except VersionExpired as error:  # who may see it can no longer be told
                raise _Gap(commit.document, _move(page.places, commit)) from error
            if item is not None:
                page.size += measure_json(item) + 1
                if page.size > MAX_PAGE_BYTES and page.commits:
                    return False
                page.commits.append(item)
            page.places = _move(page.places, commit)
        return not page.is_partial

    def _build_item(self, commit: _Commit, deadline: Deadline) -> bytes | None:
        # What begins in time may need calls to storage behind that.
        until = max(deadline.attempts_until, self.clock()) + ITEM_SECONDS
        reading = replace(deadline, attempts_until=until)
        if isinstance(commit.after, ProductsFile):
            return build_products_item(commit, self.view, reading)
        return build_lineage_item(commit, self.view, reading)

    def _iterate_merged(self, page: _Progress, deadline: Deadline) -> Iterator[_Commit]:
        """Yield the commits of both documents, the older first. Raises _Gap."""
        start = page.places
        logs: list[Iterator[_Commit]] = [
            self.logs.products.iterate_commits(start.products, deadline),
            self.logs.lineage.iterate_commits(start.lineage, deadline),
        ]
        heads = [self._read_next(0, logs[0], page), None]
        try:
            heads[1] = self._read_next(1, logs[1], page)
        except StorageUnavailable:
            if heads[0] is None:
                raise
            page.is_partial = True  # the time did not suffice for both: one goes on
        while waiting := [
            (head.version.at, number, head) for number, head in enumerate(heads) if head
        ]:
            _, number, head = min(waiting, key=lambda each: each[:2])
            yield head
            heads[number] = self._read_next(number, logs[number], page)

    def _read_next(self, number: int, log: Iterator[_Commit], page: _Progress) -> "_Commit | None":
        try:
            return next(log, None)
        except LogGap as gap:
            name = ("products", "lineage")[number]
            raise _Gap(f"{name}.json", replace(page.places, **{name: gap.place})) from gap


class _Gap(Exception):
    """Commits of a document are missing."""

    def __init__(self, document: str, places: FeedPlaces) -> None:
        super().__init__(document)
        self.document = document
        self.places = places


def _move(places: FeedPlaces, commit: _Commit) -> FeedPlaces:
    """Return the places behind a commit."""
    name = "products" if isinstance(commit.after, ProductsFile) else "lineage"
    place: LogPlace = commit.version.place
    return replace(places, **{name: place})
