"""Datasets of OpenLineage that a person says are theirs, and that events had made a product of."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from datamesh.errors.products import DatasetNameTaken
from datamesh.models.products import DatasetName
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.merging import can_merge, is_of_events, merge_products
from datamesh.storage.files import ProductsFile

type Holders = Mapping[str, DatasetName]
"""The products that have any of some datasets, each with the first of them by name."""


def find_holders(index: DatasetNameIndex, datasets: Iterable[DatasetName]) -> Holders:
    """Return the products that have any of the datasets, each with the first of them by name."""
    holders: dict[str, DatasetName] = {}
    for dataset in sorted(datasets, key=lambda each: (each.namespace, each.name)):
        if product := index.find_product(dataset):
            holders.setdefault(product, dataset)
    return holders


def claim_datasets(
    file: ProductsFile, claimer: str, holders: Holders, now: datetime
) -> ProductsFile:
    """Return the file with the holders of a product's datasets merged into it.

    What events had made under them moves over, and their other names of the same dataset with it.
    Raises DatasetNameTaken for a holder that a person has registered or changed, and for one that
    has more names than the product may take.
    """
    for holder, dataset in holders.items():
        record = file.products[holder]
        if not is_of_events(record.to_model()) or not can_merge(file.products[claimer], record):
            raise DatasetNameTaken(dataset.namespace, dataset.name, holder)
        file = merge_products(file, claimer, holder, now)
    return file
