"""The resources that a function works on, and what of them a caller may read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.access import Grant
from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.operations.backups import Backups
from datamesh.services.permissions import Permissions
from datamesh.services.registry.hidden_names import NOTHING_HIDDEN, HiddenNames
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.views import RegistryView, RegistryViews
from datamesh.services.search.index_cache import IndexCache
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.journal import Journal
from datamesh.storage.objects import OpenObject
from datamesh.storage.write_probe import WriteProbe

if TYPE_CHECKING:
    from datamesh.models.checks import Check
    from datamesh.models.products import Product
    from datamesh.services.audit.outcomes import AuditOutcomes
    from datamesh.services.checks.history import QualityRuns
    from datamesh.services.context import RequestContext
    from datamesh.services.jobs.reading import JobStore
    from datamesh.services.openlineage.files import DerivedFile
    from datamesh.services.openlineage.ingest import EventPipeline
    from datamesh.services.openlineage.queue import EventQueue
    from datamesh.services.product_versions.keeping import ProductVersions
    from datamesh.services.redaction.acts import Redactor
    from datamesh.services.time_travel.feed import FeedLogs
    from datamesh.storage.access_file import AccessFile
    from datamesh.storage.archive.writer import ArchiveProgress
    from datamesh.storage.contract_sources import ContractSources
    from datamesh.storage.declarations_file import DeclarationsFile
    from datamesh.storage.document import Document


def refuse_redactions() -> "Redactor":
    """Raise StorageUnavailable: what a function works on has no versions to purge."""
    raise StorageUnavailable("No text can be redacted here")


def refuse_feed() -> "FeedLogs":
    """Raise StorageUnavailable: what a function works on has no versions to follow."""
    raise StorageUnavailable("There is no feed here")


@dataclass(frozen=True)
class Resources:
    """The resources that a function works on, for all its requests; tests replace them."""

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
    open_outcomes: "Callable[[], AuditOutcomes]"
    """Returns what tells the outcomes of those records, as histories are at this call."""
    snapshots: Snapshots
    backups: Backups
    write_probe: WriteProbe
    """Tells whether storage can be written."""
    keep_past: "Callable[[datetime, Deadline], Sequence[ArchiveProgress]]"
    """Indexes and archives the versions of the registry's files, as far as the time goes."""
    open_event_pipeline: Callable[[], "EventPipeline"]
    """Returns what OpenLineage events go through, the same at every call."""
    open_event_queue: Callable[[], "EventQueue | None"]
    """Returns where kept events wait for a worker, the same at every call; None for nowhere."""
    open_derived: Callable[[], "Document[DerivedFile]"]
    """Returns where a worker notes when it has derived from events."""
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
    open_quality_runs: Callable[[], "QualityRuns"]
    """Returns where the checks of data that were run are kept."""
    open_product_versions: Callable[[], "ProductVersions"]
    """Returns where the versions of products are kept, the same at every call."""
    open_contracts: Callable[[], "ContractSources"]
    """Returns where the documents of contracts are kept, the same at every call."""
    open_redactor: Callable[[], "Redactor"] = refuse_redactions
    """Returns what takes texts out of the registry, the same at every call."""
    open_feed: Callable[[], "FeedLogs"] = refuse_feed
    """Returns the commits of both documents, as they are at this call."""
    views: RegistryViews = field(default_factory=RegistryViews)
    """Lives as long as the execution environment, as the next one does."""
    search_indexes: IndexCache = field(default_factory=IndexCache)
    view: RegistryView | None = None
    """The view that the registry is; None if it is shown as it is."""

    def list_checks(self, context: "RequestContext", product: "Product") -> "Sequence[Check]":
        """Return the checks that a product asks for, by itself and by its contract.

        Raises StorageUnavailable.
        """
        # Imported where data is checked alone.
        from datamesh.services.checks.asked import list_checks

        checks = list_checks(product)
        if product.contract is None:
            return checks
        from datamesh.services.contracts.asked_checks import list_contract_checks

        source = self.open_contracts().read_source(product.contract.digest, context.deadline)
        return [*checks, *list_contract_checks(product, source, checks)]

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
            data=replace(self.data, list_hidden=view.list_hidden),
            open_job_store=lambda: replace(
                self.open_job_store(), find_hidden=view.find_hidden_names
            ),
        )

    def show_past_products(self, file: ProductsFile, deadline: Deadline) -> ProductsFile:
        """Return an earlier file as the caller may see it. Raises StorageUnavailable."""
        return self.view.show_past_products(file, deadline) if self.view else file

    def find_everything(self) -> ProductsFile | None:
        """Return the products with those that the caller may not see; None if there are none."""
        return self.view.find_everything() if self.view else None

    def find_hidden_names(self, deadline: Deadline) -> HiddenNames:
        """Return the datasets and jobs that the caller may not see. Raises StorageUnavailable."""
        return self.view.find_hidden_names(deadline) if self.view else NOTHING_HIDDEN

    def load_grants(self, principal: str, deadline: Deadline, *, is_write: bool) -> Sequence[Grant]:
        """Return the grants of a principal that storage has; for a write never those of a cache.

        Raises StorageUnavailable.
        """
        # Neither anonymous callers nor administrators need it: their cold starts are without it.
        from datamesh.services.access.grants import find_grants

        access = self.open_access()
        file = access.read_latest(deadline) if is_write else access.read(deadline)
        return find_grants(file, principal, utc_now())
