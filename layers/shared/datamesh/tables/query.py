"""What a client asks of a table: columns, filters and an order, checked against its schema."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from datamesh.errors import RefusedParameters
from datamesh.models.types import DESCRIPTIONS, Kind, Value, parse_value

MAX_FILTERS = 20
MAX_VALUES = 100
MAX_COLUMNS = 1000


class Comparison(StrEnum):
    """SQL's operators. A null meets none of them."""

    EQ = "="
    NE = "<>"
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    IN = "IN"


SUFFIXES = {
    "_gte": Comparison.GE,
    "_gt": Comparison.GT,
    "_lte": Comparison.LE,
    "_lt": Comparison.LT,
    "_ne": Comparison.NE,
    "_in": Comparison.IN,
}
ORDERED: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
}


@dataclass(frozen=True)
class Filter:
    column: str
    comparison: Comparison
    values: tuple[Value, ...]
    """One; several for IN."""

    def accepts(self, value: Value | None) -> bool:
        if value is None:
            return False
        if self.comparison is Comparison.IN:
            return value in self.values
        return ORDERED[self.comparison](value, self.values[0])


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """Rows in the order of their files' names and of their place in them, unless `order` is set."""

    limit: int
    columns: tuple[str, ...] | None = None
    """None: those of the schema."""
    filters: tuple[Filter, ...] = field(default=())
    order: Order | None = None
    cursor: str | None = None


def query_of(
    columns: Mapping[str, Kind],
    limit: int,
    cursor: str | None,
    chosen: str | None,
    order_by: str | None,
    filters: Sequence[tuple[str, str]],
) -> Query:
    """Raises RefusedParameters with every problem that there is.

    `columns`: those that may be asked for; `filters`: parameter and value, as they came.
    """
    problems: dict[str, str] = {}

    def kept[T](parameter: str, parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except ValueError as error:
            problems.setdefault(parameter, str(error))
            return None

    names = None if chosen is None else kept("columns", lambda: _columns(columns, chosen))
    order = None if order_by is None else kept("order_by", lambda: _order(columns, order_by))
    if len(filters) > MAX_FILTERS:
        problems[filters[MAX_FILTERS][0]] = f"at most {MAX_FILTERS} filters"
    found = []
    for number, (parameter, text) in enumerate(filters[:MAX_FILTERS]):
        if parameter in (before for before, _ in filters[:number]):
            problems[parameter] = "is given twice"
        found.append(kept(parameter, lambda p=parameter, t=text: _filter(columns, p, t)))  # type: ignore[misc]
    if problems:
        raise RefusedParameters(problems)
    return Query(limit, names, tuple(filter(None, found)), order, cursor)


def _columns(columns: Mapping[str, Kind], text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if len(names) > MAX_COLUMNS or len(set(names)) != len(names):
        raise ValueError(f"must name at most {MAX_COLUMNS} columns, each once")
    _known(columns, names)
    return names


def _order(columns: Mapping[str, Kind], text: str) -> Order:
    descending = text.startswith("-") and text not in columns
    name = text[1:] if descending else text
    _known(columns, [name])
    _comparable(name, columns[name])
    return Order(name, descending)


def _filter(columns: Mapping[str, Kind], parameter: str, text: str) -> Filter:
    """A column of this very name comes before an operator at the end of another's."""
    name, comparison = parameter, Comparison.EQ
    if name not in columns:
        for suffix, found in SUFFIXES.items():
            if parameter.endswith(suffix):
                name, comparison = parameter.removesuffix(suffix), found
                break
    _known(columns, [name])
    kind = columns[name]
    _comparable(name, kind)
    parts = text.split(",") if comparison is Comparison.IN else [text]
    if len(parts) > MAX_VALUES:
        raise ValueError(f"at most {MAX_VALUES} values")
    return Filter(name, comparison, tuple(parse_value(kind, part) for part in parts))


def _known(columns: Mapping[str, Kind], names: Iterable[str]) -> None:
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ValueError(f"there is no column '{unknown[0][:100]}'")


def _comparable(name: str, kind: Kind) -> None:
    if kind is Kind.OTHER:
        raise ValueError(f"'{name}' is {DESCRIPTIONS[kind]}")
