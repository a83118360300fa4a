"""The view of lineage under the names of now, kept between requests."""

from collections.abc import Callable
from typing import Any
from weakref import ref

from datamesh.storage.files import LineageFile, ProductsFile

type FollowRenames = Callable[[LineageFile, ProductsFile], LineageFile]
"""Returns a lineage file under the names of now; the very file if no entry is concerned."""


class RenamesCache:
    """The view of the latest two versions that were asked for, which it does not outlive.

    A file is recognised by its identity: a document returns the same object while nothing has
    changed. Indexes recognise the view in the same way, so that it has to stay the same, too.
    """

    def __init__(self) -> None:
        self._versions: tuple[ref[LineageFile], ref[ProductsFile]] | None = None
        self._view: LineageFile | None = None

    def get_view(
        self, lineage: LineageFile, products: ProductsFile, follow: FollowRenames
    ) -> LineageFile:
        """Return `follow(lineage, products)`, which is called once for these two versions."""
        if not products.renamed:
            return lineage
        kept = self._versions
        if kept is None or kept[0]() is not lineage or kept[1]() is not products:
            self._versions = ref(lineage, self._drop_view), ref(products, self._drop_view)
            view = follow(lineage, products)
            # The file must not keep itself alive.
            self._view = None if view is lineage else view
        return lineage if self._view is None else self._view

    def _drop_view(self, file: ref[Any]) -> None:
        """Drop the view once one of its two files is gone."""
        if self._versions is not None and any(file is each for each in self._versions):
            self._versions, self._view = None, None
