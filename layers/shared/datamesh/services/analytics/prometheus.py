"""Metrics of the registry in the Prometheus text format ("Exposition formats" in its docs)."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

from datamesh import __version__
from datamesh.errors.storage import SnapshotNotFound
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.context import RequestContext
from datamesh.services.lineage import queries
from datamesh.services.registry.registry import Registry
from datamesh.storage.registry_file import RegistryFile

if TYPE_CHECKING:
    from datamesh.services.openlineage.queue import QueueDepth

# Counters are made anew for each scrape, so that their creation time would be that of the scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]

type Requests = Mapping[tuple[str, int], int]
"""(route, status) -> the number of such answers of this instance of the function."""


def render_metrics(
    context: RequestContext,
    registry: Registry,
    snapshots: Snapshots,
    requests: Requests,
    events: "QueueDepth | None" = None,
) -> bytes:
    """Return all metrics as a scrape expects them. Raises StorageUnavailable."""
    metrics = CollectorRegistry(auto_describe=False)
    products = registry.products.read(context.deadline)
    entries = queries.list_visible_entries(context, registry)
    Gauge("datamesh_info", "The version that answers.", ["version"], registry=metrics).labels(
        __version__
    ).set(1)
    Gauge("datamesh_products", "Registered products.", registry=metrics).set(len(products.products))
    Gauge("datamesh_lineage_entries", "Visible lineage entries.", registry=metrics).set(
        len(entries)
    )
    _add_limits(metrics, registry)
    # To others they would tell of commits and products of which they see nothing.
    if context.permissions.is_admin:
        lineage = registry.lineage.read(context.deadline)
        files = {"products.json": products, "lineage.json": lineage}
        _add_documents(metrics, files)
    if latest := _find_latest_run(context, snapshots):
        Gauge(
            "datamesh_snapshot_age_seconds", "Since the latest scheduled run.", registry=metrics
        ).set((registry.now() - latest).total_seconds())
    if events:
        Gauge(
            "datamesh_events_waiting",
            "Events that are kept and not derived yet.",
            registry=metrics,
        ).set(events.waiting)
        Gauge(
            "datamesh_events_dead_letters",
            "Events that nothing could be derived from.",
            registry=metrics,
        ).set(events.dead)
    answered = Counter(
        "datamesh_requests",
        "Answered by this instance of the platform function, before this request.",
        ["route", "status"],
        registry=metrics,
    )
    for (route, status), count in requests.items():
        answered.labels(route, str(status)).inc(count)
    return generate_latest(metrics)


def _add_limits(metrics: CollectorRegistry, registry: Registry) -> None:
    for name, words, limit in (
        ("datamesh_products_limit", "Products that may be registered.", registry.max_products),
        (
            "datamesh_lineage_entries_limit",
            "Lineage entries that may be registered.",
            registry.max_lineage_entries,
        ),
    ):
        Gauge(name, words, registry=metrics).set(limit)
    most = Gauge(
        "datamesh_document_bytes_limit",
        "The most that the records of a file may take; above it writes are refused.",
        ["document"],
        registry=metrics,
    )
    for document in (registry.products, registry.lineage):
        if document.byte_limit:
            most.labels(document.name).set(document.byte_limit.most)


def _add_documents(metrics: CollectorRegistry, files: Mapping[str, RegistryFile]) -> None:
    revision = Gauge(
        "datamesh_revision", "Commits to a file of the registry.", ["document"], registry=metrics
    )
    size = Gauge(
        "datamesh_document_bytes",
        "JSON of the records of a file of the registry, before compression.",
        ["document"],
        registry=metrics,
    )
    for document, file in files.items():
        revision.labels(document).set(file.revision)
        size.labels(document).set(file.measure_records())


def _find_latest_run(context: RequestContext, snapshots: Snapshots) -> datetime | None:
    try:
        return snapshots.find_snapshot(context, None).at
    except SnapshotNotFound:
        return None
