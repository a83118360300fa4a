"""Checks of columns that other products over the same files restrict (docs/adr/0041-checks.md)."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from datamesh.models.checks import Check
from datamesh.models.columns import fold_case
from datamesh.models.products import Product

FOREIGN = "the column is restricted in another product whose data lies in the same place"


def skip_foreign_checks(
    product: Product, checks: Iterable[Check], restricted: AbstractSet[str]
) -> list[Check]:
    """Return the checks; those of columns that other products alone restrict are skipped.

    `restricted` has the names of all restricted columns of the product's files, case-folded.
    """
    foreign = restricted - {*map(fold_case, product.restricted_columns)}
    names = find_physical_names(product)
    return [
        replace(each, problem=each.problem or FOREIGN)
        if _is_reading(each, names, foreign)
        else each
        for each in checks
    ]


def find_physical_names(product: Product) -> dict[str, str]:
    """Return the names that columns of a product have in files, as far as they are others."""
    found = {}
    for column in product.columns:
        name = getattr(column, "physical_name", None)
        if name and name != column.name:
            found[column.name] = str(name)
    return found


def _is_reading(check: Check, names: Mapping[str, str], columns: AbstractSet[str]) -> bool:
    read = {*check.columns, *(names[each] for each in check.columns if each in names)}
    return not columns.isdisjoint(map(fold_case, read))
