"""Marquez' statistics: events by hour or day, and how many jobs, datasets and sources exist."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from datamesh.errors.requests import RefusedParameters
from datamesh.models.marquez_events import CountBucket, EventBucket
from datamesh.services.context import RequestContext
from datamesh.services.marquez.events import EventReader, is_hidden
from datamesh.services.marquez.index import open_index
from datamesh.services.registry.hidden_names import NOTHING_HIDDEN, HiddenNames
from datamesh.services.registry.registry import Registry
from datamesh.storage.event_log import EventLog

type Period = Literal["DAY", "WEEK"]
type Counted = Literal["jobs", "datasets", "sources"]
KINDS = {"START": "start", "COMPLETE": "complete", "FAIL": "fail", "ABORT": "abort"}
"""Type of an event -> the field of a bucket that counts it; the others are not counted."""


class Interval(NamedTuple):
    """An hour or a day of a statistic."""

    start: datetime
    end: datetime


def build_intervals(now: datetime, period: Period, timezone: str) -> list[Interval]:
    """Return the last 24 hours, or the last 7 days of a time zone, the present one last.

    Raises RefusedParameters if there is no such time zone.
    """
    local = now.astimezone(load_timezone(timezone))
    if period == "DAY":
        first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
        starts = [first + timedelta(hours=count) for count in range(25)]
    else:
        today = local.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [today + timedelta(days=count - 6) for count in range(8)]
    moments = [each.astimezone(now.tzinfo) for each in starts]
    return [Interval(start, end) for start, end in pairwise(moments)]


def load_timezone(name: str) -> tzinfo:
    """Return a time zone by its name; UTC where no time zones are installed.

    Raises RefusedParameters.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if not available_timezones():
            return UTC
        problem = "must be the name of a time zone, such as UTC or Europe/Berlin"
        raise RefusedParameters({"timezone": problem}) from None


def count_events(
    context: RequestContext,
    log: EventLog,
    now: datetime,
    period: Period,
    timezone: str,
    hidden: HiddenNames = NOTHING_HIDDEN,
) -> tuple[list[EventBucket], bool]:
    """Return how many events each interval has, and whether there are more than were read.

    Those that name a hidden dataset or job are not counted.
    """
    intervals = build_intervals(now, period, timezone)
    begin, end = intervals[0].start, intervals[-1].end
    reader = EventReader(context, log)
    counts = [dict.fromkeys(KINDS.values(), 0) for _ in intervals]
    ends = [each.end for each in intervals]
    names = reader.list_names(begin.date(), end.date())
    for event in reader.read_days(names, newest_first=True):
        field = KINDS.get(event.kind)
        if field and begin <= event.at < end and not is_hidden(event, hidden):
            counts[bisect_left(ends, event.at + timedelta(microseconds=1))][field] += 1
    buckets = [
        EventBucket(start_interval=each.start, end_interval=each.end, **found)
        for each, found in zip(intervals, counts, strict=True)
    ]
    return buckets, reader.is_cut


def count_registered(
    context: RequestContext, registry: Registry, counted: Counted, period: Period, timezone: str
) -> list[CountBucket]:
    """Return how many of today's jobs, datasets or sources were there at each interval's end."""
    index = open_index(context, registry)
    times: Iterable[datetime]
    match counted:
        case "jobs":
            times = (job.created_at for job in index.jobs.values())
        case "datasets":
            times = (dataset.created_at for dataset in index.datasets.values())
        case "sources":
            times = (
                min(each.created_at for each in found)
                for found in index.datasets_of_namespaces.values()
            )
    ordered = sorted(times)
    intervals = build_intervals(registry.now(), period, timezone)
    return [
        CountBucket(start_interval=start, end_interval=end, count=bisect_left(ordered, end))
        for start, end in intervals
    ]
