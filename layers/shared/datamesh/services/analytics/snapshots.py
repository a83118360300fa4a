"""The snapshots that are kept of each day, and how a figure went on from day to day.

`analytics/<date>.json`, one for each day, and `analytics/latest.json`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from datamesh.errors import InvalidQuery, SnapshotNotFound
from datamesh.models.snapshot import Metric, Snapshot, Trend, TrendPoint
from datamesh.services.context import RequestContext
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, describe_unreachable
from datamesh.storage.journal import Journal
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    OpenObject,
    StoredObject,
    Unreachable,
)

FOLDER = "analytics/"
LATEST = "latest"
MAX_DAYS = 366


@dataclass(frozen=True)
class Snapshots:
    open_object: OpenObject
    journal: Journal
    """Of the folder."""
    backoff: Backoff

    def keep(self, context: RequestContext, snapshot: Snapshot) -> None:
        """Store it, unless that of the same or of a later run is there: a run that is delivered
        twice, or late, changes nothing. Raises StorageUnavailable."""
        kept = self._keep(context, snapshot.date.isoformat(), snapshot)
        self._keep(context, LATEST, kept)

    def find_snapshot(self, context: RequestContext, day: date | None) -> Snapshot:
        """That of a day, or the latest. Raises SnapshotNotFound, StorageUnavailable."""
        name = day.isoformat() if day else LATEST
        stored = self._opened(name)
        found = self.backoff.read_until_reached(stored.name, stored.get, context.deadline)
        if not isinstance(found, StoredObject):
            raise SnapshotNotFound(day)
        return Snapshot.model_validate_json(found.body)

    def find_trend(
        self, context: RequestContext, metric: Metric, since: date, until: date
    ) -> Trend:
        """Both days included. Raises InvalidQuery beyond MAX_DAYS, StorageUnavailable."""
        if since > until:
            raise InvalidQuery(f"since {since} is after until {until}")
        if until - since >= timedelta(days=MAX_DAYS):
            raise InvalidQuery(f"since and until are more than {MAX_DAYS} days apart")
        first, last = f"{since}.json", f"{until}.json"
        names = [
            name
            for name in self.journal.list_names(f"{since}", context.deadline)
            if first <= name <= last
        ]
        found = map(Snapshot.model_validate_json, self.journal.read_all(names, context.deadline))
        points = [TrendPoint(date=each.date, value=_figure(each, metric)) for each in found]
        return Trend(metric=metric, points=points)

    def _opened(self, name: str) -> ConditionalObject:
        return self.open_object(f"{FOLDER}{name}.json")

    def _keep(self, context: RequestContext, name: str, snapshot: Snapshot) -> Snapshot:
        """What is there in the end."""
        stored = self._opened(name)
        reason = OUT_OF_TIME
        for _ in self.backoff.iterate_attempts(context.deadline):
            found = self.backoff.read_until_reached(stored.name, stored.get, context.deadline)
            next_one, etag = snapshot, None
            if isinstance(found, StoredObject):
                there = Snapshot.model_validate_json(found.body)
                if there.at >= snapshot.at:
                    return there
                next_one = snapshot.add_earlier_run(there) if name != LATEST else snapshot
                etag = found.etag
            try:
                stored.put(next_one.model_dump_json(by_alias=True).encode(), etag)
            except (LostRace, InDoubt, Unreachable) as error:
                reason = Unreachable(repr(error))  # the next look tells what is there
            else:
                return next_one
        raise describe_unreachable(stored.name, reason)


def _figure(snapshot: Snapshot, metric: Metric) -> float | None:
    """What the metric's path leads to; None if part of it is not there."""
    part: object = snapshot
    for name in metric.attributes:
        part = getattr(part, name, None)
    return part if isinstance(part, int | float) else None
