"""SQL that converts any value to one that JSON can hold, without loss.

Integers stay numbers with all their digits. Decimals become text, since most parsers make a double
of a number with a point; the legacy views have always shown them as numbers. Dates, times and
timestamps are ISO 8601 (with `Z` if they have a zone; the year before 1 is 0), bytes are base64, a
geometry is WKT, a map is a list of its keys and values, and NaN is null. Infinity stays a number
here: `write_infinity` gives it the text that JSON and CSV have for it.
"""

from collections.abc import Callable
from math import isinf
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from datamesh.models.types import Kind, find_kind
from datamesh.tables.sql import drop_nan, drop_zeros, quote_identifier

PLAIN_TYPES = ("boolean", "varchar", "null")
MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIME)
FINE_ENDS = {
    "infinity": "2262-04-11 23:47:16.854775807",
    "-infinity": "1677-09-21 00:12:43.145224193",
}
"""The moments in nanoseconds that DuckDB takes for infinite ones. Other readers of Parquet do not:
pandas has them as Timestamp.max and Timestamp.min."""
MAX_DEPTH = 20
"""How deep values may be nested. DuckDB takes twice the time for each level more: for 20 a second,
for 40 a day."""
MAX_LISTS = 8
"""How many lists whose values are converted may be within each other. DuckDB takes twice the time
to plan each one more: of 20, half a minute."""


def convert_to_json(cell: str, kind: DuckDBPyType, *, exact: bool, scaled: bool = True) -> str:
    """Return the expression that converts `cell`, an expression of the type `kind`.

    Its values are text, numbers, booleans, lists and structs; a cell of the type JSON becomes the
    text of its JSON. Decimals are text if `exact`, else doubles. If not `scaled`, zeros at the end
    of a decimal are dropped: they come from the type, not from the data.
    """
    return _JsonConverter(exact, scaled).convert(cell, kind, 0)


def convert_text(cell: str, found: str) -> str:
    """Return the expression of the text of a cell that is not nested, of DuckDB's type `found`."""
    if found == "BLOB":
        return f"base64({cell})"
    kind = find_kind(found)
    if kind is Kind.DOUBLE:
        return write_float(cell)
    text = f"CAST({cell} AS VARCHAR)"
    return _write_moment(text, found) if kind in MOMENTS else text


def write_float(cell: str) -> str:
    """Return the expression of a float's text, with `Infinity` as JSON and CSV show it."""
    return f"replace(CAST({drop_nan(cell)} AS VARCHAR), 'inf', 'Infinity')"


def write_infinity(value: Any) -> Any:
    """Return a value with `Infinity` or `-Infinity` in place of each infinite number within it."""
    if isinstance(value, float) and isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [write_infinity(each) for each in value]
    if isinstance(value, dict):
        return {name: write_infinity(each) for name, each in value.items()}
    return value


def _write_moment(text: str, found: str) -> str:
    """Return DuckDB's text of a date, time or timestamp of the type `found` as ISO 8601."""
    if found in ("TIMESTAMP_NS", "TIMESTAMPTZ_NS"):
        zone = "+00" if "TZ" in found else ""
        ends = " ".join(f"WHEN '{end}' THEN '{at}{zone}'" for end, at in FINE_ENDS.items())
        text = f"CASE {text} {ends} ELSE {text} END"
    year = f"CAST(split_part({text}, '-', 1) AS INTEGER) - 1"
    rest = f"replace(substr({text}, strpos({text}, '-')), ' (BC)', '')"
    sign = f"CASE WHEN {year} > 0 THEN '-' ELSE '' END"
    early = f"{sign} || lpad(CAST({year} AS VARCHAR), 4, '0') || {rest}"
    whole = f"CASE WHEN contains({text}, '(BC)') THEN {early} ELSE {text} END"
    return rf"regexp_replace(replace({whole}, ' ', 'T'), '\+00$', 'Z')"


def is_json(kind: DuckDBPyType) -> bool:
    """Return True for DuckDB's types JSON and VARIANT."""
    return str(kind) in ("JSON", "VARIANT")


def can_convert(kind: DuckDBPyType) -> bool:
    """Return False for a type that is nested deeper than values are converted."""
    return _can_convert(kind, MAX_DEPTH, MAX_LISTS)


def _can_convert(kind: DuckDBPyType, depth: int, lists: int) -> bool:
    if kind.id not in NESTED_CONVERTERS:
        return True
    within = lists - (kind.id != "struct" and not is_plain(kind))
    if depth == 0 or within < 0:
        return False
    return all(_can_convert(child, depth - 1, within) for child in _find_children(kind).values())


def is_plain(kind: DuckDBPyType) -> bool:
    """Return True if the values of a type are what JSON shows; those within it, too."""
    if kind.id in ("list", "array"):
        return is_plain(_find_children(kind)["child"])
    if is_json(kind):
        return False
    return kind.id in PLAIN_TYPES or find_kind(str(kind)) is Kind.INTEGER


class _JsonConverter:
    """Conversion of values, nested ones included. `depth` is how deep a cell is nested."""

    def __init__(self, exact: bool, scaled: bool) -> None:
        self._exact = exact
        self._scaled = scaled

    def convert(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        """Return the expression that converts a cell of any type."""
        name = kind.id
        if is_json(kind):
            text = f"CAST(CAST({cell} AS JSON) AS VARCHAR)"
            return text if depth else _convert_json(text)
        if is_plain(kind):
            return cell
        if name in ("float", "double"):
            return drop_nan(cell)
        if name == "decimal":
            return self._convert_decimal(cell)
        if name == "blob":
            return f"base64({cell})"
        if find_kind(str(kind)) in MOMENTS:
            return _write_moment(f"CAST({cell} AS VARCHAR)", str(kind))
        convert_nested = NESTED_CONVERTERS.get(name)
        if convert_nested:
            return convert_nested(self, cell, kind, depth + 1)
        return f"CAST({cell} AS VARCHAR)"

    def _convert_decimal(self, cell: str) -> str:
        if not self._exact:
            return f"CAST({cell} AS DOUBLE)"
        text = f"CAST({cell} AS VARCHAR)"
        return text if self._scaled else drop_zeros(text)

    def convert_list(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        """Return the expression that converts each element of a list or array."""
        element = _find_children(kind)["child"]
        item = f"x{depth}"
        return f"list_transform({cell}, lambda {item}: {self.convert(item, element, depth)})"

    def convert_struct(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        """Return the expression that converts each field of a struct."""
        fields = []
        for number, (name, child) in enumerate(_find_children(kind).items(), start=1):
            field = self.convert(f"struct_extract_at({cell}, {number})", child, depth)
            fields.append(f"{quote_identifier(name)} := {field}")
        return f"CASE WHEN {cell} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"

    def convert_map(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        """Return the expression that makes a list of keys and values of a map."""
        parts = _find_children(kind)
        item = f"x{depth}"
        key = self.convert(f"{item}.key", parts["key"], depth)
        value = self.convert(f"{item}.value", parts["value"], depth)
        return (
            f"list_transform(map_entries({cell}), lambda {item}:"
            f" struct_pack(key := {key}, value := {value}))"
        )


def _find_children(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Return the types within a nested type, without the length that an array has among them."""
    return {name: child for name, child in kind.children if isinstance(child, DuckDBPyType)}


def _convert_json(text: str) -> str:
    """Return the expression for a cell of the type JSON. Invalid JSON becomes a JSON string."""
    valid, other = f"CAST(json({text}) AS VARCHAR)", f"CAST(to_json({text}) AS VARCHAR)"
    return f"CASE WHEN json_valid({text}) THEN {valid} ELSE {other} END"


NESTED_CONVERTERS: dict[str, Callable[[_JsonConverter, str, DuckDBPyType, int], str]] = {
    "list": _JsonConverter.convert_list,
    "array": _JsonConverter.convert_list,
    "struct": _JsonConverter.convert_struct,
    "map": _JsonConverter.convert_map,
}
