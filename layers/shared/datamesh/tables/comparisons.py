"""Filters whose values a column cannot hold, as conditions on those that it can.

`amount < 1.555` is `amount <= 1.55` for a column of two decimals, and met by every value if the
bound is greater than the type's greatest. DuckDB would refuse to convert such a bound.
"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Context, Decimal
from fractions import Fraction
from math import floor, isinf

from datamesh.models.far_dates import FarMoment
from datamesh.models.fine_times import FineTimestamp, count_nanoseconds
from datamesh.models.type_names import Kind, find_kind
from datamesh.models.types import Value
from datamesh.tables.common_types import EPOCH_NANOSECONDS
from datamesh.tables.exact_casts import INTEGER_RANGES, NANOSECOND_TYPES, measure_decimal
from datamesh.tables.query import Comparison, Filter

WIDE = Context(prec=80)
"""Decimals of filters and columns together have no more digits."""
GREATEST_FLOAT = 3.4028234663852886e38
UPPER = (Comparison.LT, Comparison.LE)


def clamp_filter(each: Filter, found: str) -> Filter | bool:
    """Return a filter whose values the DuckDB type `found` holds, with the same meaning.

    True: every value meets it that is not null. False: none does.
    """
    if each.comparison is Comparison.IN:
        values = [value for value in each.values if _clamp_value(value, found) == value]
        return replace(each, values=tuple(values)) if values else False
    value = each.values[0]
    fitting = _clamp_value(value, found)
    if fitting == value:
        return each
    if each.comparison in (Comparison.EQ, Comparison.NE):
        return each.comparison is Comparison.NE
    if fitting is None:
        return _is_positive(value) == (each.comparison in UPPER)
    comparison = Comparison.LE if each.comparison in UPPER else Comparison.GT
    return replace(each, comparison=comparison, values=(fitting,))


def _is_positive(value: Value) -> bool:
    """Return True for a number above 0, and a moment after 1970."""
    if isinstance(value, FarMoment):
        return value.microseconds > 0
    number = count_nanoseconds(value) if isinstance(value, datetime) else value
    return number > 0  # type: ignore[operator]


def _clamp_value(value: Value, found: str) -> Value | None:
    """Return the value itself, or the next lower one that the type holds; None beyond its range."""
    if isinstance(value, datetime):
        return _clamp_moment(value, found)
    if isinstance(value, FarMoment):
        return None if found in NANOSECOND_TYPES else value
    if found == "FLOAT" and isinstance(value, float):
        return value if isinf(value) or abs(value) <= GREATEST_FLOAT else None
    kind = find_kind(found)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    if kind is Kind.INTEGER:
        least, greatest = INTEGER_RANGES[found]
        lower = floor(value)
        return (value if lower == value else lower) if least <= lower <= greatest else None
    if kind is Kind.DECIMAL:
        digits, scale = measure_decimal(found)
        units = floor(Fraction(value) * 10**scale)
        if abs(units) >= 10**digits:
            return None
        return value if Fraction(units, 10**scale) == value else Decimal(units).scaleb(-scale, WIDE)
    return value


def _clamp_moment(value: datetime, found: str) -> datetime | None:
    if found in NANOSECOND_TYPES:
        return value if -(2**63) <= count_nanoseconds(value) < 2**63 else None
    if found == EPOCH_NANOSECONDS or not isinstance(value, FineTimestamp):
        return value
    return datetime.combine(value.date(), value.time(), UTC)
