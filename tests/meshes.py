"""Registries in memory, and the bodies that fill them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from datamesh.models.audit import AuditRecord
from datamesh.models.lineage import LineageEntry, LineageRegistration
from datamesh.models.products import Product, ProductRegistration
from datamesh.models.stored_products import StoredProduct
from datamesh.services.analytics import snapshots
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.trail import AUDIT_FOLDER, AuditTrail
from datamesh.services.checks.history import QualityRuns
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.jobs.reading import JobStore
from datamesh.services.jobs.records import RUNS_PREFIX
from datamesh.services.lineage.registration import register_lineage
from datamesh.services.openlineage.files import (
    DERIVED_KEY,
    LIVES_PREFIX,
    REBUILD_KEY,
    DerivedFile,
    LifeFile,
    RebuildFile,
    RunFile,
)
from datamesh.services.openlineage.ingest import EventPipeline
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.queue import EventQueue
from datamesh.services.operations.backups import Backups
from datamesh.services.product_versions.keeping import ProductVersions
from datamesh.services.products.registration import register_product
from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.feed import FeedLogs
from datamesh.storage.access_file import ACCESS_KEY, AccessFile
from datamesh.storage.archive.writer import ArchiveProgress
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.commit_finder import CommitFinder
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.declarations_file import DECLARATIONS_KEY, DeclarationsFile
from datamesh.storage.document import Document
from datamesh.storage.event_log import EVENTS_PREFIX, EventLog
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.folders import Folder, MemoryFolder
from datamesh.storage.job_files import (
    JOB_INDEX_KEY,
    JOBS_PREFIX,
    JobFile,
    JobIndexFile,
    ListedJobFile,
)
from datamesh.storage.journal import PAGE_SIZE
from datamesh.storage.objects import ConditionalObject, MemoryObject, StoredObject
from datamesh.storage.secret_key import SecretKey
from datamesh.storage.write_probe import WriteProbe
from datamesh.tables.budget import ScanBudget
from datamesh.wiring.bucket import ARCHIVED
from datamesh.wiring.resources import Resources, refuse_feed
from tests.contexts import CONTEXT
from tests.memory_bucket import Bucket as Bucket
from tests.memory_bucket import create_redactor

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

NO_WAIT = Backoff(attempts=3, sleep=lambda seconds: None)

CURSOR_KEY = bytes(range(32))
"""The key that the cursors of every registry in memory are encrypted with."""


def mesh(
    *,
    products: ConditionalObject | None = None,
    lineage: ConditionalObject | None = None,
    jobs: ConditionalObject | None = None,
    max_products: int = 1000,
    max_lineage_entries: int = 10_000,
    max_products_bytes: int | None = None,
    max_lineage_bytes: int | None = None,
    missing_products_domain: str | None = None,
    now: Callable[[], datetime] = lambda: NOON,
) -> Registry:
    """A registry whose clock stands still and whose storage is in memory unless given."""

    def document[F: (ProductsFile, LineageFile)](
        stored: ConditionalObject, kind: type[F], setting: str, most: int | None
    ) -> Document[F]:
        limit = ByteLimit(setting, most) if most else None
        return Document(stored, kind, NO_WAIT, byte_limit=limit)

    return Registry(
        products=document(
            products or MemoryObject("products.json"),
            ProductsFile,
            "MAX_PRODUCTS_BYTES",
            max_products_bytes,
        ),
        lineage=document(
            lineage or MemoryObject("lineage.json"),
            LineageFile,
            "MAX_LINEAGE_BYTES",
            max_lineage_bytes,
        ),
        jobs=Document(jobs or MemoryObject(JOB_INDEX_KEY), JobIndexFile, NO_WAIT),
        max_products=max_products,
        max_lineage_entries=max_lineage_entries,
        missing_products_domain=missing_products_domain,
        now=now,
    )


type OpenTrail = Callable[[AuditRecord], AuditTrail]


@dataclass(frozen=True)
class BucketFolder:
    """A `Journal` of the objects below a prefix."""

    bucket: Bucket
    prefix: str
    page: int = PAGE_SIZE

    def list_names(self, after: str, deadline: Deadline) -> list[str]:
        there = [key for key, stored in self.bucket.items() if stored.get()]
        below = [key.removeprefix(self.prefix) for key in there if key.startswith(self.prefix)]
        return sorted(name for name in below if name > after)[: self.page]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> list[bytes]:
        found = [self.bucket[self.prefix + name].get() for name in names]
        return [each.body for each in found if isinstance(each, StoredObject)]


def event_pipeline(
    bucket: Bucket | None = None, policy: EventPolicy | None = None
) -> EventPipeline:
    """Return a pipeline of events in memory; its listing has pages of two, so that tests turn
    them."""
    held = Bucket() if bucket is None else bucket
    return EventPipeline(
        log=EventLog(
            lambda name: held[EVENTS_PREFIX + name], BucketFolder(held, EVENTS_PREFIX, 2), NO_WAIT
        ),
        open_run=lambda path: Document(held[f"{RUNS_PREFIX}{path}.json"], RunFile, NO_WAIT),
        open_job=lambda digest: Document(held[f"{JOBS_PREFIX}{digest}.json"], JobFile, NO_WAIT),
        open_life=lambda digest: Document(held[f"{LIVES_PREFIX}{digest}.json"], LifeFile, NO_WAIT),
        progress=Document(MemoryObject(REBUILD_KEY), RebuildFile, NO_WAIT),
        derived=Document(MemoryObject(DERIVED_KEY), DerivedFile, NO_WAIT),
        policy=policy or EventPolicy(),
    )


def job_store(held: Bucket) -> JobStore:
    """Return a store of jobs, runs and events in memory."""
    into = event_pipeline(held)
    return JobStore(
        open_job=into.open_job,
        open_listed_job=lambda digest: Document(
            held[f"{JOBS_PREFIX}{digest}.json"], ListedJobFile, NO_WAIT
        ),
        open_runs=lambda folder: BucketFolder(held, f"{RUNS_PREFIX}{folder}/"),
        log=into.log,
    )


def resources(
    registry: Registry | None = None,
    files: Mapping[str, bytes] | None = None,
    registry_at: Callable[[datetime], Registry] | None = None,
    bucket: Bucket | None = None,
    open_trail: OpenTrail | None = None,
    events: EventPipeline | None = None,
    write_probe: WriteProbe | None = None,
    jobs: JobStore | None = None,
    max_scan_bytes: int = 10_000_000,
    anonymous_budget: ScanBudget | None = None,
    key_uses: Mapping[str, date] | None = None,
    queue: EventQueue | None = None,
    open_feed: Callable[[], FeedLogs] = refuse_feed,
) -> Resources:
    """Return the resources that a function works on. `files`: `<domain>/<dataset>/<file name>`, or
    `s3://...` in full, -> content. Without `registry_at` the registry has always been what it
    is."""
    current = registry or mesh()

    def folder(location: str, deadline: Deadline) -> Folder:
        prefix = location.removeprefix("domains/")
        found = {
            path.removeprefix(prefix): body
            for path, body in (files or {}).items()
            if path.startswith(prefix)
        }
        return MemoryFolder(location, found)

    budget = ScanBudget(max_scan_bytes)
    records: dict[str, MemoryObject] = {}
    held = Bucket() if bucket is None else bucket
    into = events or event_pipeline()

    @cache
    def open_access() -> Document[AccessFile]:
        return Document(held[ACCESS_KEY], AccessFile, NO_WAIT)

    def key_record(digest: str) -> ConditionalObject:
        return records.setdefault(digest, MemoryObject(digest))

    return Resources(
        registry=current,
        data=DataAccess(
            folder,
            budget,
            anonymous_budget or budget,
            SecretKey(MemoryObject("key", CURSOR_KEY), NO_WAIT),
        ),
        registry_at=registry_at or (lambda moment: current),
        open_feed=open_feed,
        open_key_record=key_record,
        open_trail=open_trail
        or (
            lambda record: AuditTrail(
                record, held.__getitem__, NO_WAIT, current.find_known_product, ARCHIVED
            )
        ),
        audit_journal=BucketFolder(held, AUDIT_FOLDER),
        open_outcomes=lambda: open_outcomes(current, open_access()),
        snapshots=Snapshots(held.__getitem__, BucketFolder(held, snapshots.FOLDER), NO_WAIT),
        backups=Backups(held.__getitem__, NO_WAIT),
        write_probe=write_probe or WriteProbe(MemoryObject("health"), NO_WAIT, now=current.now),
        keep_past=lambda now, deadline: [ArchiveProgress()],
        open_event_pipeline=lambda: into,
        open_event_queue=lambda: queue,
        open_derived=lambda: into.derived,
        open_job_store=lambda: jobs or job_store(held),
        open_declarations=lambda: Document(held[DECLARATIONS_KEY], DeclarationsFile, NO_WAIT),
        open_access=open_access,
        access_at=lambda moment, deadline: open_access().read(deadline),
        list_key_uses=lambda deadline: key_uses or {},
        open_quality_runs=lambda: QualityRuns(
            held.__getitem__, lambda prefix: BucketFolder(held, prefix), NO_WAIT
        ),
        open_product_versions=lambda: ProductVersions(held.__getitem__, NO_WAIT),
        open_contracts=lambda: ContractSources(held.__getitem__, NO_WAIT),
        open_redactor=lambda: create_redactor(held, current, open_access),
    )


def open_outcomes(registry: Registry, access: Document[AccessFile] | None = None) -> AuditOutcomes:
    """Return what tells outcomes by what the files themselves remember, for they have no past."""
    stored = {each.name: each._stored for each in (registry.products, registry.lineage)}
    if access:
        stored[access.name] = access._stored
    return AuditOutcomes(
        lambda name: CommitFinder(stored[name], NO_WAIT) if name in stored else None
    )


def product_body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "orders",
        "domain": "sales",
        "owner": "sales-team",
        "description": "One row per order line",
        "schema": {"order_id": "string"},
        **changes,
    }


def lineage_body(**changes: Any) -> dict[str, Any]:
    return {
        "source": "orders",
        "target": "revenue",
        "transformation": "SUM(amount)",
        **changes,
    }


def add_product(registry: Registry, name: str, **changes: Any) -> Product:
    body = product_body(name=name, **changes)
    return register_product(CONTEXT, registry, ProductRegistration.model_validate(body))


def store_product(registry: Registry, name: str = "orders", **changes: Any) -> None:
    """Commit a product as an earlier version of the registry did, unchecked."""
    product = StoredProduct.model_validate(
        product_body(name=name, **changes) | {"created_at": NOON, "updated_at": NOON}
    )
    CONTEXT.commit_audited(registry.products, lambda file: (file.with_product(product), None))


def add_products(registry: Registry, names: Iterable[str]) -> None:
    for name in names:
        add_product(registry, name)


def add_lineage(registry: Registry, source: str, target: str, **changes: Any) -> LineageEntry:
    body = lineage_body(source=source, target=target, **changes)
    return register_lineage(CONTEXT, registry, LineageRegistration.model_validate(body))
