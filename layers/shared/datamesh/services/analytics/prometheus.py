"""The registry's figures in Prometheus' text format (its documentation, "Exposition formats")."""

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

from datamesh import __version__
from datamesh.errors import SnapshotNotFound
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.lineage import visibility
from datamesh.services.registry.registry import Registry

# A counter is made for each scrape, and would tell that as the time of its beginning.
disable_created_metrics()  # type: ignore[no-untyped-call]

type Requests = Mapping[tuple[str, int], int]
"""(route, status) -> how many this instance of the function has answered so."""


def exposed(registry: Registry, snapshots: Snapshots, requests: Requests) -> bytes:
    """Raises StorageUnavailable."""
    found = CollectorRegistry(auto_describe=False)
    products = registry.products.read()
    entries = visibility.select_visible(registry.lineage.read(), products)
    Gauge("datamesh_info", "The version that answers.", ["version"], registry=found).labels(
        __version__
    ).set(1)
    Gauge("datamesh_products", "Registered products.", registry=found).set(len(products.products))
    Gauge("datamesh_lineage_entries", "Visible lineage entries.", registry=found).set(len(entries))
    revision = Gauge(
        "datamesh_revision", "Commits to a file of the registry.", ["document"], registry=found
    )
    revision.labels("products.json").set(products.revision)
    revision.labels("lineage.json").set(registry.lineage.read().revision)
    if taken := _latest(snapshots):
        Gauge(
            "datamesh_snapshot_age_seconds", "Since the latest scheduled run.", registry=found
        ).set((registry.now() - taken).total_seconds())
    answered = Counter(
        "datamesh_requests",
        "Answered by this instance of the platform function, before this request.",
        ["route", "status"],
        registry=found,
    )
    for (route, status), count in requests.items():
        answered.labels(route, str(status)).inc(count)
    return generate_latest(found)


def _latest(snapshots: Snapshots) -> datetime | None:
    try:
        return snapshots.of(None).at
    except SnapshotNotFound:
        return None
