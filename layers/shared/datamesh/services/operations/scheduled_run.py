"""What the schedule does: clear garbage away, keep the day's figures and a copy of the files."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from datamesh.errors import SnapshotNotFound
from datamesh.models.snapshot import Snapshot, Usage
from datamesh.services.analytics import snapshot_builder
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.lineage import registration
from datamesh.services.operations.backups import Backups
from datamesh.services.registry.registry import Registry

COUNTED = time(hour=1)
"""Of a day: yesterday's metrics are complete by then."""


def run(
    registry: Registry,
    snapshots: Snapshots,
    backups: Backups,
    usage: Callable[[date], Usage | None],
    due: datetime,
    stale_days: int,
) -> Snapshot:
    """Each part may be repeated: a run that is delivered twice changes nothing the second time.

    Raises what storage raises; what was done until then stays done.
    """
    pruned = registration.prune_lineage(registry)
    used = _kept_usage(snapshots, due.date()) or usage(due.date() - timedelta(days=1))
    snapshot = snapshot_builder.taken(
        registry, due, stale_days=stale_days, pruned=pruned, usage=used
    )
    snapshots.keep(snapshot)
    backups.make(registry, due.date())
    return snapshot


def _kept_usage(snapshots: Snapshots, day: date) -> Usage | None:
    """That of the day before, once CloudWatch has had the time to count all of it: asking costs."""
    try:
        earlier = snapshots.of(day)
    except SnapshotNotFound:
        return None
    return earlier.usage if earlier.at.time() >= COUNTED else None
