"""The index of what the products of a file may be called, for choosing their names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datamesh.services.registry.dataset_names import (
    MAX_KEPT_CHARACTERS,
    compare_products,
    count_characters,
)
from datamesh.services.registry.product_naming import list_wordy_names
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedName


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


@dataclass(frozen=True)
class _IndexedNames:
    """The names that the products of a file may have, as far as they follow events."""

    records: Mapping[str, ProductRecord] = field(default_factory=dict)
    datasets: dict[str, tuple[RecordedName, ...]] = field(default_factory=dict)
    digests: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    characters: int = 0
    """How long the names of the datasets are, together."""


class WantedNamesCache:
    """The index of the latest products file that was asked for.

    The next file mostly has the same records, or others with the same datasets, so that only the
    rest is looked at.
    """

    def __init__(self) -> None:
        self._indexed = _IndexedNames()

    def open_index(self, file: ProductsFile) -> WantedNames:
        """Return an index of the products of a file, for a change of them."""
        if self._indexed.records is not file.products:
            self._indexed = _follow_records(self._indexed, file.products)
        wanted = WantedNames(self._indexed.counts)
        if self._indexed.characters > MAX_KEPT_CHARACTERS:
            self._indexed = _IndexedNames()
        return wanted


def _follow_records(before: _IndexedNames, records: Mapping[str, ProductRecord]) -> _IndexedNames:
    """Return the index of these records, from that of the records before."""
    gone, new = compare_products(before.records, records)
    told = {name: each.hash_datasets() for name, each in new.items() if each.has_followed_name}
    changed = {name for name, digest in told.items() if before.digests.get(name) != digest}
    counts, datasets, digests = dict(before.counts), dict(before.datasets), before.digests | told
    characters = before.characters
    for name in changed | (gone.keys() - told.keys()):
        if name in datasets:
            removed = datasets.pop(name)
            del digests[name]
            _count_names(counts, removed, -1)
            characters -= count_characters(removed)
    for name in changed:
        datasets[name] = records[name].openlineage
        digests[name] = told[name]
        _count_names(counts, datasets[name], 1)
        characters += count_characters(datasets[name])
    return _IndexedNames(records, datasets, digests, counts, characters)


def _count_names(counts: dict[str, int], datasets: Iterable[RecordedName], by: int) -> None:
    for name in list_names_of(datasets):
        counts[name] = counts.get(name, 0) + by
        if not counts[name]:
            del counts[name]
