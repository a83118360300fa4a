"""The index of what the products of a file may be called, for choosing their names."""

from collections.abc import Iterable, Mapping
from weakref import ref

from datamesh.services.registry.dataset_names import MAX_KEPT_CHARACTERS
from datamesh.services.registry.product_naming import list_wordy_names
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import RecordedName


class WantedNames:
    """How many products that follow events may be called by each name.

    A product may be called by the words of each of its datasets. A name that two may have, none
    has: so no name passes from one to another, and names do not depend on who came first.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._known = counts
        self._changes: dict[str, int] = {}

    def add_names(self, names: Iterable[str]) -> None:
        """Count names that one more product may be called by."""
        self._count(names, 1)

    def remove_names(self, names: Iterable[str]) -> None:
        """Count names that one product less may be called by."""
        self._count(names, -1)

    def _count(self, names: Iterable[str], by: int) -> None:
        for name in names:
            self._changes[name] = self._changes.get(name, 0) + by

    def is_shared(self, name: str) -> bool:
        """Tell whether several products may be called so."""
        return self._known.get(name, 0) + self._changes.get(name, 0) > 1


def list_names_of(datasets: Iterable[RecordedName]) -> set[str]:
    """Return all that a product of these datasets may be called, but for names with a digest."""
    return {name for dataset in datasets for name in list_wordy_names(dataset)}


class WantedNamesCache:
    """The index of the latest products file that was asked for.

    The next file mostly has the same products, so that only the others are looked at. A product is
    recognised by its datasets.
    """

    def __init__(self) -> None:
        self._indexed: ref[ProductsFile] | None = None
        self._datasets: dict[str, tuple[RecordedName, ...]] = {}
        self._digests: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def open_index(self, file: ProductsFile) -> WantedNames:
        """Return an index of the products of a file, for a change of them."""
        if self._indexed is None or self._indexed() is not file:
            self._follow(file)
            self._indexed = ref(file)
        wanted = WantedNames(self._counts)
        if _count_characters(self._datasets.values()) > MAX_KEPT_CHARACTERS:
            self._indexed, self._datasets, self._digests, self._counts = None, {}, {}, {}
        return wanted

    def _follow(self, file: ProductsFile) -> None:
        """Bring the index from the file before to this one."""
        counts, datasets, digests = dict(self._counts), dict(self._datasets), {}
        for name, product in file.products.items():
            if product.has_followed_name:
                digests[name] = product.hash_datasets()
        for name in self._digests.keys() - digests.keys():
            _count_names(counts, datasets.pop(name), -1)
        for name, digest in digests.items():
            if self._digests.get(name) != digest:
                _count_names(counts, datasets.get(name, ()), -1)
                datasets[name] = file.products[name].openlineage
                _count_names(counts, datasets[name], 1)
        self._counts, self._datasets, self._digests = counts, datasets, digests


def _count_characters(products: Iterable[tuple[RecordedName, ...]]) -> int:
    return sum(len(each.namespace) + len(each.name) for datasets in products for each in datasets)


def _count_names(counts: dict[str, int], datasets: Iterable[RecordedName], by: int) -> None:
    for name in list_names_of(datasets):
        counts[name] = counts.get(name, 0) + by
        if not counts[name]:
            del counts[name]
