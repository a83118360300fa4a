"""Marquez' events: those that were kept, by their time.

The log keeps events by day, and within a day under their digests. So a page reads the days that it
is of, and no other: what they hold is put in order by the time that each event tells.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from datamesh.models.answer_size import take_page
from datamesh.models.credentials import can_hold_credentials, cut_all_credentials
from datamesh.models.json_codec import decode_lenient, encode_canonical
from datamesh.models.openlineage import EventTime
from datamesh.services.context import RequestContext
from datamesh.services.marquez.restricted_metrics import HiddenColumns, cut_metrics
from datamesh.services.registry.hidden_names import (
    NOTHING_HIDDEN,
    HiddenNames,
    has_hidden_name,
)
from datamesh.storage.event_log import EventLog

MAX_LISTINGS = 10
"""How many pages of 1,000 names are listed for an answer."""
MAX_READ = 1000
"""How many events are read for an answer."""
MAX_READ_BYTES = 32_000_000
"""How many bytes of events are read for an answer."""
CHUNK = 32
RESERVED_SECONDS = 2.0
"""The time of a request that must be left for more events to be read."""
EVENT_TIME: TypeAdapter[datetime] = TypeAdapter(EventTime)
type Direction = Literal["asc", "desc"]


class KeptText(NamedTuple):
    """An event as it was kept."""

    at: datetime
    name: str
    kind: str
    """The type of the event in upper case; empty if it has none."""
    namespace: str
    """The namespace of its job; empty if it is of none."""
    body: bytes


class EventPage(NamedTuple):
    """A page of events, as far as they fit into an answer."""

    items: Sequence[bytes]
    total: int
    is_cut: bool
    """True if there are more than were counted, or that would fit."""


class EventReader:
    """Reads kept events between two moments, within the bounds of one request."""

    def __init__(self, context: RequestContext, log: EventLog) -> None:
        self._deadline = context.deadline
        self._log = log
        self._events_left = MAX_READ
        self._bytes_left = MAX_READ_BYTES
        self.is_cut = False

    def list_names(self, after: date, before: date) -> list[str]:
        """Return the names of the events of some days, oldest first, both days included."""
        names: list[str] = []
        end = (before + timedelta(days=1)).isoformat() if before < date.max else "A"
        pages = self._log.iterate_pages(self._deadline, after.isoformat())
        for count, page in enumerate(pages, 1):
            names += [name for name in page if name < end]
            if page[-1] >= end:
                return names
            if count == MAX_LISTINGS:
                self.is_cut = True
                return names
        return names

    def list_latest(self, after: date, before: date, wanted: int) -> tuple[list[str], int]:
        """Return the names of the latest days that have `wanted` events, and how many there are.

        Of more events than can be listed, only so many are counted.
        """
        names = self.list_names(after, before)
        total = len(names)
        if not self.is_cut:
            return names, total
        days = 1
        latest: list[str] = []
        while True:
            start = max(after, before - timedelta(days=min(days, before.toordinal()) - 1))
            self.is_cut = False
            found = self.list_names(start, before)
            if self.is_cut and latest:
                break
            latest = found
            if self.is_cut or len(found) >= wanted or start == after:
                break
            days *= 2
        self.is_cut = True
        return latest, total

    def read_days(self, names: Sequence[str], *, newest_first: bool) -> Iterator[KeptText]:
        """Yield events day by day, those of a day by their time."""
        days = [list(found) for _, found in groupby(names, lambda name: name.partition("/")[0])]
        for day in reversed(days) if newest_first else days:
            events = sorted(self._read(day), key=lambda each: each[:2], reverse=newest_first)
            yield from events

    def _read(self, names: Sequence[str]) -> Iterator[KeptText]:
        start = 0
        while start < len(names):
            if self._is_spent():
                self.is_cut = True
                return
            chunk = names[start : start + min(CHUNK, self._events_left)]
            for name, body in zip(chunk, self._log.read_all(chunk, self._deadline), strict=True):
                self._events_left -= 1
                self._bytes_left -= len(body)
                yield read_text(name, body)
            start += len(chunk)

    def _is_spent(self) -> bool:
        return (
            self._events_left <= 0
            or self._bytes_left <= 0
            or self._deadline.remaining_seconds < RESERVED_SECONDS
        )


def read_text(name: str, body: bytes) -> KeptText:
    """Return an event with its time, type and the namespace of its job.

    The time is that of its day's beginning if the event has one that only its reader understands.
    Credentials are cut: earlier versions kept them.
    """
    kept = decode_lenient(body)
    event = cut_all_credentials(kept) if can_hold_credentials(body) else kept
    fields = event if isinstance(event, dict) else {}
    job = fields.get("job")
    namespace, kind = job.get("namespace") if isinstance(job, dict) else "", fields.get("eventType")
    return KeptText(
        at=_read_time(fields.get("eventTime"), name),
        name=name,
        kind=kind.upper() if isinstance(kind, str) else "",
        namespace=namespace if isinstance(namespace, str) else "",
        body=body if event is kept else encode_canonical(event),
    )


def _read_time(value: object, name: str) -> datetime:
    try:
        return EVENT_TIME.validate_python(value)
    except ValidationError:
        return datetime.fromisoformat(f"{name.partition('/')[0]}T00:00:00Z")


def list_events(
    context: RequestContext,
    log: EventLog,
    *,
    after: datetime,
    before: datetime,
    namespace: str | None,
    direction: Direction,
    limit: int,
    offset: int,
    hidden: HiddenNames = NOTHING_HIDDEN,
    columns: HiddenColumns | None = None,
) -> EventPage:
    """Return the events between two moments, the newest first or the oldest.

    With a namespace, those of its jobs alone; of events that name a hidden dataset or job none, and
    of those that are read none is counted. Metrics of hidden `columns` are left out. Raises
    StorageUnavailable.
    """
    reader = EventReader(context, log)
    newest_first = direction == "desc"
    days = (after.date(), before.date())
    if newest_first:
        names, total = reader.list_latest(*days, offset + limit)
    else:
        names = reader.list_names(*days)
        total = len(names)
    left, skipped = names, 0
    if namespace is None and hidden.is_empty:
        left, skipped = _skip_days(names, days, offset, newest_first=newest_first)
    found: list[bytes] = []
    outside = 0
    for event in reader.read_days(left, newest_first=newest_first):
        if (
            not after <= event.at < before
            or namespace not in (None, event.namespace)
            or is_hidden(event, hidden)
        ):
            outside += 1
            continue
        if skipped < offset:
            skipped += 1
        elif len(found) < limit:
            found.append(cut_metrics(event.body, columns) if columns else event.body)
        # What is hidden is not counted either, so that the rest is looked at as well.
        if len(found) == limit and hidden.is_empty:
            break
    items = take_page(found)
    return EventPage(items, max(total - outside, 0), reader.is_cut or len(items) < len(found))


def is_hidden(event: KeptText, hidden: HiddenNames) -> bool:
    """Return whether an event names a dataset that is hidden, or a job.

    Many events of a job, such as its START, name no dataset.
    """
    return not hidden.is_empty and has_hidden_name(decode_lenient(event.body), hidden)


def _skip_days(
    names: list[str],
    days: tuple[date, date],
    offset: int,
    *,
    newest_first: bool,
) -> tuple[list[str], int]:
    """Return the names without those of whole days before the offset, and how many these are.

    A day of which an event may lie outside is not skipped.
    """
    edges = {each.isoformat() for each in days}
    by_day = [list(found) for _, found in groupby(names, lambda name: name.partition("/")[0])]
    ordered = by_day[::-1] if newest_first else by_day
    skipped = 0
    while ordered and ordered[0][0].partition("/")[0] not in edges:
        if skipped + len(ordered[0]) > offset:
            break
        skipped += len(ordered.pop(0))
    kept = [name for day in (ordered[::-1] if newest_first else ordered) for name in day]
    return kept, skipped
