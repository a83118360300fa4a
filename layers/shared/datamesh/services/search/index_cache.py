"""Keeps the indexes of searches between requests."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import ref

from datamesh.storage.files import ProductsFile

if TYPE_CHECKING:
    from datamesh.services.search.index import SearchIndex

MAX_INDEXES = 3
"""How many are kept: the registry as administrators see it, and two views of others."""


@dataclass
class IndexCache:
    """The indexes of the files that were searched last, of which the latest is at the end.

    A file is known by its identity, as in `RevisionCache`. The index of a file that is gone takes
    over the next one, which is most likely its next revision: only what differs is indexed again.
    """

    _indexes: "list[tuple[ref[ProductsFile], SearchIndex]]" = field(default_factory=list)

    def open_index(self, file: ProductsFile) -> "SearchIndex":
        """Return the index of a file. Raises StorageUnavailable if it cannot be read."""
        from datamesh.services.search.index import SearchIndex

        place = next((i for i, (known, _) in enumerate(self._indexes) if known() is file), None)
        if place is not None:
            self._indexes.append(self._indexes.pop(place))
            return self._indexes[-1][1]
        gone = [i for i, (known, _) in enumerate(self._indexes) if known() is None]
        if gone:
            index = self._indexes.pop(gone[-1])[1]
        elif len(self._indexes) >= MAX_INDEXES:
            index = self._indexes.pop(0)[1]
        else:
            index = SearchIndex()
        index.update(file)
        self._indexes.append((ref(file), index))
        return index
