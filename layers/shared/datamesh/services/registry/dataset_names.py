"""The index of products by the datasets of OpenLineage that they are."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from weakref import ref

from datamesh.errors.products import DatasetNameTaken
from datamesh.models.products import DatasetName
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedName

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


class DatasetNameCache:
    """The datasets of the latest products file that was asked for, which it does not outlive.

    A file is recognised by its identity: a document returns the same object while nothing has
    changed. An event that changes no product so looks at no other one.
    """

    def __init__(self) -> None:
        self._indexed: ref[ProductsFile] | None = None
        self._products: DatasetProducts = MappingProxyType({})

    def open_index(self, file: ProductsFile) -> DatasetNameIndex:
        """Return an index of the products of a file, for a change of them."""
        if self._indexed is not None and self._indexed() is file:
            return DatasetNameIndex(known=self._products)
        products: dict[RecordedName, str] = {}
        size = 0
        for product in file.products.values():
            for dataset in product.openlineage:
                products[dataset] = product.name
                size += len(dataset.namespace) + len(dataset.name)
        if size <= MAX_KEPT_CHARACTERS:
            self._products, self._indexed = products, ref(file, self._drop_products)
        return DatasetNameIndex(known=products)

    def _drop_products(self, file: ref[ProductsFile]) -> None:
        """Drop the names of a file that is gone, before those of the next take memory."""
        if file is self._indexed:
            self._indexed, self._products = None, MappingProxyType({})
