"""Resolves datasets to products: finds or registers them, and keeps them up to date.

A dataset is the product that has its name in `openlineage`. Datasets that symlinks tie together are
one product: those that were two become one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from datamesh.errors import LimitReached
from datamesh.models.product_facts import Observation, select_latest
from datamesh.models.products import (
    MAX_DATASET_NAMES,
    UNOWNED,
    DatasetMention,
    DatasetName,
    Provenance,
    StoredProduct,
)
from datamesh.models.values import TICK
from datamesh.services.openlineage.dataset_groups import DatasetGroup, group_datasets
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.observations import (
    DatasetObservations,
    select_first,
    select_last,
)
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.product_namer import (
    ProductNamer,
    choose_first_name,
    find_first_dataset,
    has_digest,
)
from datamesh.services.openlineage.statements import DatasetSymlink
from datamesh.services.registry.checks import join_checks
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.merging import can_merge, merge_products
from datamesh.services.registry.product_facts import (
    apply_facts,
    describe_dataset,
    is_generated,
    is_shown_alike,
)
from datamesh.services.registry.renames import add_redirect
from datamesh.services.registry.wanted_names import WantedNames
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Resolution = Mapping[DatasetName, str]
"""Dataset -> name of its product. A dataset that is skipped is missing."""


def resolve_products(
    file: ProductsFile,
    observations: Mapping[DatasetName, DatasetObservations],
    symlinks: Sequence[DatasetSymlink],
    policy: EventPolicy,
    limit: int,
    now: datetime,
    names: DatasetNameIndex,
    open_wanted_names: Callable[[], WantedNames],
) -> tuple[ProductsFile, Resolution]:
    """Resolve datasets to products, and return the file with what was observed of them.

    `names` are the datasets of its products. Returns `file` itself if nothing is new. Raises
    LimitReached if there would be more than `limit` products.
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
            if any(dataset in observations for dataset in part.datasets):
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

    @property
    def _namer(self) -> ProductNamer:
        """What chooses names, opened by the first product that needs one."""
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

    def build_file(self) -> tuple[ProductsFile, Resolution]:
        """Return the file with all changes, and the product of each dataset.

        It is the very file that it began with if there are none.
        """
        names = self._namer.choose_names(self._products) if self._opened_namer else {}
        if self._products is self._file.products and not names:
            return self._file, self._resolution
        return self._rename_products(names), {
            dataset: names.get(product, product) for dataset, product in self._resolution.items()
        }

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
        record = self._edit_products().pop(loser)
        self._namer.drop_product(loser)
        if record.has_followed_name:
            self._namer.change_datasets(record.openlineage, (), self._products)
        product = merged.products[winner].to_model()
        if stays.observed and gone.observed:
            update = _update_observed(stays, stays.observed, _observe_product(gone, gone.observed))
            schema = {"schema_": stays.schema_, "owner": stays.owner}
            product = product.model_copy(update=schema | update)
        self._store(product)

    def _get_file(self) -> ProductsFile:
        return self._file.model_copy(update={"products": self._products, "renamed": self._renamed})

    def _rename_products(self, names: Mapping[str, str]) -> ProductsFile:
        """Return the file with products under other names; those that were known redirect."""
        file, records = self._get_file(), {}
        for name, record in self._products.items():
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
        product = StoredProduct(
            name=choose_first_name(observed.dataset, self._products),
            domain="unknown",
            owner=UNOWNED,
            description=describe_dataset(observed.dataset),
            schema={},
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
            observed=Provenance(first=observed.mention),
        )
        self._store(product)
        return product.name

    def _update_product(
        self, name: str, observed: DatasetObservations, datasets: list[DatasetName]
    ) -> None:
        known = self._products[name].to_model()
        product = self._apply_observations(known, observed)
        product = self._add_names(product, datasets)
        if product.observed:
            product = self._follow_first(product)
        if not _is_same(known, product):
            if self._is_known(known) and not is_shown_alike(known, product):
                moved = max(self._now, known.updated_at + TICK)
                product = product.model_copy(update={"updated_at": moved})
            self._store(product)
        if has_digest(name) and self._products[name].has_followed_name:
            self._namer.add_pending(name)

    def _add_names(self, product: StoredProduct, datasets: list[DatasetName]) -> StoredProduct:
        """Add the names that were not known, as far as there is room."""
        known = set(product.openlineage)
        new = sorted(set(datasets) - known, key=get_name_key)
        if product.observed:  # what it is called after is never left out
            new.sort(key=lambda each: each != find_first_dataset(product))
        names = [*product.openlineage, *new][:MAX_DATASET_NAMES]
        if len(names) == len(known):
            return product
        return product.model_copy(update={"openlineage": sorted(names, key=get_name_key)})

    def _follow_first(self, product: StoredProduct) -> StoredProduct:
        """Return a product that follows events, with the domain and description they lead to."""
        observed, first = product.observed, find_first_dataset(product)
        if observed is None or observed.first is None:
            return product  # of an earlier version, of which nothing is known yet
        named = [first, *(each for each in product.openlineage if each != first)]
        update: dict[str, object] = {"domain": self._policy.choose_domain(named, observed)}
        if is_generated(product):
            update["description"] = describe_dataset(first)
        free = {key: value for key, value in update.items() if key not in product.edited}
        return product.model_copy(update=free)

    def _apply_observations(
        self, product: StoredProduct, observed: DatasetObservations
    ) -> StoredProduct:
        update: dict[str, object] = {}
        if observed.checks:
            update |= _update_quality(product, observed)
        if known := product.observed:
            update |= _update_observed(product, known, observed)
        changed = apply_facts(product.model_copy(update=update), observed.facts)
        return product if _is_same(product, changed) else changed

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
        is_after_another = before and _is_after_another(before.to_model(), product)
        if datasets != record.openlineage:
            self._namer.change_datasets(datasets, record.openlineage, self._products)
        if datasets != record.openlineage or is_after_another:
            self._namer.add_pending(product.name)


def _is_same(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether nothing has changed, the order of fields included."""
    return before == after and [*before.schema_] == [*after.schema_]


def _is_after_another(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether a product is called after another dataset by now."""
    return bool(before.openlineage) and find_first_dataset(before) != find_first_dataset(after)


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
    before = _observe_product(product, known)
    update: dict[str, object] = {}
    schema = select_latest(before.schema_, observed.schema_)
    if schema and "schema" not in product.edited:
        update["schema_"] = schema.value
        known = known.model_copy(update={"schema_at": schema.at, "schema_cut": schema.is_cut})
    owner = select_latest(before.owner, observed.owner)
    if owner and "owner" not in product.edited:
        update["owner"] = owner.value
        known = known.model_copy(update={"owner_at": owner.at, "owner_rank": owner.rank})
    return {**update, "observed": _update_mentions(known, observed)}


def _update_mentions(known: Provenance, observed: DatasetObservations) -> Provenance:
    """Take what comes first of what is known and what was observed now.

    Products of earlier versions do not know who writes them: they learn it from the next writer.
    """
    if known.first is None and observed.writer is None:
        return known
    writer = select_first(known.writer, observed.writer)
    update = {
        "first": select_first(known.first, observed.mention),
        "renamed": select_last(known.renamed, observed.renamed),
        "writer": writer,
        "reader": None if writer else select_first(known.reader, observed.reader),
    }
    return known.model_copy(update=update)


def _observe_product(product: StoredProduct, known: Provenance) -> DatasetObservations:
    """Return what events have said about a product so far."""
    schema = owner = None
    if known.schema_at:
        schema = Observation(value=product.schema_, at=known.schema_at, is_cut=known.schema_cut)
    if known.owner_at:
        owner = Observation(value=product.owner, at=known.owner_at, rank=known.owner_rank)
    first = known.first or DatasetMention(
        dataset=find_first_dataset(product), at=product.created_at
    )
    return DatasetObservations(
        dataset=first.dataset,
        at=first.at,
        writer=known.writer,
        reader=known.reader,
        renamed=known.renamed,
        schema_=schema,
        owner=owner,
    )
