"""From settings to services: the one place that knows which storage stands behind which service."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from datamesh.aws.observability import Observer
from datamesh.models.ports import S3_SCHEME
from datamesh.services.analytics import snapshots
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.audit.trail import FOLDER as AUDIT_FOLDER
from datamesh.services.audit.trail import Trail
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.operations.backups import Backups
from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.past import Past
from datamesh.settings import Settings
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Committed, Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.journal import Journal
from datamesh.storage.objects import ConditionalObject, OpenObject
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.folders import S3Folder
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.versions import S3Versions

if TYPE_CHECKING:
    from datamesh.services.openlineage.ingest import Intake


@dataclass(frozen=True)
class Resources:
    """What a function works on; its tests put others in their place."""

    registry: Registry
    data: DataAccess
    past: Callable[[datetime], Registry]
    """A moment -> the registry as it was then; raises VersionExpired."""
    key_record: OpenObject
    """Digest of an idempotency key -> the object that remembers it."""
    trail: Trail
    audit: Journal
    """The records that the trail has stored."""
    snapshots: Snapshots
    backups: Backups
    intake: Callable[[], "Intake"]
    """Where OpenLineage events go."""


def connect(settings: Settings, observer: Observer, deadline: Deadline) -> Resources:
    """The registry and the domain data in the bucket that the settings name."""
    client = create_client()
    bucket = settings.catalog_bucket
    backoff = Backoff(deadline)

    def open_object(key: str) -> ConditionalObject:
        return S3Object(client, bucket, key)

    trail = Trail(open_object, backoff)

    def committed(done: Committed[Any]) -> None:
        observer.committed(done)
        trail.committed(done)

    def document[F: (ProductsFile, LineageFile)](key: str, kind: type[F]) -> Document[F]:
        return Document(
            S3Object(client, bucket, key),
            kind,
            backoff,
            cache_seconds=settings.cache_seconds,
            before_commit=trail.begin,
            on_commit=committed,
        )

    def folder(location: str) -> S3Folder:
        other, _, prefix = location.removeprefix(S3_SCHEME).partition("/")
        if location.startswith(S3_SCHEME):
            return S3Folder(client, other, prefix, backoff)
        return S3Folder(client, bucket, location, backoff)

    def history[F: (ProductsFile, LineageFile)](key: str, kind: type[F]) -> History[F]:
        return History(S3Versions(client, bucket, key), kind, backoff)

    registry = Registry(
        products=document("products.json", ProductsFile),
        lineage=document("lineage.json", LineageFile),
        max_products=settings.max_products,
        max_lineage_entries=settings.max_lineage_entries,
        data_prefixes=settings.data_prefixes,
    )
    past = Past(
        registry,
        products=history("products.json", ProductsFile),
        lineage=history("lineage.json", LineageFile),
    )

    @cache
    def intake() -> "Intake":
        # Not imported where no events come in: every other cold start would pay for it.
        from datamesh.http.intake import opened

        return opened(settings, client, backoff)

    return Resources(
        registry=registry,
        past=past.at,
        data=DataAccess(folder, settings.max_scan_bytes),
        key_record=lambda digest: S3Object(client, bucket, f"idempotency/{digest}.json"),
        trail=trail,
        audit=S3Journal(client, bucket, AUDIT_FOLDER, backoff),
        snapshots=Snapshots(
            open_object, S3Journal(client, bucket, snapshots.FOLDER, backoff), backoff
        ),
        backups=Backups(open_object, backoff),
        intake=intake,
    )
