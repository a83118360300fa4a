"""The scheduled run: prune garbage, store a snapshot, copy the files.

The same run archives what was replaced, which is storage's own matter (`storage.archive`).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from datamesh.errors.storage import SnapshotNotFound
from datamesh.models.snapshot import Snapshot, Usage
from datamesh.services.analytics import snapshot_builder
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.context import RequestContext
from datamesh.services.lineage import registration
from datamesh.services.operations.backups import Backups
from datamesh.services.registry.registry import Registry

USAGE_COMPLETE = time(hour=1)
"""The time of day from which yesterday's CloudWatch metrics are complete."""


def run_schedule(
    context: RequestContext,
    registry: Registry,
    shown: Registry,
    snapshots: Snapshots,
    backups: Backups,
    usage: Callable[[date], Usage | None],
    due: datetime,
    stale_days: int,
) -> Snapshot:
    """Do all parts of the run, and return the snapshot, which counts what `shown` shows.

    A run that is delivered twice changes nothing the second time. Raises what storage raises; what
    was done until then stays done.
    """
    pruned = registration.prune_lineage(context, registry)
    used = _find_kept_usage(context, snapshots, due.date()) or usage(due.date() - timedelta(days=1))
    snapshot = snapshot_builder.build_snapshot(
        context, shown, due, stale_days=stale_days, pruned=pruned, usage=used
    )
    snapshots.store_snapshot(context, snapshot)
    backups.copy_registry(context, registry, due.date())
    return snapshot


def _find_kept_usage(context: RequestContext, snapshots: Snapshots, day: date) -> Usage | None:
    """Return yesterday's usage if an earlier run of `day` has stored it complete.

    A request to CloudWatch costs money.
    """
    try:
        earlier = snapshots.find_snapshot(context, day)
    except SnapshotNotFound:
        return None
    return earlier.usage if earlier.at.time() >= USAGE_COMPLETE else None
