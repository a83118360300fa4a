"""SQL for filters, for an order, and for what lies beyond a cursor. Every value is bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from datamesh.models.types import Kind, Value, find_kind
from datamesh.tables.cursor import Position
from datamesh.tables.query import Comparison, Filter, Order
from datamesh.tables.sql_types import find_sql_type

NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)

type Parameters = dict[str, object]


@dataclass(frozen=True)
class Typed:
    """A column of a source, and its type there as DuckDB names it."""

    place: str
    type: str


@dataclass(frozen=True)
class Ordering:
    """By a column's own order, or else by that of its text; nulls last, either way."""

    column: Typed
    descending: bool

    @classmethod
    def of(cls, order: Order, columns: Mapping[str, Typed]) -> "Ordering":
        return cls(columns[order.column], order.descending)

    @property
    def type(self) -> str:
        found = self.column.type
        return "VARCHAR" if find_kind(found) in (Kind.OTHER, Kind.TEXT) else found

    def key(self, prefix: str = "") -> str:
        place = prefix + self.column.place
        return f"CAST({place} AS VARCHAR)" if self.type == "VARCHAR" else place

    def sql(self, prefix: str = "") -> str:
        return f"{self.key(prefix)} {'DESC' if self.descending else 'ASC'} NULLS LAST"

    def beyond(self, after: Position, parameters: Parameters) -> str:
        if after.value is None:
            return f"({self.key()} IS NULL AND {later(after, parameters)})"
        parameters["value"] = after.value
        value = f"CAST($value AS {self.type})"
        sign = "<" if self.descending else ">"
        return (
            f"({self.key()} IS NULL OR {self.key()} {sign} {value}"
            f" OR ({self.key()} = {value} AND {later(after, parameters)}))"
        )


def further(after: Position, parameters: Parameters) -> str:
    """Further rows of the cursor's file."""
    parameters["row"] = after.row
    return "r > $row"


def later(after: Position, parameters: Parameters) -> str:
    """Further rows of the cursor's file, and the files behind it."""
    parameters |= {"file": after.file, "row": after.row}
    return "(f > $file OR (f = $file AND r > $row))"


def conditions(
    filters: Sequence[Filter],
    kinds: Mapping[str, Kind],
    columns: Mapping[str, Typed],
    parameters: Parameters,
) -> list[str]:
    """Adds to `parameters` what the conditions compare with."""
    found = []
    for number, each in enumerate(filters):
        column = columns[each.column]
        names = [f"v{number}_{index}" for index in range(len(each.values))]
        parameters |= {
            name: _bound(value, column.type) for name, value in zip(names, each.values, strict=True)
        }
        found.append(_condition(column, kinds[each.column], each, [f"${name}" for name in names]))
    return found


def _condition(column: Typed, kind: Kind, each: Filter, names: Sequence[str]) -> str:
    """A column that is not of its schema's type is compared as if it were, where it can be."""
    actual, place = find_kind(column.type), column.place
    if actual is not kind and not (actual in NUMBERS and kind in NUMBERS):
        wanted = "DOUBLE" if kind in NUMBERS else find_sql_type(kind)
        place = f"TRY_CAST({place} AS {wanted})"
    elif actual is Kind.DOUBLE:
        # A FLOAT is compared with the nearest FLOAT, not with a DOUBLE that it never equals.
        names = [f"CAST({name} AS {column.type})" for name in names]
    if each.comparison is Comparison.IN:
        return f"{place} IN ({', '.join(names)})"
    return f"{place} {each.comparison} {names[0]}"


def _bound(value: Value, type_name: str) -> object:
    if isinstance(value, datetime) and type_name != "TIMESTAMP WITH TIME ZONE":
        return value.replace(tzinfo=None)  # a column without a zone is taken to be in UTC
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
