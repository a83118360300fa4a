"""SQL that turns any value into what JSON can say, exactly.

Integers stay numbers with all their digits and decimals become text, since most parsers make a
double of a number with a point; the legacy views have always had them as numbers. Dates, times and
time stamps are ISO 8601 (with `Z` if they have a zone), bytes are base64, a map is a list of its
keys and values, and a number that is none is null.
"""

from collections.abc import Callable

from duckdb.sqltypes import DuckDBPyType

from datamesh.models.types import Kind, find_kind
from datamesh.tables.sql import identifier

PLAIN = ("boolean", "varchar", "null")
NAIVE = ("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns")
MAX_DEPTH = 32


def readable(cell: str, kind: DuckDBPyType, *, exact: bool, scaled: bool = True) -> str:
    """`cell` as text, number, boolean, list or struct of them, or the text of JSON for a column of
    the type JSON. Not `scaled`: the zeros behind a decimal's last digit are not its own."""
    return _Reader(exact, scaled).of(cell, kind, 0)


def is_json(kind: DuckDBPyType) -> bool:
    return str(kind) == "JSON"


class _Reader:
    def __init__(self, exact: bool, scaled: bool) -> None:
        self._exact = exact
        self._scaled = scaled

    def of(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        name = kind.id
        if is_json(kind):
            text = f"CAST({cell} AS VARCHAR)"
            return text if depth else _valid_json(text)
        if name in PLAIN or find_kind(str(kind)) is Kind.INTEGER:
            return cell
        if name in ("float", "double"):
            return f"CASE WHEN isfinite({cell}) THEN {cell} END"
        if name == "decimal":
            return self._decimal(cell)
        if name == "blob":
            return f"base64({cell})"
        if name in NAIVE:
            return f"replace(CAST({cell} AS VARCHAR), ' ', 'T')"
        if name == "timestamp with time zone":
            text = f"replace(CAST({cell} AS VARCHAR), ' ', 'T')"
            return rf"regexp_replace({text}, '\+00$', 'Z')"
        nested = NESTED.get(name)
        if nested and depth < MAX_DEPTH:
            return nested(self, cell, kind, depth + 1)
        return f"CAST({cell} AS VARCHAR)"

    def _decimal(self, cell: str) -> str:
        if not self._exact:
            return f"CAST({cell} AS DOUBLE)"
        text = f"CAST({cell} AS VARCHAR)"
        return text if self._scaled else rf"regexp_replace({text}, '\.?0*$', '')"

    def list_of(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        element = _children(kind)["child"]
        item = f"x{depth}"
        return f"list_transform({cell}, lambda {item}: {self.of(item, element, depth)})"

    def struct_of(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        fields = ", ".join(
            f"{identifier(name)} := {self.of(f'struct_extract_at({cell}, {number})', child, depth)}"
            for number, (name, child) in enumerate(_children(kind).items(), start=1)
        )
        return f"CASE WHEN {cell} IS NOT NULL THEN struct_pack({fields}) END"

    def map_of(self, cell: str, kind: DuckDBPyType, depth: int) -> str:
        parts = _children(kind)
        item = f"x{depth}"
        key = self.of(f"{item}.key", parts["key"], depth)
        value = self.of(f"{item}.value", parts["value"], depth)
        return (
            f"list_transform(map_entries({cell}), lambda {item}:"
            f" struct_pack(key := {key}, value := {value}))"
        )


def _children(kind: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """An array also has its length among its children."""
    return {name: child for name, child in kind.children if isinstance(child, DuckDBPyType)}


def _valid_json(text: str) -> str:
    """A Parquet file may call JSON what is none: it is shown as the text that it is."""
    valid, other = f"CAST(json({text}) AS VARCHAR)", f"CAST(to_json({text}) AS VARCHAR)"
    return f"CASE WHEN json_valid({text}) THEN {valid} ELSE {other} END"


NESTED: dict[str, Callable[[_Reader, str, DuckDBPyType, int], str]] = {
    "list": _Reader.list_of,
    "array": _Reader.list_of,
    "struct": _Reader.struct_of,
    "map": _Reader.map_of,
}
