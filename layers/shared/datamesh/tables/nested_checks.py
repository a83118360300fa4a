"""Values within columns: fields of structures, and items of lists, of Parquet files and of JSON.

A row is counted by a check of what is within a column if one of the values there is. What is within
a null is neither missing nor invalid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
from duckdb.sqltypes import DuckDBPyType

from datamesh.models.checks import Step
from datamesh.models.types import Kind
from datamesh.tables.casts import cast_cell, skip_nan
from datamesh.tables.check_conditions import CheckedColumn, NotCheckable
from datamesh.tables.sql import quote_literal
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.table import Column

JSON = "JSON"
FLAT = "values of the column have nothing within them in these files"


class NestedFieldAbsent(Exception):
    """No file has a field of a structure."""


type MatchValue = Callable[[CheckedColumn], str]
"""Value within a column -> the condition that a check counts it by."""


@dataclass(frozen=True)
class NestedValue:
    """A value on the way to those that are looked at."""

    value: str
    """The expression."""
    type: str
    """The type as DuckDB names it, or JSON."""


def match_nested(column: CheckedColumn, path: Sequence[Step], kind: str, match: MatchValue) -> str:
    """Return the condition of the rows in which a value within a column is matched.

    `kind` is the registered type of the values at the end of the path. Raises NotCheckable,
    NestedFieldAbsent.
    """
    condition = _match(NestedValue(column.name, column.type), path, kind, match, 0)
    return f"coalesce({condition}, false)"


def open_nested_field(column: CheckedColumn, path: Sequence[str], kind: str) -> CheckedColumn:
    """Return the one value that fields lead to within a column. Raises as `match_nested` does."""
    value = NestedValue(column.name, column.type)
    for step in path:
        value = _open_field(value, step)
    return _read_value(value, kind)


def _match(
    value: NestedValue, path: Sequence[Step], kind: str, match: MatchValue, depth: int
) -> str:
    if not path:
        return f"({match(_read_value(value, kind))})"
    step, rest = path[0], path[1:]
    if step is None:
        items, item = _open_items(value, f"item{depth}")
        inner = _match(item, rest, kind, match, depth + 1)
        return f"len(list_filter({items}, lambda item{depth}: {inner})) > 0"
    inner = _match(_open_field(value, step), rest, kind, match, depth)
    return f"({_is_present(value)} AND {inner})"


def _is_present(value: NestedValue) -> str:
    if value.type == JSON:
        return f"coalesce(json_type({value.value}), 'NULL') <> 'NULL'"
    return f"{value.value} IS NOT NULL"


def _open_field(value: NestedValue, name: str) -> NestedValue:
    if value.type == JSON:
        pointer = name.replace("~", "~0").replace("/", "~1")
        return NestedValue(f"json_extract({value.value}, {quote_literal(f'/{pointer}')})", JSON)
    found = _parse_type(value.type)
    if found.id != "struct":
        raise NotCheckable(FLAT)
    for field, kind in _list_children(found):
        if field == name:
            field_type = str(kind)
            return NestedValue(f"struct_extract({value.value}, {quote_literal(name)})", field_type)
    raise NestedFieldAbsent


def _open_items(value: NestedValue, name: str) -> tuple[str, NestedValue]:
    """Return the expression of a list, and an item of it under a name."""
    if value.type == JSON:
        return f"from_json({value.value}, '[\"JSON\"]')", NestedValue(name, JSON)
    found = _parse_type(value.type)
    if found.id not in ("list", "array"):
        raise NotCheckable(FLAT)
    [(_, kind), *_] = _list_children(found)
    return value.value, NestedValue(name, str(kind))


def _read_value(value: NestedValue, kind: str) -> CheckedColumn:
    """Return a value in its type; of JSON, as the cells of a column of that type are read."""
    column = Column("", kind)
    if value.type != JSON:
        return CheckedColumn(column, value.value, value.value, value.type, value.value, value.value)
    text = f"({value.value} ->> '$')"
    if column.kind is Kind.OTHER:
        return CheckedColumn(column, value.value, text, JSON, value.value, text)
    read = cast_cell(text, column)
    if column.kind is Kind.DOUBLE:
        read, text = skip_nan(text, read), skip_nan(text, text)
    sql_type = find_sql_type(kind)
    return CheckedColumn(column, read, text, sql_type, f"({read})", f"({text})", is_text=True)


def _parse_type(name: str) -> DuckDBPyType:
    return duckdb.sqltype(name)


def _list_children(found: DuckDBPyType) -> list[tuple[str, object]]:
    return [(str(name), kind) for name, kind in found.children]
