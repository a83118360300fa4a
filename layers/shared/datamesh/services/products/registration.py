"""Register, find, change and remove products."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pydantic import JsonValue

from datamesh.errors import (
    Contended,
    DatasetNameTaken,
    LimitReached,
    OutcomeUnknown,
    ProductChanged,
    ProductNameTaken,
    StorageUnavailable,
)
from datamesh.models.bulk import BulkReport
from datamesh.models.products import (
    DatasetName,
    Product,
    ProductRegistration,
    ProductUpdate,
    StoredProduct,
)
from datamesh.models.responses import DeletedProduct
from datamesh.models.values import TICK
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_location
from datamesh.services.lineage import registration
from datamesh.services.products.queries import get_product_record
from datamesh.services.registry import bulk
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedName

logger = logging.getLogger(__name__)

type Precondition = Callable[[Product], bool]
"""Whether the product still is what the caller believes it to be."""


def register_product(
    context: RequestContext, registry: Registry, registration: ProductRegistration
) -> Product:
    """Raises ProductNameTaken, DatasetNameTaken, LocationNotAllowed, LimitReached, and what a
    commit raises."""
    now = context.choose_registration_time(registry.now)

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        admission = _Admission(file, registry.max_products, now, registry.data_prefixes)
        product = admission.admit(registration)
        return admission.file(), product

    def recall(file: ProductsFile) -> Product:
        return _Admission(ProductsFile(), 1, now, registry.data_prefixes).admit(registration)

    return context.commit_audited(registry.products, change, recall)


def register_products(
    context: RequestContext, registry: Registry, items: Sequence[JsonValue], *, partial: bool
) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are good.

    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """
    now = context.choose_registration_time(registry.now)

    def before(file: ProductsFile) -> ProductsFile:
        others = {key: row for key, row in file.products.items() if row.created_at != now}
        return file.model_copy(update={"products": others})

    return bulk.register(
        context,
        registry.products,
        bulk.parsed(ProductRegistration, items),
        lambda file: _Admission(file, registry.max_products, now, registry.data_prefixes),
        before,
        partial=partial,
    )


class _Admission:
    """Products that are about to join those of a file."""

    def __init__(
        self, file: ProductsFile, limit: int, now: datetime, prefixes: tuple[str, ...]
    ) -> None:
        self._file = file
        self._limit = limit
        self._prefixes = prefixes
        self._now = now
        self._products = dict(file.products)

    def admit(self, registration: ProductRegistration) -> StoredProduct:
        if registration.name in self._products:
            raise ProductNameTaken(registration.name)
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        _refuse_taken(self._products.values(), registration.name, registration.openlineage)
        check_location(self._prefixes, registration.output_port)
        product = StoredProduct(
            **dict(registration),
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
        )
        self._products[product.name] = ProductRecord.from_model(product)
        return product

    def file(self) -> ProductsFile:
        return self._file.model_copy(update={"products": self._products})


def update_product(
    context: RequestContext,
    registry: Registry,
    name: str,
    changes: ProductUpdate,
    precondition: Precondition | None = None,
) -> Product:
    """Raises ProductNotFound, ProductChanged, DatasetNameTaken, LocationNotAllowed, and what a
    commit raises.

    A product that events registered is a person's from now on: it follows them no more.
    """
    check_location(registry.data_prefixes, changes.output_port)
    now = registry.now()

    def change(file: ProductsFile) -> tuple[ProductsFile, Product]:
        product = _expected(file, name, precondition).to_model()
        if changes.openlineage:
            _refuse_taken(file.products.values(), name, changes.openlineage)
        moved = max(now, product.updated_at + TICK)
        update = {**changes.to_attributes(), "updated_at": moved, "observed": None}
        changed = product.model_copy(update=update)
        return file.with_product(changed), changed

    return context.commit_audited(registry.products, change)


def delete_product(
    context: RequestContext, registry: Registry, name: str, precondition: Precondition | None = None
) -> DeletedProduct:
    """Remove a product, which hides every entry that names it, then remove those entries.

    The product is gone once its commit is: if storage fails after that, the hidden entries are
    left to the scheduled run. Raises ProductNotFound, ProductChanged, and what a commit raises.
    """

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        _expected(file, name, precondition)
        kept = {key: product for key, product in file.products.items() if key != name}
        return file.model_copy(update={"products": kept}), None

    context.commit_audited(registry.products, change)
    try:
        removed = registration.prune_lineage(context, registry, naming=name)
    except (StorageUnavailable, OutcomeUnknown, Contended) as error:
        logger.warning("the entries that name '%s' are left to the scheduled run: %s", name, error)
        removed = None
    return DeletedProduct(name=name, lineage_entries_removed=removed)


def _refuse_taken(
    products: Iterable[ProductRecord], name: str, datasets: Sequence[DatasetName]
) -> None:
    """A dataset is one product at most."""
    wanted = {RecordedName(each.namespace, each.name) for each in datasets}
    for product in products if wanted else ():
        if product.name != name and (taken := wanted.intersection(product.openlineage)):
            first = min(taken, key=lambda each: (each.namespace, each.name))
            raise DatasetNameTaken(first.namespace, first.name, product.name)


def _expected(file: ProductsFile, name: str, precondition: Precondition | None) -> ProductRecord:
    product = get_product_record(file, name)
    if precondition and not precondition(product.to_model()):
        raise ProductChanged(name)
    return product
