"""The index of products by the datasets of OpenLineage that they are."""

from collections.abc import Iterable

from datamesh.errors import DatasetNameTaken
from datamesh.models.products import DatasetName
from datamesh.storage.records import ProductRecord, RecordedName


class DatasetNameIndex:
    """The product that has each dataset, while a change adds products or names to them."""

    def __init__(self, products: Iterable[ProductRecord]) -> None:
        self._products: dict[RecordedName, str] = {}
        for product in products:
            self.add_product(product)

    def add_product(self, product: ProductRecord) -> None:
        """Add the datasets of a product."""
        for dataset in product.openlineage:
            self._products[dataset] = product.name

    def find_product(self, dataset: DatasetName) -> str | None:
        """Return the name of the product that has a dataset, or None."""
        return self._products.get(RecordedName(dataset.namespace, dataset.name))

    def check_names(self, datasets: Iterable[DatasetName]) -> None:
        """Raise DatasetNameTaken for the first of the datasets, by name, that a product has."""
        for dataset in sorted(datasets, key=lambda each: (each.namespace, each.name)):
            if product := self.find_product(dataset):
                raise DatasetNameTaken(dataset.namespace, dataset.name, product)
