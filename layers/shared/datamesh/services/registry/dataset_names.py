"""The index of products by the datasets of OpenLineage that they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from datamesh.errors.products import DatasetNameTaken
from datamesh.models.products import DatasetName
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedName, count_common_start

MAX_KEPT_CHARACTERS = 4_000_000
"""How long all names may be that are kept between requests: a character can take four bytes."""

type DatasetProducts = Mapping[RecordedName, str]
"""Dataset -> name of the product that it is."""


class DatasetNameIndex:
    """The product that has each dataset, while a change adds products or names to them."""

    def __init__(
        self,
        products: Iterable[ProductRecord] = (),
        known: DatasetProducts = MappingProxyType({}),
    ) -> None:
        self._known = known
        """Datasets of other products, which the change may add to."""
        self._products: dict[RecordedName, str] = {}
        for product in products:
            self.add_product(product)

    def add_product(self, product: ProductRecord) -> None:
        """Add the datasets of a product."""
        for dataset in product.openlineage:
            self._products[dataset] = product.name

    def find_product(self, dataset: DatasetName) -> str | None:
        """Return the name of the product that has a dataset, or None."""
        name = RecordedName(dataset.namespace, dataset.name)
        return self._products.get(name) or self._known.get(name)

    def check_names(self, datasets: Iterable[DatasetName]) -> None:
        """Raise DatasetNameTaken for the first of the datasets, by name, that a product has."""
        for dataset in sorted(datasets, key=lambda each: (each.namespace, each.name)):
            if product := self.find_product(dataset):
                raise DatasetNameTaken(dataset.namespace, dataset.name, product)


@dataclass(frozen=True)
class _IndexedDatasets:
    """The datasets of the products of a file."""

    records: Mapping[str, ProductRecord] = field(default_factory=dict)
    products: dict[RecordedName, str] = field(default_factory=dict)
    count: int = 0
    """How many datasets the records have: more than `products`, if several have the same."""
    characters: int = 0
    """How long their names are, together."""


class DatasetNameCache:
    """The datasets of the latest products file that was asked for.

    The next file mostly has the same records, so that only the others are looked at.
    """

    def __init__(self) -> None:
        self._indexed = _IndexedDatasets()

    def open_index(self, file: ProductsFile) -> DatasetNameIndex:
        """Return an index of the products of a file, for a change of them."""
        if self._indexed.records is not file.products:
            self._indexed = _follow_records(self._indexed, file.products)
        index = DatasetNameIndex(known=self._indexed.products)
        if self._indexed.characters > MAX_KEPT_CHARACTERS:
            self._indexed = _IndexedDatasets()
        return index


def _follow_records(
    before: _IndexedDatasets, records: Mapping[str, ProductRecord]
) -> _IndexedDatasets:
    """Return the index of these records, from that of the records before."""
    gone, new = compare_products(before.records, records)
    removed = [dataset for record in gone.values() for dataset in record.openlineage]
    added = [(each, record.name) for record in new.values() for each in record.openlineage]
    products = dict(before.products)
    for dataset in removed:
        products.pop(dataset, None)
    products.update(added)
    count = before.count + len(added) - len(removed)
    if len(products) != count:  # of several products with the same dataset it is the last one
        products = {each: found.name for found in records.values() for each in found.openlineage}
    grown = count_characters(each for each, _ in added) - count_characters(removed)
    return _IndexedDatasets(records, products, count, before.characters + grown)


def compare_products(
    before: Mapping[str, ProductRecord], after: Mapping[str, ProductRecord]
) -> tuple[dict[str, ProductRecord], dict[str, ProductRecord]]:
    """Return the records that are gone, and those that are new, by name.

    One that was replaced is in both. Records do not change: the very same ones are passed over.
    """
    common = count_common_start(before.values(), after.values())
    old, new = (dict(islice(each.items(), common, None)) for each in (before, after))
    return (
        {name: record for name, record in old.items() if new.get(name) is not record},
        {name: record for name, record in new.items() if old.get(name) is not record},
    )


def count_characters(datasets: Iterable[RecordedName]) -> int:
    """Return how long the names of datasets are, together."""
    return sum(len(each.namespace) + len(each.name) for each in datasets)
