"""The checks that a product asks for: by its columns and its promises."""

from collections.abc import Sequence
from decimal import Decimal

from datamesh.models.checks import Check, skip_check
from datamesh.models.products import Product
from datamesh.services.checks.columns import map_columns
from datamesh.services.checks.durations import measure_duration
from datamesh.services.checks.rules import AGES, check_age


def list_checks(product: Product) -> Sequence[Check]:
    """Return the checks of a product: those of its columns, and of the service level behind them.

    A service level without an element is about the newest file.
    """
    return [*map_columns(product.columns), *_list_ages(product.sla)]


def _list_ages(level: object) -> list[Check]:
    found = []
    for kind in AGES:
        promised = getattr(level, kind, None)
        if promised is None:
            continue
        try:
            seconds: Decimal = measure_duration(promised)
        except ValueError as error:
            found.append(skip_check(f"{kind} of the newest file", kind, (), str(error)))
        else:
            found.append(check_age(kind, seconds, getattr(level, "element", None)))
    return found
