"""How the registry's two documents and the domain data are opened."""

from typing import TYPE_CHECKING

from datamesh.aws.observability import Observer
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.registry.registry import Registry
from datamesh.settings import Settings
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.job_files import JOB_INDEX_KEY, JobIndexFile
from datamesh.storage.secret_key import SecretKey
from datamesh.tables.budget import ScanBudget
from datamesh.wiring.bucket import LINEAGE_KEY, PRODUCTS_KEY, Bucket

if TYPE_CHECKING:
    from datamesh.services.audit.outcomes import AuditOutcomes
    from datamesh.services.time_travel.feed import FeedLogs


def create_byte_limits(settings: Settings) -> tuple[ByteLimit, ByteLimit]:
    """Return how many bytes products.json and lineage.json may take."""
    return (
        ByteLimit("MAX_PRODUCTS_BYTES", settings.max_products_bytes),
        ByteLimit("MAX_LINEAGE_BYTES", settings.max_lineage_bytes),
    )


def open_registry(settings: Settings, observer: Observer, bucket: Bucket) -> Registry:
    """Return the registry; `observer` counts the commits to its two documents."""

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
        namespace_domains=settings.openlineage_domains,
        missing_products_domain=(
            settings.missing_products_domain if settings.missing_products == "register" else None
        ),
    )


def open_outcomes(bucket: Bucket) -> "AuditOutcomes":
    """Return what tells the outcomes of audit records, as histories are at this call."""
    # Not imported where nobody asks who has written: every other cold start would pay for it.
    from datamesh.services.audit.outcomes import AuditOutcomes

    return AuditOutcomes(bucket.open_commit_finder)


def open_feed(bucket: Bucket) -> "FeedLogs":
    """Return the commits of both documents, as they are at the first question."""
    # Imported by whoever follows them: no other needs it at its cold start.
    from datamesh.services.time_travel.feed import FeedLogs

    return FeedLogs(
        products=bucket.open_commit_log(PRODUCTS_KEY, ProductsFile),
        lineage=bucket.open_commit_log(LINEAGE_KEY, LineageFile),
    )


def open_data(settings: Settings, bucket: Bucket) -> DataAccess:
    """Return what reads domain data, with the budgets of callers with and without a principal."""
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
