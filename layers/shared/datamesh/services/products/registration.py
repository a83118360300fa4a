"""Register, change and remove products."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

from pydantic import JsonValue

from datamesh.errors import (
    Contended,
    LimitReached,
    OutcomeUnknown,
    ProductChanged,
    ProductNameTaken,
    ProductTooLarge,
    StorageUnavailable,
)
from datamesh.models.bulk import BulkReport
from datamesh.models.products import (
    MAX_PRODUCT_BYTES,
    Product,
    ProductRegistration,
    ProductUpdate,
    StoredProduct,
)
from datamesh.models.responses import DeletedProduct
from datamesh.models.values import TICK
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import Grants, check_port
from datamesh.services.lineage import registration
from datamesh.services.products.columns import check_columns
from datamesh.services.products.edits import mark_edits
from datamesh.services.registry import bulk
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import remove_product, require_product_record
from datamesh.storage.byte_limit import ByteBudget
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

logger = logging.getLogger(__name__)

type Precondition = Callable[[Product], bool]
"""Returns whether the product is still what the caller believes it to be."""


def register_product(
    context: RequestContext, registry: Registry, registration: ProductRegistration
) -> Product:
    """Register a product and return it.

    Raises ProductNameTaken, DatasetNameTaken, LocationNotAllowed, AmbiguousColumns,
    ProductTooLarge, LimitReached, and what a commit raises.
    """
    now = context.choose_registration_time(registry.now)

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        admission = _ProductAdmission(file, registry.max_products, now, registry.data_locations)
        product = admission.admit(registration)
        return admission.to_file(), product

    def recall(file: ProductsFile, revision: int) -> Product:
        return _ProductAdmission(ProductsFile(), 1, now, registry.data_locations).admit(
            registration
        )

    return context.commit_audited(registry.products, change, recall)


def register_products(
    context: RequestContext, registry: Registry, items: Sequence[JsonValue], *, partial: bool
) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are valid.

    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """
    now = context.choose_registration_time(registry.now)

    def find_landed(
        file: ProductsFile, revision: int
    ) -> bulk.LandedItems[ProductsFile, ProductRegistration]:
        products = file.products.items()
        others = {name: each for name, each in products if each.since_revision != revision}
        return bulk.LandedItems(
            file.model_copy(update={"products": others}),
            [_build_match(each) for name, each in products if name not in others],
        )

    return bulk.register_items(
        context,
        registry.products,
        bulk.parse_items(ProductRegistration, items),
        lambda file: _ProductAdmission(
            file,
            registry.max_products,
            now,
            registry.data_locations,
            registry.products.open_budget(file) if partial else None,
        ),
        find_landed,
        partial=partial,
    )


def _build_match(record: ProductRecord) -> Callable[[ProductRegistration], bool]:
    """Return whether a product can have been registered from an item, as far as that is known.

    Once it was changed, only its name tells.
    """
    product = record.to_model()
    is_changed = product.updated_at != product.created_at

    def is_match(item: ProductRegistration) -> bool:
        return item.name == product.name and (
            is_changed or all(getattr(product, name) == value for name, value in item)
        )

    return is_match


class _ProductAdmission:
    """The products of a file, to which others are added one by one.

    With a `budget`, each must fit into that; else the commit tells whether all of them do.
    """

    def __init__(
        self,
        file: ProductsFile,
        limit: int,
        now: datetime,
        locations: Grants,
        budget: ByteBudget | None = None,
    ) -> None:
        self._file = file
        self._limit = limit
        self._locations = locations
        self._now = now
        self._products = dict(file.products)
        self._budget = budget

    def admit(self, registration: ProductRegistration) -> StoredProduct:
        """Add a product. Raises what `register_product` raises without a commit."""
        if registration.name in self._products:
            raise ProductNameTaken(registration.name)
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        if registration.openlineage:
            self._dataset_names.check_names(registration.openlineage)
        check_port(self._locations, registration.domain, registration.output_port)
        product = StoredProduct(
            **dict(registration),
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
        )
        check_columns(product)
        record = _build_bounded_record(product, MAX_PRODUCT_BYTES)
        if self._budget:
            self._budget.add_record(record.bytes_in_file)
        self._products[product.name] = record
        if record.openlineage:
            self._dataset_names.add_product(record)
        return product

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
    """Change the given fields of a product and return it.

    OpenLineage events no longer set those of them that they may set, from then on.
    Raises ProductNotFound, ProductChanged if `precondition` does not hold, DatasetNameTaken,
    LocationNotAllowed, AmbiguousColumns, ProductTooLarge, and what a commit raises.
    """
    now = registry.now()

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        before = _get_expected_record(file, name, precondition)
        product = before.to_model()
        check_port(registry.data_locations, product.domain, changes.output_port)
        if changes.openlineage:
            others = (other for other in file.products.values() if other.name != name)
            DatasetNameIndex(others).check_names(changes.openlineage)
        # Never the same time twice, even if the clock goes back.
        updated_at = max(now, product.updated_at + TICK)
        edits = mark_edits(product, changes)
        update = {**changes.to_attributes(), "updated_at": updated_at, **edits}
        changed = product.model_copy(update=update)
        if {"schema_", "output_port"} & changes.model_fields_set:
            check_columns(changed)
        # One that is too large already, of earlier versions or by events, may still be mended.
        _build_bounded_record(changed, max(MAX_PRODUCT_BYTES, before.size))
        return file.with_product(changed), changed

    return context.commit_audited(registry.products, change)


def delete_product(
    context: RequestContext, registry: Registry, name: str, precondition: Precondition | None = None
) -> DeletedProduct:
    """Remove a product, which hides every entry that names it, then remove those entries.

    The product is gone once its commit has landed: if storage fails after that, the hidden entries
    are left to the scheduled run. Raises ProductNotFound, ProductChanged if `precondition` does not
    hold, and what a commit raises.
    """

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        _get_expected_record(file, name, precondition)
        return remove_product(file, name), None

    context.commit_audited(registry.products, change)
    try:
        removed = registration.prune_lineage(context, registry, naming=name)
    except (StorageUnavailable, OutcomeUnknown, Contended) as error:
        logger.warning("the entries that name '%s' are left to the scheduled run: %s", name, error)
        removed = None
    return DeletedProduct(name=name, lineage_entries_removed=removed)


def _build_bounded_record(product: StoredProduct, limit: int) -> ProductRecord:
    """Return the record of a product. Raises ProductTooLarge if it has more than `limit` bytes."""
    record = ProductRecord.from_model(product)
    if record.size > limit:
        raise ProductTooLarge(product.name, record.size, limit)
    return record


def _get_expected_record(
    file: ProductsFile, name: str, precondition: Precondition | None
) -> ProductRecord:
    """Return a product. Raises ProductNotFound, ProductChanged."""
    product = require_product_record(file, name)
    if precondition and not precondition(product.to_model()):
        raise ProductChanged(name)
    return product
