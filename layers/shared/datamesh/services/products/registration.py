"""Register, change and remove products."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from pydantic import JsonValue

from datamesh.errors.products import ProductNameTaken
from datamesh.errors.storage import (
    Contended,
    DocumentFull,
    LimitReached,
    OutcomeUnknown,
    StorageUnavailable,
)
from datamesh.models.bulk import BulkReport
from datamesh.models.products import MAX_PRODUCT_BYTES, Product, ProductRegistration, ProductUpdate
from datamesh.models.responses import DeletedProduct
from datamesh.models.stored_products import StoredProduct
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import Grants, check_port
from datamesh.services.datasets.shared_places import check_concealed, select_private
from datamesh.services.lineage import registration
from datamesh.services.lineage.renames import store_renames
from datamesh.services.permissions import Permissions
from datamesh.services.products.changes import (
    check_claims,
    check_deletion,
    check_namespaces,
    check_registration,
)
from datamesh.services.products.column_edits import build_product
from datamesh.services.products.columns import check_columns
from datamesh.services.products.deprecation import check_replacement
from datamesh.services.products.sizes import build_bounded_record
from datamesh.services.products.updating import Precondition, apply_update, check_precondition
from datamesh.services.registry import bulk
from datamesh.services.registry.concealed import (
    add_concealed,
    check_concealed_names,
    remove_concealed,
)
from datamesh.services.registry.dataset_claims import claim_datasets, find_holders
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import (
    remove_product,
    require_seen_record,
)
from datamesh.storage.byte_limit import ByteBudget
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

logger = logging.getLogger(__name__)


def register_product(
    context: RequestContext, registry: Registry, registration: ProductRegistration
) -> Product:
    """Register a product and return it.

    Raises Forbidden, ForeignNamespaces, ProductNameTaken, DatasetNameTaken, LocationNotAllowed,
    AmbiguousColumns, UnknownColumns, ProductTooLarge, LimitReached, and what a commit raises.
    """
    now = context.choose_registration_time(registry.now)

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        admission = ProductAdmission(
            file,
            registry.max_products,
            now,
            registry.data_locations,
            registry.namespace_domains,
            context.permissions,
        )
        product = admission.admit(registration)
        return admission.to_file(), product

    def recall(file: ProductsFile, revision: int) -> Product:
        stored = file.products.get(registration.name)
        if stored and stored.since_revision == revision and stored.updated_at == now:
            return stored.to_model()
        return ProductAdmission(
            ProductsFile(),
            1,
            now,
            registry.data_locations,
            registry.namespace_domains,
            context.permissions,
        ).admit(registration)

    product = context.commit_audited(registry.products, change, recall)
    if registration.openlineage:
        _store_moved_lineage(context, registry)
    return product


def register_products(
    context: RequestContext, registry: Registry, items: Sequence[JsonValue], *, partial: bool
) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are valid.

    Raises Forbidden or ForeignNamespaces if the caller may not register one of them; BulkRefused
    and LimitReached unless `partial`, and what a commit raises.
    """
    now = context.choose_registration_time(registry.now)

    def find_landed(
        file: ProductsFile, revision: int
    ) -> bulk.LandedItems[ProductsFile, ProductRegistration]:
        products = file.products.items()
        others = {name: each for name, each in products if each.since_revision != revision}
        return bulk.LandedItems(
            file.model_copy(update={"products": others}),
            [_build_match(context, each) for name, each in products if name not in others],
        )

    report = bulk.register_items(
        context,
        registry.products,
        bulk.parse_items(ProductRegistration, items),
        lambda file: ProductAdmission(
            file,
            registry.max_products,
            now,
            registry.data_locations,
            registry.namespace_domains,
            context.permissions,
            registry.products.open_budget(file) if partial else None,
        ),
        find_landed,
        partial=partial,
    )
    if any(isinstance(item, dict) and item.get("openlineage") for item in items):
        _store_moved_lineage(context, registry)
    return report


def _build_match(
    context: RequestContext, record: ProductRecord
) -> Callable[[ProductRegistration], bool]:
    """Return whether a product can have been registered from an item, as far as that is known.

    Once it was changed, only its name tells.
    """
    product = record.to_model()
    is_changed = product.updated_at != product.created_at

    def is_match(item: ProductRegistration) -> bool:
        if item.name != product.name or is_changed:
            return item.name == product.name
        fresh = build_product(item, product.created_at, product.since_revision, context.principal)
        return fresh == product

    return is_match


class ProductAdmission:
    """The products of a file, to which others are added one by one.

    With a `budget`, each must fit into that; else the commit tells whether all of them do.
    """

    def __init__(
        self,
        file: ProductsFile,
        limit: int,
        now: datetime,
        locations: Grants,
        namespace_domains: Mapping[str, str],
        permissions: Permissions,
        budget: ByteBudget | None = None,
    ) -> None:
        self._permissions = permissions
        self._file = file
        self._limit = limit
        self._locations = locations
        self._namespace_domains = namespace_domains
        self._now = now
        self._products = dict(file.products)
        self._budget = budget

    def admit(self, registration: ProductRegistration) -> StoredProduct:
        """Add a product. Raises what `register_product` raises without a commit."""
        check_registration(self._permissions, registration)
        check_namespaces(self._permissions, self._namespace_domains, registration.openlineage)
        if registration.name in self._products:
            raise ProductNameTaken(registration.name)
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        check_port(self._locations, registration.domain, registration.output_port)
        product = build_product(
            registration, self._now, self._file.revision + 1, self._permissions.principal
        )
        check_columns(product)
        check_concealed(self._permissions, self._private, product)
        check_replacement(self._permissions, self._products, product)
        record = build_bounded_record(product, MAX_PRODUCT_BYTES)
        if self._budget:
            self._budget.add_record(record.bytes_in_file)
        if product.openlineage:
            return self._admit_datasets(product, record)
        self._products[product.name] = record
        return product

    def _admit_datasets(self, product: StoredProduct, record: ProductRecord) -> StoredProduct:
        """Add a product of datasets, which takes over those that events had made products of."""
        names = self._dataset_names
        check_concealed_names(self._permissions, self._file, product.openlineage)
        self._file = remove_concealed(self._file, product.openlineage)
        if holders := find_holders(names, product.openlineage):
            check_claims(self._permissions, self._products, holders)
            products = {**self._products, record.name: record}
            file = self._file.model_copy(update={"products": products})
            self._file = claim_datasets(file, record.name, holders, self._now)
            self._products = dict(self._file.products)
            product = self._products[record.name].to_model()
        else:
            self._products[record.name] = record
        names.add_product(self._products[record.name])
        return product

    @cached_property
    def _private(self) -> list[ProductRecord]:
        """Whoever adds a private product is a steward of its domain, and may show its rows."""
        return select_private(self._file.products.values())

    @cached_property
    def _dataset_names(self) -> DatasetNameIndex:
        """Index the products by their datasets, once a product with any is added."""
        return DatasetNameIndex(self._products.values())

    def to_file(self) -> ProductsFile:
        """Return the file with the products that were added."""
        return self._file.model_copy(update={"products": self._products})


def update_product(
    context: RequestContext,
    registry: Registry,
    name: str,
    changes: ProductUpdate,
    precondition: Precondition | None = None,
) -> Product:
    """Change the given fields of a product and return it. Nothing is committed if none differs.

    OpenLineage events no longer set those of them that they may set, from then on. Under a new name
    it keeps its lineage, and its old name redirects. Datasets that events had made products of are
    taken over. Raises ProductNotFound, ProductRenamed, Forbidden, ForeignNamespaces for those of
    new datasets, ProductChanged if `precondition` does not hold, ProductNameTaken,
    DatasetNameTaken, LocationNotAllowed, AmbiguousColumns, UnknownColumns, ProductTooLarge, and
    what a commit raises.
    """
    now = registry.now()

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        after = apply_update(context.permissions, registry, file, name, changes, precondition, now)
        return after, after.products[changes.name or name].to_model()

    product = context.commit_audited(registry.products, change)
    if changes.name or changes.openlineage:
        _store_moved_lineage(context, registry)
    return product


def _store_moved_lineage(context: RequestContext, registry: Registry) -> None:
    """Store lineage under the names of now, as readers see it already.

    If storage fails, that is left to whoever writes lineage next.
    """
    try:
        store_renames(context, registry)
    except (StorageUnavailable, OutcomeUnknown, Contended, DocumentFull) as error:
        logger.warning("lineage is stored under its new names by the next write: %s", error)


def delete_product(
    context: RequestContext, registry: Registry, name: str, precondition: Precondition | None = None
) -> DeletedProduct:
    """Remove a product, which hides every entry that names it, then remove those entries.

    The product is gone once its commit has landed: if storage fails after that, the hidden entries
    are left to the scheduled run. Raises ProductNotFound, Forbidden, ProductChanged if
    `precondition` does not hold, and what a commit raises.
    """

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        product = require_seen_record(file, name, context.permissions)
        check_deletion(context.permissions, product)
        check_precondition(product, precondition)
        after = add_concealed(remove_product(file, name), product, (), registry.now())
        return after, None

    context.commit_audited(registry.products, change)
    try:
        removed = registration.prune_lineage(context, registry, naming=name)
    except (StorageUnavailable, OutcomeUnknown, Contended) as error:
        logger.warning("the entries that name '%s' are left to the scheduled run: %s", name, error)
        removed = None
    return DeletedProduct(name=name, lineage_entries_removed=removed)
