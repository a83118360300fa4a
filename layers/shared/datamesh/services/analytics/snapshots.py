"""The stored daily snapshots: `analytics/<date>.json` for each day, and `analytics/latest.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from datamesh.errors.requests import InvalidQuery
from datamesh.errors.storage import SnapshotNotFound
from datamesh.models.json_codec import decode_model, encode_model
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
"""The most days of a trend."""

type DayMetrics = tuple[date, Mapping[Metric, float | None]]
"""A day, and the value of each metric in its snapshot; None where it has no such number."""


@dataclass(frozen=True)
class Snapshots:
    """The folder of daily snapshots."""

    open_object: OpenObject
    journal: Journal
    """The listing of the folder."""
    backoff: Backoff
    finished_days: dict[str, DayMetrics] = field(default_factory=dict)
    """Name of a snapshot that no run changes any more -> its metrics, once they were read."""

    def store_snapshot(self, context: RequestContext, snapshot: Snapshot) -> None:
        """Store the snapshot of a run, as that of its day and as the latest.

        A run that is delivered twice, or late, changes nothing: a snapshot of the same or of a
        later run stays. Raises StorageUnavailable.
        """
        stored = self._store_newest(context, snapshot.date.isoformat(), snapshot)
        self._store_newest(context, LATEST, stored)

    def find_snapshot(self, context: RequestContext, day: date | None) -> Snapshot:
        """Return the snapshot of a day, or the latest if `day` is None.

        Raises SnapshotNotFound, StorageUnavailable.
        """
        name = day.isoformat() if day else LATEST
        stored = self._open_object(name)
        found = self.backoff.read_until_reached(stored.name, stored.get, context.deadline)
        if not isinstance(found, StoredObject):
            raise SnapshotNotFound(day)
        return decode_model(Snapshot, found.body)

    def find_trend(
        self, context: RequestContext, metric: Metric, since: date, until: date
    ) -> Trend:
        """Return a metric's value of each day that has a snapshot, both ends included.

        Raises InvalidQuery if `since` is after `until` or the range exceeds MAX_DAYS, and
        StorageUnavailable.
        """
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
        found = self._read_metrics(context, names)
        points = [TrendPoint(date=day, value=values[metric]) for day, values in found]
        return Trend(metric=metric, points=points)

    def _read_metrics(self, context: RequestContext, names: Sequence[str]) -> list[DayMetrics]:
        """Return the metrics of days in the order of their snapshots' names.

        A day that two later ones follow is over, and is read once: a year at each request would
        cost whoever pays for it 366 GETs. Raises StorageUnavailable.
        """
        missing = [name for name in names if name not in self.finished_days]
        bodies = self.journal.read_all(missing, context.deadline)
        snapshots = (decode_model(Snapshot, body) for body in bodies)
        found = dict(zip(missing, map(_extract_metrics, snapshots), strict=True))
        over = {*names[:-2]}
        self.finished_days.update((name, each) for name, each in found.items() if name in over)
        return [found.get(name) or self.finished_days[name] for name in names]

    def _open_object(self, name: str) -> ConditionalObject:
        return self.open_object(f"{FOLDER}{name}.json")

    def _store_newest(self, context: RequestContext, name: str, snapshot: Snapshot) -> Snapshot:
        """Store a snapshot unless a newer one is there; return the one that is there in the end."""
        stored = self._open_object(name)
        reason = OUT_OF_TIME
        for _ in self.backoff.iterate_attempts(context.deadline):
            found = self.backoff.read_until_reached(stored.name, stored.get, context.deadline)
            successor, etag = snapshot, None
            if isinstance(found, StoredObject):
                there = decode_model(Snapshot, found.body)
                if there.at >= snapshot.at:
                    return there
                successor = snapshot.add_earlier_run(there) if name != LATEST else snapshot
                etag = found.etag
            try:
                stored.put(encode_model(successor), etag)
            except (LostRace, InDoubt, Unreachable) as error:
                reason = Unreachable(repr(error))  # the next look tells what is there
            else:
                return successor
        raise describe_unreachable(stored.name, reason)


def _extract_metrics(snapshot: Snapshot) -> DayMetrics:
    return snapshot.date, {metric: _get_metric_value(snapshot, metric) for metric in Metric}


def _get_metric_value(snapshot: Snapshot, metric: Metric) -> float | None:
    """Return the value of a metric; None if the snapshot does not have it."""
    part: object = snapshot
    for name in metric.attributes:
        part = getattr(part, name, None)
    return part if isinstance(part, int | float) else None
