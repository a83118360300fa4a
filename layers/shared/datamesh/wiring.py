"""The composition root: which storage stands behind which service, by the settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Self

from datamesh.aws.observability import Observer
from datamesh.models.access import Grant
from datamesh.models.audit import AuditRecord
from datamesh.models.ports import S3_SCHEME
from datamesh.models.values import utc_now
from datamesh.services.analytics import snapshots
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.audit.trail import AUDIT_FOLDER, AuditTrail
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.operations.backups import Backups
from datamesh.services.permissions import Permissions
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.views import DatasetKey, RegistryView, RegistryViews
from datamesh.services.time_travel.past import RegistryHistory
from datamesh.settings import Settings
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.job_files import (
    JOB_INDEX_KEY,
    JOBS_PREFIX,
    JobFile,
    JobIndexFile,
    ListedJobFile,
)
from datamesh.storage.journal import Journal
from datamesh.storage.objects import ConditionalObject, OpenObject
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.s3.client import S3Client, create_client
from datamesh.storage.s3.folders import S3Folder
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.versions import S3Versions
from datamesh.storage.secret_key import SecretKey
from datamesh.storage.version_index import StoredIndex
from datamesh.storage.write_probe import WriteProbe
from datamesh.tables.budget import ScanBudget

if TYPE_CHECKING:
    from datamesh.services.jobs.reading import JobStore
    from datamesh.services.openlineage.ingest import EventPipeline
    from datamesh.storage.access_file import AccessFile
    from datamesh.storage.declarations_file import DeclarationsFile


PRODUCTS_KEY, LINEAGE_KEY = "products.json", "lineage.json"

HISTORY_FOLDER = "history/"
"""Where the indexes of the versions of registry files are, under the names of those."""


@dataclass(frozen=True)
class Resources:
    """What a function works on, for all its requests; tests replace it."""

    registry: Registry
    data: DataAccess
    registry_at: Callable[[datetime], Registry]
    """A moment -> the registry as it was then, read only."""
    open_key_record: OpenObject
    """Digest of an idempotency key -> the object that holds its record."""
    open_trail: Callable[[AuditRecord], AuditTrail]
    """The record of a request that may write -> the trail that its commits are added to."""
    audit_journal: Journal
    """The records that audit trails have stored."""
    snapshots: Snapshots
    backups: Backups
    write_probe: WriteProbe
    """Tells whether storage can be written."""
    extend_version_indexes: Callable[[date, Deadline], None]
    """Indexes the versions of the registry's files of the days before the given one."""
    open_event_pipeline: Callable[[], "EventPipeline"]
    """Returns what OpenLineage events go through, the same at every call."""
    open_job_store: Callable[[], "JobStore"]
    """Returns where jobs, runs and events are read, the same at every call."""
    open_declarations: Callable[[], "Document[DeclarationsFile]"]
    """Returns where the declarations of people are kept, the same at every call."""
    open_access: Callable[[], "Document[AccessFile]"]
    """Returns who may do what, the same at every call."""
    access_at: Callable[[datetime, Deadline], "AccessFile"]
    """A moment -> who might do what then."""
    list_key_uses: Callable[[Deadline], Mapping[str, date]]
    """Returns key id -> the day of its last use."""
    views: RegistryViews = field(default_factory=RegistryViews)
    """Lives as long as the execution environment."""
    view: RegistryView | None = None
    """The view that the registry is; None if it is shown as it is."""

    def show_to(self, permissions: Permissions) -> Self:
        """Return what a caller may read of it."""
        view = self.views.open_view(self.registry, permissions)
        if view is None:
            return self
        return replace(
            self,
            view=view,
            registry=view.registry,
            registry_at=lambda moment: view.build_past(self.registry_at(moment)),
            open_job_store=lambda: replace(self.open_job_store(), show_history=view.show_history),
        )

    def find_hidden_datasets(self, deadline: Deadline) -> frozenset[DatasetKey]:
        """Return the datasets that the caller may not see. Raises StorageUnavailable."""
        return self.view.find_hidden_datasets(deadline) if self.view else frozenset()

    def load_grants(self, principal: str, deadline: Deadline) -> Sequence[Grant]:
        """Return the grants of a principal that storage has. Raises StorageUnavailable."""
        # Neither anonymous callers nor administrators need it: their cold starts are without it.
        from datamesh.services.access.grants import find_grants

        return find_grants(self.open_access().read(deadline), principal, utc_now())


@dataclass(frozen=True)
class _Bucket:
    """The bucket of the registry, and how it is called."""

    client: S3Client
    name: str
    backoff: Backoff

    def open_object(self, key: str) -> ConditionalObject:
        """Return the object at a key, whether it is there or not."""
        return S3Object(self.client, self.name, key)

    def open_folder(self, location: str, deadline: Deadline) -> S3Folder:
        """Return the files at a location: a prefix here, or `s3://<other bucket>/<prefix>`."""
        bucket, prefix = self.name, location
        if location.startswith(S3_SCHEME):
            bucket, _, prefix = location.removeprefix(S3_SCHEME).partition("/")
        return S3Folder(self.client, bucket, prefix, self.backoff, deadline)

    def open_journal(self, prefix: str) -> S3Journal:
        """Return the objects below a prefix, in the order of their names."""
        return S3Journal(self.client, self.name, prefix, self.backoff)

    def open_history[F: RegistryFile](self, key: str, kind: type[F]) -> History[F]:
        """Return the past of a registry file."""
        index = self.open_version_index(key)
        return History(S3Versions(self.client, self.name, key), kind, self.backoff, index)

    def open_version_index(self, key: str) -> StoredIndex:
        """Return the index of the versions of an object."""
        return StoredIndex(self.open_object(HISTORY_FOLDER + key), self.backoff)

    def extend_version_indexes(self, today: date, deadline: Deadline) -> None:
        """Extend the indexes of both registry files."""
        # Not imported where nothing is indexed: every other cold start would pay for it.
        from datamesh.storage.version_indexer import VersionIndexer

        for key in (PRODUCTS_KEY, LINEAGE_KEY):
            versions = S3Versions(self.client, self.name, key)
            index = self.open_version_index(key)
            VersionIndexer(versions, index, self.backoff).extend_index(today, deadline)


def create_resources(settings: Settings, observer: Observer) -> Resources:
    """Return the registry and the domain data in the bucket that the settings name.

    Nothing is called yet. `observer` counts the commits to the registry's two documents.
    """
    bucket = _Bucket(create_client(), settings.catalog_bucket, Backoff())
    registry = _open_registry(settings, observer, bucket)
    past = RegistryHistory(
        registry,
        products=bucket.open_history(PRODUCTS_KEY, ProductsFile),
        lineage=bucket.open_history(LINEAGE_KEY, LineageFile),
    )
    return Resources(
        registry=registry,
        registry_at=past.registry_at,
        data=_open_data(settings, bucket),
        open_key_record=lambda digest: bucket.open_object(f"idempotency/{digest}.json"),
        open_trail=lambda record: AuditTrail(record, bucket.open_object, bucket.backoff),
        audit_journal=bucket.open_journal(AUDIT_FOLDER),
        snapshots=Snapshots(
            bucket.open_object, bucket.open_journal(snapshots.FOLDER), bucket.backoff
        ),
        backups=Backups(bucket.open_object, bucket.backoff),
        write_probe=WriteProbe(
            bucket.open_object("health/written_at.json"),
            bucket.backoff,
            settings.health_probe_seconds,
        ),
        extend_version_indexes=bucket.extend_version_indexes,
        open_event_pipeline=cache(lambda: _open_event_pipeline(settings, bucket)),
        open_job_store=cache(lambda: _open_job_store(bucket)),
        open_declarations=cache(lambda: _open_declarations(settings, bucket)),
        open_access=cache(lambda: _open_access(settings, bucket)),
        access_at=lambda moment, deadline: _read_past_access(bucket, moment, deadline),
        list_key_uses=lambda deadline: _list_key_uses(bucket, deadline),
    )


def create_byte_limits(settings: Settings) -> tuple[ByteLimit, ByteLimit]:
    """Return how many bytes products.json and lineage.json may take."""
    return (
        ByteLimit("MAX_PRODUCTS_BYTES", settings.max_products_bytes),
        ByteLimit("MAX_LINEAGE_BYTES", settings.max_lineage_bytes),
    )


def _open_data(settings: Settings, bucket: _Bucket) -> DataAccess:
    principal = ScanBudget(settings.max_scan_bytes)
    anonymous = ScanBudget(
        min(settings.anonymous_scan_bytes, settings.max_scan_bytes),
        settings.anonymous_scan_files,
        settings.anonymous_scan_seconds,
        settings="ANONYMOUS_SCAN",
        caller="a query without a principal",
    )
    cursor_key = SecretKey(bucket.open_object("cursors/key"), bucket.backoff)
    return DataAccess(
        bucket.open_folder, principal, anonymous, cursor_key, settings.download_link_seconds
    )


def _open_registry(settings: Settings, observer: Observer, bucket: _Bucket) -> Registry:
    def open_document[F: (ProductsFile, LineageFile)](
        key: str, kind: type[F], byte_limit: ByteLimit
    ) -> Document[F]:
        return Document(
            bucket.open_object(key),
            kind,
            bucket.backoff,
            byte_limit=byte_limit,
            cache_seconds=settings.cache_seconds,
            on_commit=observer.count_commit,
        )

    products_limit, lineage_limit = create_byte_limits(settings)
    return Registry(
        products=open_document(PRODUCTS_KEY, ProductsFile, products_limit),
        lineage=open_document(LINEAGE_KEY, LineageFile, lineage_limit),
        jobs=Document(
            bucket.open_object(JOB_INDEX_KEY),
            JobIndexFile,
            bucket.backoff,
            cache_seconds=settings.cache_seconds,
        ),
        max_products=settings.max_products,
        max_lineage_entries=settings.max_lineage_entries,
        data_locations=settings.data_locations,
        missing_products_domain=(
            settings.missing_products_domain if settings.missing_products == "register" else None
        ),
    )


def _open_event_pipeline(settings: Settings, bucket: _Bucket) -> "EventPipeline":
    # Not imported where no events come in: every other cold start would pay for it.
    from datamesh.models.lineage import Evidence
    from datamesh.services.jobs.records import RUNS_PREFIX
    from datamesh.services.openlineage.files import (
        LIVES_PREFIX,
        REBUILD_KEY,
        LifeFile,
        RebuildFile,
        RunFile,
    )
    from datamesh.services.openlineage.ingest import EventPipeline
    from datamesh.services.openlineage.product_domain import EventPolicy
    from datamesh.storage.event_log import EVENTS_PREFIX, EventLog

    def open_document[F: (RunFile, RebuildFile, JobFile, LifeFile)](
        key: str, kind: type[F]
    ) -> Document[F]:
        """Return a document whose commits nobody counts: no two writers meet at one for long."""
        return Document(bucket.open_object(key), kind, bucket.backoff)

    lineage, columns, datasets = settings.openlineage_confidence
    return EventPipeline(
        log=EventLog(
            lambda name: bucket.open_object(EVENTS_PREFIX + name),
            bucket.open_journal(EVENTS_PREFIX),
            bucket.backoff,
        ),
        open_run=lambda path: open_document(f"{RUNS_PREFIX}{path}.json", RunFile),
        open_job=lambda digest: open_document(f"{JOBS_PREFIX}{digest}.json", JobFile),
        open_life=lambda digest: open_document(f"{LIVES_PREFIX}{digest}.json", LifeFile),
        progress=open_document(REBUILD_KEY, RebuildFile),
        policy=EventPolicy(settings.openlineage_auto_register, settings.openlineage_domains),
        confidence={
            Evidence.LINEAGE: lineage,
            Evidence.COLUMNS: columns,
            Evidence.DATASETS: datasets,
        },
    )


def _open_access(settings: Settings, bucket: _Bucket) -> "Document[AccessFile]":
    # Not imported where all may do what they ask for, as above.
    from datamesh.storage.access_file import ACCESS_KEY, AccessFile

    return Document(
        bucket.open_object(ACCESS_KEY),
        AccessFile,
        bucket.backoff,
        cache_seconds=settings.cache_seconds,
    )


def _read_past_access(bucket: _Bucket, moment: datetime, deadline: Deadline) -> "AccessFile":
    from datamesh.storage.access_file import ACCESS_KEY, AccessFile

    return bucket.open_history(ACCESS_KEY, AccessFile).read_at(moment, deadline)


def _list_key_uses(bucket: _Bucket, deadline: Deadline) -> Mapping[str, date]:
    from datamesh.storage.s3.key_uses import list_key_uses

    return list_key_uses(bucket.client, bucket.name, bucket.backoff, deadline)


def _open_job_store(bucket: _Bucket) -> "JobStore":
    # Not imported where nobody asks for jobs, as above.
    from datamesh.services.jobs.reading import JobStore
    from datamesh.services.jobs.records import RUNS_PREFIX
    from datamesh.storage.event_log import EVENTS_PREFIX, EventLog

    def open_document[F: JobFile](digest: str, kind: type[F]) -> Document[F]:
        return Document(bucket.open_object(f"{JOBS_PREFIX}{digest}.json"), kind, bucket.backoff)

    return JobStore(
        open_job=lambda digest: open_document(digest, JobFile),
        open_listed_job=lambda digest: open_document(digest, ListedJobFile),
        open_runs=lambda folder: bucket.open_journal(f"{RUNS_PREFIX}{folder}/"),
        log=EventLog(
            lambda name: bucket.open_object(EVENTS_PREFIX + name),
            bucket.open_journal(EVENTS_PREFIX),
            bucket.backoff,
        ),
    )


def _open_declarations(settings: Settings, bucket: _Bucket) -> "Document[DeclarationsFile]":
    # Not imported where nobody asks for them, as above.
    from datamesh.storage.declarations_file import DECLARATIONS_KEY, DeclarationsFile

    stored = bucket.open_object(DECLARATIONS_KEY)
    return Document(stored, DeclarationsFile, bucket.backoff, cache_seconds=settings.cache_seconds)
