"""Resolves datasets to products: finds or registers them, and keeps them up to date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datamesh.errors import LimitReached
from datamesh.models.product_facts import Observation, select_latest
from datamesh.models.products import (
    MAX_DATASET_NAMES,
    MAX_DOMAIN_LENGTH,
    UNOWNED,
    DatasetName,
    ProductStatus,
    Provenance,
    StoredProduct,
)
from datamesh.models.values import TICK
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.naming import build_product_name
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.statements import DatasetSymlink
from datamesh.services.registry.checks import join_checks
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.product_facts import (
    apply_facts,
    describe_dataset,
    is_shown_alike,
)
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord


@dataclass(frozen=True)
class EventPolicy:
    """What the operator has decided about events."""

    auto_register: bool = True
    """Whether datasets without a product are registered as one."""
    domains: Mapping[str, str] = field(default_factory=dict)
    """Namespace (of a dataset, or of a job) -> domain."""

    def choose_domain(self, observed: DatasetObservations) -> str:
        """Return the domain of a dataset that is to be registered.

        It is the configured one, else the namespace of the job, else that of the dataset.
        """
        namespaces = (observed.dataset.namespace, observed.job_namespace)
        for namespace in namespaces:
            if namespace in self.domains:
                return self.domains[namespace]
        for namespace in reversed(namespaces):
            if domain := namespace.strip()[:MAX_DOMAIN_LENGTH].strip():
                return domain
        return "unknown"


type Resolution = Mapping[DatasetName, str]
"""Dataset -> name of its product. A dataset that is skipped is missing."""


def resolve_products(
    file: ProductsFile,
    observations: Mapping[DatasetName, DatasetObservations],
    symlinks: Iterable[DatasetSymlink],
    policy: EventPolicy,
    limit: int,
    now: datetime,
    dataset_names: DatasetNameIndex | None = None,
) -> tuple[ProductsFile, Resolution]:
    """Resolve datasets to products, and return the file with what was observed of them.

    `dataset_names` are those of the file, if they are known already. Returns `file` itself if
    nothing is new. Raises LimitReached if there would be more than `limit` products.
    """
    resolver = ProductResolver(file, symlinks, policy, limit, now, dataset_names)
    resolution = {}
    for dataset in sorted(observations, key=get_name_key):
        if product := resolver.resolve(observations[dataset]):
            resolution[dataset] = product
    return resolver.build_file(), resolution


class ProductResolver:
    """The products of a file, with an index of their datasets, while events change them."""

    def __init__(
        self,
        file: ProductsFile,
        symlinks: Iterable[DatasetSymlink],
        policy: EventPolicy,
        limit: int,
        now: datetime,
        dataset_names: DatasetNameIndex | None = None,
    ) -> None:
        self._file = file
        self._policy = policy
        self._limit = limit
        self._now = now
        self._products = file.products
        self._dataset_names = dataset_names or DatasetNameIndex(self._products.values())
        self._symlinks: dict[DatasetName, set[DatasetName]] = {}
        for symlink in symlinks:
            self._symlinks.setdefault(symlink.dataset, set()).add(symlink.other)
        self._changed = False

    def build_file(self) -> ProductsFile:
        """Return the file with all changes; the very file that it began with if there are none."""
        if not self._changed:
            return self._file
        return self._file.model_copy(update={"products": self._products})

    def resolve(self, observed: DatasetObservations) -> str | None:
        """Find or register the product of a dataset, update it, and return its name.

        Returns None if there is none, and none is to be registered. Raises LimitReached.
        """
        others = sorted(self._symlinks.get(observed.dataset, ()), key=get_name_key)
        if found := self._find_product(observed.dataset, others):
            known = found.to_model()
            product = self._add_names(known, observed.dataset, others)
            product = self._apply_observations(product, observed)
            if product is not known and is_shown_alike(known, product):
                self._store(product)
            elif product is not known:
                moved = max(self._now, known.updated_at + TICK)
                self._store(product.model_copy(update={"updated_at": moved}))
            return known.name
        if not self._policy.auto_register:
            return None
        product = self._build_product(observed, others)
        self._store(product)
        return product.name

    def _find_product(
        self, dataset: DatasetName, others: list[DatasetName]
    ) -> ProductRecord | None:
        for alias in (*others, dataset):
            if name := self._dataset_names.find_product(alias):
                return self._products[name]
        by_rule = build_product_name(others[0] if others else dataset)
        return self._products.get(dataset.name) or self._products.get(by_rule)

    def _build_product(
        self, observed: DatasetObservations, others: list[DatasetName]
    ) -> StoredProduct:
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        dataset = observed.dataset
        product = StoredProduct(
            name=build_product_name(others[0] if others else dataset),
            domain=self._policy.choose_domain(observed),
            owner=UNOWNED,
            description=describe_dataset(dataset),
            schema={},
            status=ProductStatus.INACTIVE,
            openlineage=sorted([dataset, *others][:MAX_DATASET_NAMES], key=get_name_key),
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
            observed=Provenance(),
        )
        return self._apply_observations(product, observed)

    def _add_names(
        self, product: StoredProduct, dataset: DatasetName, others: list[DatasetName]
    ) -> StoredProduct:
        """Add the names that were not known, unless another product has them."""
        known = set(product.openlineage)
        if known.isdisjoint((dataset, *others)):  # found by its own name, not by one of those
            return product
        new = [name for name in (dataset, *others) if not self._dataset_names.find_product(name)]
        names = [*product.openlineage, *new][:MAX_DATASET_NAMES]
        if len(names) == len(known):
            return product
        return product.model_copy(update={"openlineage": sorted(names, key=get_name_key)})

    def _apply_observations(
        self, product: StoredProduct, observed: DatasetObservations
    ) -> StoredProduct:
        update: dict[str, object] = {}
        if observed.checks:
            update |= _update_quality(product, observed)
        if known := product.observed:
            update |= _update_observed(product, known, observed)
        changed = apply_facts(product.model_copy(update=update), observed.facts)
        is_same = changed == product and [*changed.schema_] == [*product.schema_]
        return product if is_same else changed

    def _store(self, product: StoredProduct) -> None:
        if not self._changed:
            self._products = dict(self._products)
            self._changed = True
        record = self._products[product.name] = ProductRecord.from_model(product)
        self._dataset_names.add_product(record)


def _update_quality(product: StoredProduct, observed: DatasetObservations) -> dict[str, object]:
    """Take the quality of the latest run, unless something else has checked the data since."""
    checks = join_checks(product.checks, observed.checks)
    known, of_run = product.quality, checks[0].to_quality()
    quality = known if known and known.checked_at > of_run.checked_at else of_run
    return {"checks": checks, "quality": quality}


def _update_observed(
    product: StoredProduct, known: Provenance, observed: DatasetObservations
) -> dict[str, object]:
    """Take the latest schema and owner of what is known and what was observed now."""
    schema = owner = None
    if known.schema_at:
        schema = Observation(value=product.schema_, at=known.schema_at, is_cut=known.schema_cut)
    if known.owner_at:
        owner = Observation(value=product.owner, at=known.owner_at, rank=known.owner_rank)
    update: dict[str, object] = {}
    schema = select_latest(schema, observed.schema_)
    if schema and "schema" not in product.edited:
        update["schema_"] = schema.value
        known = known.model_copy(update={"schema_at": schema.at, "schema_cut": schema.is_cut})
    owner = select_latest(owner, observed.owner)
    if owner and "owner" not in product.edited:
        update["owner"] = owner.value
        known = known.model_copy(update={"owner_at": owner.at, "owner_rank": owner.rank})
    return {**update, "observed": known}
