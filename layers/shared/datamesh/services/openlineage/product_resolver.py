"""From datasets to products: found by their names, or registered, and kept up to date."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datamesh.errors import LimitReached
from datamesh.models.products import (
    MAX_DATASET_NAMES,
    MAX_DESCRIPTION_LENGTH,
    MAX_DOMAIN_LENGTH,
    UNOWNED,
    DatasetName,
    ProductStatus,
    Provenance,
    StoredProduct,
)
from datamesh.models.values import TICK
from datamesh.services.openlineage.facets import name_key
from datamesh.services.openlineage.naming import product_name
from datamesh.services.openlineage.observations import Facts, Told, joined_checks, newest
from datamesh.services.openlineage.statements import Symlink
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedName

BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Policy:
    """What the operator decides about events."""

    auto_register: bool = True
    domains: Mapping[str, str] = field(default_factory=dict)
    """Namespace (of a dataset, or of a job) -> domain."""

    def domain(self, facts: Facts) -> str:
        namespaces = (facts.dataset.namespace, facts.job_namespace)
        for namespace in namespaces:
            if namespace in self.domains:
                return self.domains[namespace]
        for namespace in reversed(namespaces):
            if domain := namespace.strip()[:MAX_DOMAIN_LENGTH].strip():
                return domain
        return "unknown"


type Resolution = Mapping[DatasetName, str]
"""Dataset -> product. One that is skipped is missing."""


def settled(
    file: ProductsFile,
    facts: Mapping[DatasetName, Facts],
    symlinks: Iterable[Symlink],
    policy: Policy,
    limit: int,
    now: datetime,
) -> tuple[ProductsFile, Resolution]:
    """The file with what the facts say; that very file if they say nothing new.

    Raises LimitReached.
    """
    catalog = _Catalog(file, symlinks, policy, limit, now)
    resolution = {}
    for dataset in sorted(facts, key=name_key):
        if product := catalog.settle(facts[dataset]):
            resolution[dataset] = product
    return catalog.file(), resolution


class _Catalog:
    def __init__(
        self,
        file: ProductsFile,
        symlinks: Iterable[Symlink],
        policy: Policy,
        limit: int,
        now: datetime,
    ) -> None:
        self._file = file
        self._policy = policy
        self._limit = limit
        self._now = now
        self._products = dict(file.products)
        self._owners: dict[RecordedName, str] = {
            alias: product.name
            for product in self._products.values()
            for alias in product.openlineage
        }
        self._symlinks: dict[DatasetName, set[DatasetName]] = {}
        for symlink in symlinks:
            self._symlinks.setdefault(symlink.dataset, set()).add(symlink.other)
        self._changed = False

    def file(self) -> ProductsFile:
        if not self._changed:
            return self._file
        return self._file.model_copy(update={"products": self._products})

    def settle(self, facts: Facts) -> str | None:
        """The product's name; None if there is none, and none is to be registered."""
        others = sorted(self._symlinks.get(facts.dataset, ()), key=name_key)
        if found := self._found(facts.dataset, others):
            known = found.to_model()
            product = self._updated(self._learned(known, facts.dataset, others), facts)
            if product is not known:
                moved = max(self._now, known.updated_at + TICK)
                self._put(product.model_copy(update={"updated_at": moved}))
            return known.name
        if not self._policy.auto_register:
            return None
        product = self._registered(facts, others)
        self._put(product)
        return product.name

    def _found(self, dataset: DatasetName, others: list[DatasetName]) -> ProductRecord | None:
        for alias in (*others, dataset):
            if name := self._owners.get(_key(alias)):
                return self._products[name]
        by_rule = product_name(others[0] if others else dataset)
        return self._products.get(dataset.name) or self._products.get(by_rule)

    def _registered(self, facts: Facts, others: list[DatasetName]) -> StoredProduct:
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        dataset = facts.dataset
        product = StoredProduct(
            name=product_name(others[0] if others else dataset),
            domain=self._policy.domain(facts),
            owner=UNOWNED,
            description=_description(dataset),
            schema={},
            status=ProductStatus.INACTIVE,
            openlineage=sorted([dataset, *others][:MAX_DATASET_NAMES], key=name_key),
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
            observed=Provenance(),
        )
        return self._updated(product, facts)

    def _learned(
        self, product: StoredProduct, dataset: DatasetName, others: list[DatasetName]
    ) -> StoredProduct:
        """With the names that were not known, unless another product has them."""
        known = set(product.openlineage)
        if known.isdisjoint((dataset, *others)):  # found by its own name, not by one of those
            return product
        new = [name for name in (dataset, *others) if _key(name) not in self._owners]
        names = [*product.openlineage, *new][:MAX_DATASET_NAMES]
        if len(names) == len(known):
            return product
        return product.model_copy(update={"openlineage": sorted(names, key=name_key)})

    def _updated(self, product: StoredProduct, facts: Facts) -> StoredProduct:
        update: dict[str, object] = {}
        if facts.checks:
            update |= _checked(product, facts)
        if seen := product.observed:
            update |= _followed(product, seen, facts)
        changed = product.model_copy(update=update)
        return product if changed == product else changed

    def _put(self, product: StoredProduct) -> None:
        self._changed = True
        row = self._products[product.name] = ProductRecord.from_model(product)
        self._owners |= dict.fromkeys(row.openlineage, product.name)


def _key(dataset: DatasetName) -> RecordedName:
    return RecordedName(dataset.namespace, dataset.name)


def _checked(product: StoredProduct, facts: Facts) -> dict[str, object]:
    """The quality is that of the latest run, unless something else has checked the data since."""
    checks = joined_checks(product.checks, facts.checks)
    known, told = product.quality, checks[0].to_quality()
    quality = known if known and known.checked_at > told.checked_at else told
    return {"checks": checks, "quality": quality}


def _followed(product: StoredProduct, seen: Provenance, facts: Facts) -> dict[str, object]:
    """The changes of a product that follows what events tell."""
    schema = Told(value=product.schema_, at=seen.schema_at) if seen.schema_at else None
    owner = (
        Told(value=product.owner, at=seen.owner_at, rank=seen.owner_rank) if seen.owner_at else None
    )
    update: dict[str, object] = {}
    if schema := newest(schema, facts.schema_):
        update["schema_"] = schema.value
        seen = seen.model_copy(update={"schema_at": schema.at})
    if owner := newest(owner, facts.owner):
        update["owner"] = owner.value
        seen = seen.model_copy(update={"owner_at": owner.at, "owner_rank": owner.rank})
    return {**update, "observed": seen}


def _description(dataset: DatasetName) -> str:
    named = BLANKS.sub(" ", f"Dataset {dataset.name} of {dataset.namespace}, seen in events")
    return named[:MAX_DESCRIPTION_LENGTH].strip()
