"""Queries of a table: columns, filters and an order, checked against its schema."""

import csv
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from datamesh.errors.requests import RefusedParameters
from datamesh.models.types import DESCRIPTIONS, Kind, Value, parse_value
from datamesh.tables.measures import Aggregation

MAX_FILTERS = 20
MAX_VALUES = 100
MAX_COLUMNS = 1000
MAX_ORDERS = 10
ALL_ROWS = 0
"""The limit of a query for as many rows as an answer can have."""
MAX_ROWS, MAX_CELLS = 50_000, 1_000_000
"""The most rows that are read for it, and the most cells if that are fewer rows."""


class Comparison(StrEnum):
    """The operators of filters, as SQL writes them. A null meets none but IS NULL."""

    EQ = "="
    NE = "<>"
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    IN = "IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"


COMPARISON_SUFFIXES = {
    "_gte": Comparison.GE,
    "_gt": Comparison.GT,
    "_lte": Comparison.LE,
    "_lt": Comparison.LT,
    "_ne": Comparison.NE,
    "_in": Comparison.IN,
    "_contains": Comparison.CONTAINS,
    "_starts_with": Comparison.STARTS_WITH,
    "_is": Comparison.IS_NULL,
}
"""End of a parameter's name -> the operator; the value of `_is` tells which of its two."""
NULL_TESTS = {"null": Comparison.IS_NULL, "not_null": Comparison.IS_NOT_NULL}
"""Value of an `_is` filter -> the operator."""
TEXT_SEARCHES = (Comparison.CONTAINS, Comparison.STARTS_WITH)
"""Operators that find a text as it is, in upper and lower case as it is; nothing in it is a
pattern."""
OPERATORS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.CONTAINS: operator.contains,
    Comparison.STARTS_WITH: str.startswith,
}


@dataclass(frozen=True)
class Filter:
    """A condition on the values of a column."""

    column: str
    comparison: Comparison
    values: tuple[Value, ...]
    """The values to compare with: one, several for IN, none for the tests of null."""

    def is_met_by(self, value: Value | None) -> bool:
        """Return True if a value meets the condition."""
        if self.comparison in NULL_TESTS.values():
            return (value is None) is (self.comparison is Comparison.IS_NULL)
        if value is None:
            return False
        if self.comparison is Comparison.IN:
            return value in self.values
        return OPERATORS[self.comparison](value, self.values[0])


@dataclass(frozen=True)
class Order:
    """A column that rows are ordered by, and the direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """The rows that a client asks for.

    Without `orders` they come in the order of the names of their files, and within a file as
    they stand there.
    """

    limit: int
    columns: tuple[str, ...] | None = None
    """The names of the columns to show; None for those of the schema."""
    filters: tuple[Filter, ...] = field(default=())
    orders: tuple[Order, ...] = ()
    cursor: str | None = None
    is_whole: bool = False
    """True if a page may end wherever the bounds of a request or an answer are met."""
    aggregation: Aggregation | None = None
    """The aggregates that are shown in place of the rows. There are neither `columns`
    nor a `cursor` then, and `orders` name columns of the result."""


def parse_query(
    columns: Mapping[str, Kind],
    limit: int,
    cursor: str | None,
    chosen: str | None,
    order_by: str | None,
    filters: Sequence[tuple[str, str]],
) -> Query:
    """Return the query that parameters of a request state.

    `columns` are those of the table, `limit` may be ALL_ROWS, and `filters` are pairs of parameter
    and value, such as `("amount_gte", "100")`. Raises RefusedParameters with all problems.
    """
    problems: dict[str, str] = {}

    def collect[T](parameter: str, parse: Callable[[], T]) -> T | None:
        """Return what `parse` returns, or None and note what is wrong with the parameter."""
        try:
            return parse()
        except ValueError as error:
            problems.setdefault(parameter, str(error))
            return None

    names = orders = None
    if chosen is not None:
        names = collect("columns", lambda: _parse_columns(columns, chosen))
    if order_by is not None:
        orders = collect("order_by", lambda: parse_orders(columns, order_by))
    if len(filters) > MAX_FILTERS:
        problems[filters[MAX_FILTERS][0]] = f"at most {MAX_FILTERS} filters"
    found = []
    for number, (parameter, text) in enumerate(filters[:MAX_FILTERS]):
        if parameter in (before for before, _ in filters[:number]):
            problems[parameter] = "is given twice"
        found.append(collect(parameter, lambda p=parameter, t=text: _parse_filter(columns, p, t)))  # type: ignore[misc]
    if problems:
        raise RefusedParameters(problems)
    whole = limit == ALL_ROWS
    if whole:
        limit = max(1, min(MAX_ROWS, MAX_CELLS // len(names or columns)))
    return Query(limit, names, tuple(filter(None, found)), orders or (), cursor, whole)


def _parse_columns(columns: Mapping[str, Kind], text: str) -> tuple[str, ...]:
    names = split_names(columns, text)
    if len(names) > MAX_COLUMNS or len(set(names)) != len(names):
        raise ValueError(f"must name at most {MAX_COLUMNS} columns, each once")
    require_known(columns, names)
    return names


def split_names(columns: Mapping[str, Kind], text: str) -> tuple[str, ...]:
    """Return names with commas between. One with a comma in it is quoted as in CSV: `"a,b",c`."""
    names = tuple(text.split(","))
    if '"' not in text or all(name in columns for name in names):
        return names
    with suppress(csv.Error):
        for row in csv.reader([text], strict=True):
            return tuple(row)
    return names


def parse_orders(columns: Mapping[str, Kind], text: str) -> tuple[Order, ...]:
    """Return the order that a client asks for: `-a,b` is `a` from the greatest, and then `b`.

    A name with a comma is quoted with its sign, unless it is the only one. Raises ValueError.
    """
    signed = [*columns, *(f"-{name}" for name in columns)]
    names = (text,) if text in signed else split_names(dict.fromkeys(signed, Kind.TEXT), text)
    orders = tuple(_parse_order(columns, name) for name in names)
    if len(orders) > MAX_ORDERS or len({order.column for order in orders}) != len(orders):
        raise ValueError(f"must name at most {MAX_ORDERS} columns, each once")
    return orders


def _parse_order(columns: Mapping[str, Kind], text: str) -> Order:
    descending = text.startswith("-") and text not in columns
    name = text[1:] if descending else text
    require_known(columns, [name])
    require_comparable(name, columns[name])
    return Order(name, descending)


def _parse_filter(columns: Mapping[str, Kind], parameter: str, text: str) -> Filter:
    """Return the filter that a parameter states.

    A column of the parameter's whole name takes precedence over a comparison at its end.
    """
    name, comparison = parameter, Comparison.EQ
    if name not in columns:
        for suffix, found in COMPARISON_SUFFIXES.items():
            if parameter.endswith(suffix):
                name, comparison = parameter.removesuffix(suffix), found
                break
    require_known(columns, [name])
    kind = columns[name]
    if comparison is Comparison.IS_NULL:
        if text not in NULL_TESTS:
            raise ValueError("must be null or not_null")
        return Filter(name, NULL_TESTS[text], ())
    require_comparable(name, kind)
    if comparison in TEXT_SEARCHES and (kind is not Kind.TEXT or not text):
        raise ValueError("must have a character" if not text else f"'{name}' is no text")
    parts = text.split(",") if comparison is Comparison.IN else [text]
    if len(parts) > MAX_VALUES:
        raise ValueError(f"at most {MAX_VALUES} values")
    return Filter(name, comparison, tuple(parse_value(kind, part) for part in parts))


def require_known(columns: Mapping[str, Kind], names: Iterable[str]) -> None:
    """Raise ValueError if there is no column of one of the names."""
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ValueError(f"there is no column '{unknown[0][:100]}'")


def require_comparable(name: str, kind: Kind) -> None:
    """Raise ValueError if the values of a column have no order."""
    if kind is Kind.OTHER:
        raise ValueError(f"'{name}' is {DESCRIPTIONS[kind]}")
