"""The results that are computed once for each revision, and kept between requests."""

from collections.abc import Callable
from typing import Any
from weakref import ref

from datamesh.storage.files import LineageFile, ProductsFile

type Computation[T] = Callable[[LineageFile, ProductsFile], T]
"""Computes a value from one version of each file. The value may hold records, but neither file."""


class RevisionCache:
    """Values that were computed from the latest version of each file that was asked for.

    A file is recognised by its identity: a document returns the same object while nothing has
    changed. A value lives no longer than the files that it was computed from, so that the records
    of an older version are not kept in memory beside those of the present one. What is computed
    from an older version is not kept: a read of the past is rare, and the next request is for the
    present again.
    """

    def __init__(self) -> None:
        self._versions: tuple[ref[LineageFile], ref[ProductsFile]] | None = None
        self._values: dict[Computation[Any], Any] = {}

    def get[T](self, compute: Computation[T], lineage: LineageFile, products: ProductsFile) -> T:
        """Return `compute(lineage, products)`, which is called once for these two versions."""
        if not self._is_kept(lineage, products):
            if self._is_outdated(lineage, products):
                return compute(lineage, products)
            self._versions = ref(lineage, self._drop_values), ref(products, self._drop_values)
            self._values = {}
        if compute not in self._values:
            self._values[compute] = compute(lineage, products)
        value: T = self._values[compute]
        return value

    def _is_kept(self, lineage: LineageFile, products: ProductsFile) -> bool:
        kept = self._versions
        return kept is not None and kept[0]() is lineage and kept[1]() is products

    def _is_outdated(self, lineage: LineageFile, products: ProductsFile) -> bool:
        """Tell whether versions are kept, and still in use, that these two are not newer than."""
        if self._versions is None:
            return False
        kept_lineage, kept_products = self._versions[0](), self._versions[1]()
        if kept_lineage is None or kept_products is None:
            return False
        newer = lineage.revision - kept_lineage.revision, products.revision - kept_products.revision
        return min(newer) < 0 or max(newer) == 0

    def _drop_values(self, file: ref[Any]) -> None:
        """Drop all values once one of their two files is gone."""
        if self._versions is not None and any(file is each for each in self._versions):
            self._versions, self._values = None, {}
