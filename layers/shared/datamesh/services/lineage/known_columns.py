"""The columns that products have, as their schemas say: lineage of others is of the past.

A column goes when the schema of its product no longer has it. The entries that name it stay as they
are, so that it is back when the column is; readers of columns leave it out. A product without a
schema may have any column.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from datamesh.errors.products import UnknownColumns
from datamesh.models.columns import fold_case
from datamesh.models.lineage import ColumnLineage, LineageRegistration
from datamesh.models.products import MAX_FIELD_LENGTH
from datamesh.storage.records import LineageRecord, ProductRecord


class ProductColumns:
    """The columns of one product."""

    def __init__(self, product: ProductRecord) -> None:
        self.names, is_complete = product.read_columns()
        """The columns of the schema in its order, then those that only folders have."""
        self._folded = {fold_case(name) for name in self.names}
        parts = (part for name in self._folded for part in _iterate_starts(name))
        self._structs = {*parts}
        self._is_complete = is_complete and bool(self.names)

    def has_column(self, name: str) -> bool:
        """Return whether there may be a column of this name, in any case of its letters.

        A field of a struct of which the schema lists no fields is a part of that. What schemas of
        events leave out, because it is too long or too much, is not denied.
        """
        if not self._is_complete or len(name) > MAX_FIELD_LENGTH:
            return True
        folded = fold_case(name)
        return folded in self._folded or any(
            start in self._folded and start not in self._structs
            for start in _iterate_starts(folded)
        )


class KnownColumns:
    """The columns of products, of which each is read once."""

    def __init__(self, products: Mapping[str, ProductRecord]) -> None:
        self._products = products
        self._columns: dict[str, ProductColumns] = {}

    def get_columns(self, product: str) -> ProductColumns:
        """Return the columns of a registered product."""
        if product not in self._columns:
            self._columns[product] = ProductColumns(self._products[product])
        return self._columns[product]

    def select_pairs(self, entry: LineageRecord) -> Iterator[ColumnLineage]:
        """Yield the pairs of columns of an entry that both ends still have."""
        pairs: Sequence[ColumnLineage] = entry.to_model().columns
        if pairs:
            source, target = self.get_columns(entry.source), self.get_columns(entry.target)
            yield from (
                each
                for each in pairs
                if source.has_column(each.source) and target.has_column(each.target)
            )

    def check_registration(self, registration: LineageRegistration) -> None:
        """Raise UnknownColumns for the first column that is none of its product's schema.

        A product that is not registered has no schema.
        """
        ends = (
            ("source", registration.source, [each.source for each in registration.columns]),
            ("target", registration.target, [each.target for each in registration.columns]),
        )
        for end, product, named in ends:
            if named and product in self._products:
                _check_names(end, product, named, self.get_columns(product).names)


def _check_names(end: str, product: str, named: Iterable[str], known: Sequence[str]) -> None:
    exact = {*known}
    for position, name in enumerate(named):
        if exact and name not in exact:
            raise UnknownColumns(f"columns.{position}.{end}", name, product, known)


def _iterate_starts(name: str) -> Iterator[str]:
    """Yield what a dotted name begins with: `a` and `a.b` of `a.b.c`."""
    return accumulate(name.split(".")[:-1], "{}.{}".format)
