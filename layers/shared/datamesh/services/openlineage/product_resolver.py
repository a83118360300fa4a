"""Resolves datasets to products: finds or registers them, and keeps them up to date.

A dataset is the product that has its name in `openlineage`. Datasets that symlinks tie together are
one product: those that were two become one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from datamesh.errors.storage import LimitReached
from datamesh.models.access import Visibility
from datamesh.models.lifecycle import NO_LIFE, DatasetLife
from datamesh.models.products import UNOWNED, DatasetName
from datamesh.models.stored_products import DatasetMention, Provenance, StoredProduct
from datamesh.models.values import TICK
from datamesh.services.openlineage.dataset_groups import DatasetGroup, group_datasets
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.lives import has_doubt
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.product_namer import (
    ProductNamer,
    choose_first_name,
    find_first_dataset,
    has_digest,
)
from datamesh.services.openlineage.product_updates import (
    add_names,
    apply_observations,
    follow_first,
    is_after_another,
    is_same,
    observe_product,
    update_observed,
)
from datamesh.services.openlineage.statements import DatasetSymlink
from datamesh.services.registry.concealed import find_concealing_domain
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.merging import can_merge, merge_products
from datamesh.services.registry.product_facts import describe_dataset, is_shown_alike
from datamesh.services.registry.renames import add_redirect
from datamesh.services.registry.wanted_names import WantedNames
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

KEPT_PRIVATE: Mapping[str, Any] = {"visibility": Visibility.PRIVATE, "edited": ("domain",)}
"""The fields of a product whose dataset was that of a private one: they follow no events."""

type Resolution = Mapping[DatasetName, str]
"""Dataset -> name of its product. A dataset that is skipped is missing."""


class ResolvedProducts(NamedTuple):
    """The products of some datasets, and a file that has them."""

    file: ProductsFile
    """The very file that was looked at, if nothing is new."""
    resolution: Resolution
    doubts: Mapping[str, DatasetLife]
    """Products of which events may have changed whether they are dropped -> what was told."""
    gained: Mapping[str, Sequence[DatasetName]]
    """Products -> the datasets that are new to them."""


def resolve_products(
    file: ProductsFile,
    observations: Mapping[DatasetName, DatasetObservations],
    symlinks: Sequence[DatasetSymlink],
    policy: EventPolicy,
    limit: int,
    now: datetime,
    names: DatasetNameIndex,
    open_wanted_names: Callable[[], WantedNames],
) -> ResolvedProducts:
    """Resolve datasets to products, and return the file with what was observed of them.

    `names` are the datasets of its products. Raises LimitReached if there would be more than
    `limit` products.
    """
    resolver = ProductResolver(file, names, policy, limit, now, open_wanted_names)
    told_by: dict[DatasetName, list[DatasetObservations]] = {
        dataset: [each] for dataset, each in observations.items()
    }
    for each in symlinks:
        if each.at:
            other = DatasetObservations(dataset=each.other, at=each.at)
            told_by.setdefault(each.other, []).append(other)
    for group in _group_observed(observations, symlinks, names):
        for part in resolver.split_group(group):
            seen = [observations[each] for each in part.datasets if each in observations]
            if seen and (part.products or not all(each.is_gone for each in seen)):
                told = [each for dataset in part.datasets for each in told_by.get(dataset, ())]
                resolver.resolve_group(part, told[0].join_with(*told[1:]))
    return resolver.build_file()


def _group_observed(
    observations: Mapping[DatasetName, DatasetObservations],
    symlinks: Iterable[DatasetSymlink],
    names: DatasetNameIndex,
) -> list[DatasetGroup]:
    """Return the groups of what was observed, of its other names, and of their products."""
    ties: list[tuple[DatasetName, DatasetName | str]] = [
        (each.dataset, each.other) for each in symlinks
    ]
    datasets = {*observations, *(each.other for each in symlinks)}
    ties += [(each, product) for each in datasets if (product := names.find_product(each))]
    return group_datasets(sorted(datasets, key=get_name_key), ties)


class ProductResolver:
    """The products of a file, while events change them."""

    def __init__(
        self,
        file: ProductsFile,
        names: DatasetNameIndex,
        policy: EventPolicy,
        limit: int,
        now: datetime,
        open_wanted_names: Callable[[], WantedNames],
    ) -> None:
        self._file = file
        self._names = names
        self._policy = policy
        self._limit = limit
        self._now = now
        self._open_wanted_names = open_wanted_names
        self._opened_namer: ProductNamer | None = None
        self._products = file.products
        self._renamed = file.renamed
        self._resolution: dict[DatasetName, str] = {}
        self._doubts: dict[str, DatasetLife] = {}
        self._gained: dict[str, list[DatasetName]] = {}

    @property
    def _namer(self) -> ProductNamer:
        """The chooser of names, opened by the first product that needs one."""
        if self._opened_namer is None:
            self._opened_namer = ProductNamer(self._open_wanted_names())
        return self._opened_namer

    def split_group(self, group: DatasetGroup) -> list[DatasetGroup]:
        """Return a group in parts that have at most one product which events do not follow.

        Events make no two products one that people have registered or changed. The oldest of them
        is that of the datasets which are none of the others'.
        """
        by_hand = [each for each in group.products if not self._products[each].is_observed]
        if len(by_hand) < 2:
            return [group]
        by_hand.sort(key=lambda each: (self._products[each].since_revision, each))
        parts = {each: DatasetGroup(products=[each]) for each in by_hand}
        for dataset in group.datasets:
            product = self._names.find_product(dataset)
            parts[product if product in parts else by_hand[0]].datasets.append(dataset)
        parts[by_hand[0]].products += [each for each in group.products if each not in parts]
        return list(parts.values())

    def resolve_group(self, group: DatasetGroup, observed: DatasetObservations) -> None:
        """Find or register the product of some datasets that are one, and update it.

        Raises LimitReached.
        """
        if group.products:
            name = self._merge_products(group.products)
        elif self._policy.auto_register:
            name = self._register_product(observed, group.datasets)
        else:
            return
        self._update_product(name, observed, group.datasets)
        self._resolution |= dict.fromkeys(group.datasets, name)

    def build_file(self) -> ResolvedProducts:
        """Return the file with all changes, and the product of each dataset.

        It is the very file that it began with if there are none.
        """
        names = self._namer.choose_names(self._products) if self._opened_namer else {}
        if self._products is self._file.products and not names:
            return ResolvedProducts(self._file, self._resolution, self._doubts, self._gained)
        return ResolvedProducts(
            self._rename_products(names),
            {dataset: names.get(name, name) for dataset, name in self._resolution.items()},
            {names.get(name, name): life for name, life in self._doubts.items()},
            {names.get(name, name): datasets for name, datasets in self._gained.items()},
        )

    def _merge_products(self, products: list[str]) -> str:
        """Make products that are one dataset one product, and return its name.

        One that people have registered or changed stays, else the one that was named first.
        """
        winner, *losers = sorted(products, key=self._rank_product)
        for loser in losers:
            if can_merge(self._products[winner], self._products[loser]):
                self._merge_product(winner, loser)
        return winner

    def _rank_product(self, name: str) -> tuple[bool, object]:
        product = self._products[name].to_model()
        known = product.observed
        first = known.first if known and known.first else None
        mention = first or DatasetMention(
            dataset=find_first_dataset(product), at=product.created_at
        )
        return (known is not None and not product.edited, mention.order)

    def _merge_product(self, winner: str, loser: str) -> None:
        stays, gone = self._products[winner].to_model(), self._products[loser].to_model()
        merged = merge_products(self._get_file(), winner, loser, self._now)
        self._renamed = merged.renamed
        if stays.lifecycle_state or gone.lifecycle_state:
            self._doubts[winner] = NO_LIFE
        record = self._edit_products().pop(loser)
        self._namer.drop_product(loser)
        if record.has_followed_name:
            self._namer.change_datasets(record.openlineage, (), self._products)
        product = merged.products[winner].to_model()
        if stays.observed and gone.observed:
            update = update_observed(stays, stays.observed, observe_product(gone, gone.observed))
            schema = {"schema_": stays.schema_, "owner": stays.owner}
            product = product.model_copy(update=schema | update)
        self._store(product)

    def _get_file(self) -> ProductsFile:
        return self._file.model_copy(update={"products": self._products, "renamed": self._renamed})

    def _rename_products(self, names: Mapping[str, str]) -> ProductsFile:
        """Return the file with products under other names; those that were known redirect."""
        file, records = self._get_file(), dict(self._products)
        end: list[tuple[str, ProductRecord]] = []
        left = len(names)
        while left:  # most are new, and stand at the end
            end.append(records.popitem())
            left -= end[-1][0] in names
        for name, record in reversed(end):
            if not (new := names.get(name)):
                records[name] = record
                continue
            product = record.to_model()
            update: dict[str, object] = {"name": new}
            if self._is_known(product):
                redirects = add_redirect(file, record, new, self._now)
                file = file.model_copy(update={"renamed": redirects})
                # Entries of an earlier product of the new name are older than this.
                update["since_revision"] = self._file.revision + 1
                update["updated_at"] = max(self._now, product.updated_at + TICK)
            records[new] = ProductRecord.from_model(product.model_copy(update=update))
        return file.model_copy(update={"products": records})

    def _is_known(self, product: StoredProduct) -> bool:
        """Tell whether a product was there before this change."""
        return product.since_revision <= self._file.revision

    def _register_product(self, observed: DatasetObservations, datasets: list[DatasetName]) -> str:
        if len(self._products) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        concealing = find_concealing_domain(self._file, datasets)
        product = StoredProduct(
            name=choose_first_name(observed.dataset, self._products),
            domain=concealing or "unknown",
            owner=UNOWNED,
            description=describe_dataset(observed.dataset),
            schema={},
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
            observed=Provenance(first=observed.mention),
            **KEPT_PRIVATE if concealing else {},
        )
        self._store(product)
        return product.name

    def _update_product(
        self, name: str, observed: DatasetObservations, datasets: list[DatasetName]
    ) -> None:
        known = self._products[name].to_model()
        product = apply_observations(known, observed)
        product = add_names(product, datasets)
        if gained := [each for each in product.openlineage if each not in known.openlineage]:
            self._gained[name] = gained
        if name in self._doubts or has_doubt(known, observed.life):
            self._doubts[name] = observed.life
        if product.observed:
            product = follow_first(product, self._policy)
        if not is_same(known, product):
            if self._is_known(known) and not is_shown_alike(known, product):
                moved = max(self._now, known.updated_at + TICK)
                product = product.model_copy(update={"updated_at": moved})
            self._store(product)
        if has_digest(name) and self._products[name].has_followed_name:
            self._namer.add_pending(name)

    def _edit_products(self) -> dict[str, ProductRecord]:
        """Return the products to change them: those of the file are copied by the first change."""
        if self._products is self._file.products:
            self._products = dict(self._products)
        return self._products

    def _store(self, product: StoredProduct) -> None:
        before, record = self._products.get(product.name), ProductRecord.from_model(product)
        self._edit_products()[product.name] = record
        if not record.has_followed_name:
            return
        datasets = before.openlineage if before else ()
        has_new_first = before and is_after_another(before.to_model(), product)
        if datasets != record.openlineage:
            self._namer.change_datasets(datasets, record.openlineage, self._products)
        if datasets != record.openlineage or has_new_first:
            self._namer.add_pending(product.name)
