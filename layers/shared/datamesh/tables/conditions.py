"""SQL for filters, for an order, and for the rows after a cursor. Every value is bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal

from datamesh.models.far_dates import FarMoment, find_infinity
from datamesh.models.fine_times import count_nanoseconds, write_time, write_timestamp
from datamesh.models.types import Kind, Value, find_kind
from datamesh.tables.common_types import EPOCH_NANOSECONDS
from datamesh.tables.comparisons import clamp_filter
from datamesh.tables.cursor import Position
from datamesh.tables.exact_casts import NANOSECOND_TYPES
from datamesh.tables.query import NULL_TESTS, TEXT_SEARCHES, Comparison, Filter, Order
from datamesh.tables.sql_types import find_sql_type

CAST_KINDS = (Kind.DOUBLE, Kind.TIME)
"""Kinds whose filters' values are cast to the column's own type."""
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)

type Parameters = dict[str, object]
"""Name of a parameter of a statement -> its value. Functions here add those that they bind."""


@dataclass(frozen=True)
class TypedColumn:
    """A column of a source: its name in SQL, and its type as DuckDB names it."""

    name: str
    type: str
    skipping: str = ""
    """The name of the same column where DuckDB skips row groups of Parquet files by a condition on
    it, which may find nulls too, and NaN."""

    @property
    def names(self) -> tuple["TypedColumn", ...]:
        """The column under each of its names. A row has to meet a condition under all of them.

        By statistics, a null or NaN is taken for a value that meets it.
        """
        own = replace(self, skipping="")
        return (replace(own, name=self.skipping), own) if self.skipping else (own,)

    def write_text(self, prefix: str = "") -> str:
        """Return the expression of the text that is compared, which of JSON is what is shown.

        `prefix` is that of a table, such as `page.`.
        """
        name = prefix + self.name
        return f"({name} ->> '$')" if self.type == "JSON" else f"CAST({name} AS VARCHAR)"


@dataclass(frozen=True)
class SortKey:
    """A column that rows are ordered by. Nulls come last in both directions.

    A column whose type has no order is compared as text.
    """

    column: TypedColumn
    descending: bool

    @classmethod
    def from_order(cls, order: Order, columns: Mapping[str, TypedColumn]) -> "SortKey":
        """Return the key for the order that a client asked for."""
        return cls(columns[order.column], order.descending)

    @property
    def type(self) -> str:
        """The type that values of the key are compared as."""
        found = self.column.type
        return "VARCHAR" if find_kind(found) in (Kind.OTHER, Kind.TEXT) else found

    def build_expression(self, prefix: str = "") -> str:
        """Return the expression that is compared; `prefix` is that of a table, such as `page.`."""
        is_text = self.type == "VARCHAR"
        return self.column.write_text(prefix) if is_text else prefix + self.column.name

    def build_order_by(self, prefix: str = "") -> str:
        """Return a term of an ORDER BY clause."""
        return self._write_order(self.build_expression(prefix))

    def build_skipping_order_by(self) -> str:
        """Return the same of rows in files, by which DuckDB skips row groups if it can."""
        return self._write_order(self._build_skipping_expression())

    def match_present(self, name: str, later: str) -> str:
        """Return the condition that a row has a value, and comes after one that has another.

        `name` is that of the parameter of the other value, and `later` the condition that decides
        among rows that have it.
        """
        key, bound = self._build_skipping_expression(), f"CAST(${name} AS {self.type})"
        sign = "<" if self.descending else ">"
        return (
            f"({key} {sign}= {bound} AND ({key} {sign} {bound} OR {later})"
            f" AND {self.build_expression()} IS NOT NULL)"
        )

    def match_null(self, later: str = "true") -> str:
        """Return the condition that a row has no value, and meets another condition."""
        return f"({self.build_expression()} IS NULL AND {later})"

    def _build_skipping_expression(self) -> str:
        column = self.column
        # The order has NaN among the nulls.
        has_other = column.skipping and find_kind(column.type) is not Kind.DOUBLE
        name = column.skipping if has_other else column.name
        return replace(self, column=replace(column, name=name)).build_expression()

    def _write_order(self, expression: str) -> str:
        return f"{expression} {'DESC' if self.descending else 'ASC'} NULLS LAST"


def match_after_cursor(keys: Sequence[SortKey], after: Position) -> list[tuple[str, Parameters]]:
    """Return the conditions that a row comes after the cursor in the order of some keys.

    Each has the parameters that it binds. There are two if row groups are skipped by the first key:
    rows that meet the first one come before those that meet the second, which have no value of it.
    """
    parameters: Parameters = {}
    conditions = [match_later_rows(after, parameters)]
    for number, (key, value) in reversed([*enumerate(zip(keys, after.values, strict=True))]):
        later = f"({' OR '.join(conditions)})"
        if value is None:
            conditions = [key.match_null(later)]
            continue
        parameters[f"value{number}"] = value
        conditions = [key.match_present(f"value{number}", later), key.match_null()]
    if not keys[0].column.skipping:
        conditions = [f"({' OR '.join(conditions)})"]
    return list(zip(conditions, (parameters, {}), strict=False))


def match_later_rows_of_file(after: Position, parameters: Parameters) -> str:
    """Return the condition that a row of the cursor's file comes after the cursor."""
    parameters["row"] = after.row
    return "r > $row"


def match_later_rows(after: Position, parameters: Parameters) -> str:
    """Return the condition that a row of any file comes after the cursor."""
    parameters |= {"file": after.file, "row": after.row}
    return "(f > $file OR (f = $file AND r > $row))"


def build_conditions(
    filters: Sequence[Filter],
    kinds: Mapping[str, Kind],
    columns: Mapping[str, TypedColumn],
    parameters: Parameters,
) -> list[str]:
    """Return the conditions of filters, and add the values that they compare with."""
    found = []
    for number, wanted in enumerate(filters):
        column, kind = columns[wanted.column], kinds[wanted.column]
        if wanted.comparison in NULL_TESTS.values():
            found.append(_match_null(column, wanted.comparison))
            continue
        if wanted.comparison in TEXT_SEARCHES:
            parameters[f"v{number}"] = wanted.values[0]
            found += [
                f"{wanted.comparison}({name.write_text()}, $v{number})" for name in column.names
            ]
            continue
        each = clamp_filter(wanted, column.type) if has_kind(column, kind) else wanted
        if isinstance(each, bool):
            found.append(f"{column.name} IS NOT NULL" if each else "false")
            continue
        names = [f"v{number}_{index}" for index in range(len(each.values))]
        parameters |= {
            name: _to_parameter(value, column.type)
            for name, value in zip(names, each.values, strict=True)
        }
        bound = [
            _bind_far_moment(name, value, column, kind)
            if isinstance(value, FarMoment)
            else f"${name}"
            for name, value in zip(names, each.values, strict=True)
        ]
        found += [_build_condition(name, kind, each, bound) for name in column.names]
    return found


def _bind_far_moment(name: str, moment: FarMoment, column: TypedColumn, kind: Kind) -> str:
    """Return the expression of a parameter that counts microseconds, or names infinity."""
    if column.type == EPOCH_NANOSECONDS:
        return f"${name}"
    wanted = column.type if has_kind(column, kind) else find_sql_type(kind)
    if moment.infinity:
        return f"CAST(${name} AS {wanted})"
    return f"CAST(make_timestamp(CAST(${name} AS BIGINT)) AS {wanted})"


def _match_null(column: TypedColumn, comparison: Comparison) -> str:
    """Return the condition that a value is shown as null, or that it is not."""
    is_negated = comparison is not Comparison.IS_NULL
    return f"{column.name} IS {'NOT ' if is_negated else ''}NULL"


def has_kind(column: TypedColumn, kind: Kind) -> bool:
    """Return True if a column has values of the registered kind."""
    actual = find_kind(column.type)
    is_counted = column.type == EPOCH_NANOSECONDS and kind is Kind.TIMESTAMP
    return actual is kind or (actual in NUMBERS and kind in NUMBERS) or is_counted


def _build_condition(column: TypedColumn, kind: Kind, each: Filter, values: Sequence[str]) -> str:
    """Return one condition. A column of another type than registered is cast, where it can be."""
    name = column.name
    if column.type == "JSON" and kind is Kind.TEXT:
        name = column.write_text()
    elif not has_kind(column, kind):
        wanted = "DOUBLE" if kind in NUMBERS else find_sql_type(kind)
        name = f"TRY_CAST({name} AS {wanted})"
    elif find_kind(column.type) in CAST_KINDS or column.type in NANOSECOND_TYPES:
        # A FLOAT is compared with the nearest FLOAT, not with a DOUBLE that it never equals.
        values = [f"CAST({value} AS {column.type})" for value in values]
    return _compare(name, each.comparison, values)


def _compare(name: str, comparison: Comparison, values: Sequence[str]) -> str:
    if comparison is Comparison.IN:
        return f"{name} IN ({', '.join(values)})"
    return f"{name} {comparison} {values[0]}"


def _to_parameter(value: Value, type_name: str) -> object:
    if isinstance(value, FarMoment):
        if type_name == EPOCH_NANOSECONDS:
            return value.microseconds * 1000
        return value.infinity or value.microseconds
    if isinstance(value, datetime):
        if type_name == EPOCH_NANOSECONDS:
            return count_nanoseconds(value)
        if type_name in NANOSECOND_TYPES:
            return find_infinity(count_nanoseconds(value)) or write_timestamp(value)
        if type_name != "TIMESTAMP WITH TIME ZONE":
            return value.replace(tzinfo=None)  # a column without a zone is taken to be in UTC
    if isinstance(value, time):
        return write_time(value, is_zoned=type_name == "TIME WITH TIME ZONE")
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
