"""Columns of Parquet files, brought to the registered type exactly.

A column that has the type already is read as it is: DuckDB then skips row groups by a filter. What
would be rounded or cut is an error that names the file, the row, the column and both types.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from datamesh.models.far_dates import INFINITIES
from datamesh.models.type_names import Kind, RegisteredType, find_kind, parse_type
from datamesh.tables.casts import cast_cell, skip_nan
from datamesh.tables.engine_errors import refuse_cell
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column
from datamesh.tables.values import convert_text

INTEGER_RANGES = {
    "TINYINT": (-(2**7), 2**7 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
    "HUGEINT": (-(2**127), 2**127 - 1),
    "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "UBIGINT": (0, 2**64 - 1),
    "UHUGEINT": (0, 2**128 - 1),
}
"""DuckDB's integers -> the least and the greatest value."""
DOUBLE_DIGITS = 15
"""A double holds every decimal number of so many digits, and returns it."""
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE, Kind.BOOLEAN)
NANOSECOND_TYPES = ("TIMESTAMP_NS", "TIMESTAMPTZ_NS")
OBJECT = "object"
"""The type that pandas gives to text, and contracts to values with fields."""
NULL_TYPE = '"NULL"'
"""The type of a column that the writer knew nothing of: all is null."""
NESTING_MARKS = re.compile(r'"(?:[^"]|"")*"|[(),[]')
"""Names in quotes, which may hold any mark, and the marks between types."""
NESTED_TYPES = ("STRUCT(", "MAP(", "UNION(", "JSON", "VARIANT", "GEOMETRY")


@dataclass(frozen=True)
class StoredCell:
    """A cell of a file: its expression, its type there, and where it is found."""

    sql: str
    type: str
    column: Column
    file: str
    """The expression of the file's index."""
    row: str
    """The expression of the row in the file, counted from 0."""
    text: str | None = None
    """The expression of what the cell is shown as, if it is not what the cell is."""
    is_json: bool = False
    """True if that text is JSON."""
    is_optional: bool = False
    """A value that is not of the registered type is null, and does not end the query."""

    def refuse(self, target: str) -> str:
        """Return the expression of the type `target` that ends the query because of this cell."""
        if self.is_optional:
            return f"CAST(NULL AS {target})"
        registered = self.column.registered_type or "another type"
        problem = (
            f"the value, which the file has as {describe_type(self.type)}, cannot be read as"
            f" '{registered}' without loss"
        )
        error = refuse_cell(self.file, self.row, self.column.name, problem)
        return f"CAST({error} AS {target})"


def describe_type(found: str) -> str:
    """Return DuckDB's name of a type without what nested types and enumerations hold."""
    if found.endswith("]"):
        return "LIST"
    return found if find_kind(found) is Kind.DECIMAL else found.partition("(")[0]


def is_nested(found: str) -> bool:
    """Return True for types that are shown as they are, even where text is registered."""
    return found.startswith(NESTED_TYPES) or found.endswith("]")


def is_of_registered_type(registered: str, found: str) -> bool:
    """Return True if values of the type `found` are of the registered type too.

    `is_of_registered_type("double", "INTEGER")` is True. A registered type that is not recognised
    admits all values.
    """
    wanted, actual = find_kind(registered), find_kind(found)
    if wanted is Kind.OTHER or found in (registered, NULL_TYPE):
        return True
    if wanted is Kind.TEXT:
        is_object = parse_type(registered).name == OBJECT and is_nested(found)
        return is_object or actual is Kind.TEXT or found.startswith("ENUM") or found == "JSON"
    if wanted is Kind.DOUBLE:
        return actual in (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)
    if wanted is Kind.DECIMAL:
        return actual in (Kind.DECIMAL, Kind.INTEGER)
    return wanted is actual


def measure_nesting(found: str) -> int:
    """Return how deep values of a type are nested: `STRUCT(a INTEGER[])` -> 2."""
    around: list[int] = []
    deepest = current = 0
    for mark in NESTING_MARKS.findall(found):
        if mark == "(":
            around.append(deepest)
            deepest = current = 0
        elif mark == ")":
            current = max(deepest, current) + 1
            deepest = around.pop() if around else 0
        elif mark == ",":
            deepest, current = max(deepest, current), 0
        elif mark == "[":
            current += 1
    return max(deepest, current)


def convert_to_registered(cell: StoredCell) -> tuple[str, str]:
    """Return the expression of a cell in its registered type, and the SQL type that it has then.

    A type whose values are all of the registered one is kept, such as INTEGER for a `bigint`.
    """
    registered = parse_type(cell.column.registered_type)
    if cell.type == NULL_TYPE:
        target = find_sql_type(cell.column.registered_type)
        return f"CAST(NULL AS {target})", target
    convert = CONVERTERS.get(registered.kind)
    if convert is None:
        return cell.sql, cell.type
    return convert(cell, find_kind(cell.type), registered)


def cast_exactly(cell: StoredCell, target: str) -> str:
    """Return the expression of a cell as another type; it ends the query if a value changes."""
    cast = _cast_through_text if _is_float_beside_decimal(cell.type, target) else _cast_directly
    value = cast(cell.sql, target)
    same = f"{cast(value, cell.type)} IS NOT DISTINCT FROM {cell.sql}"
    if cell.type in NANOSECOND_TYPES:
        for end in INFINITIES:  # the last nanoseconds that there are, and no infinite moments
            same += f" AND {cell.sql} IS DISTINCT FROM CAST('{end}' AS {cell.type})"
    return f"CASE WHEN {same} THEN {value} ELSE {cell.refuse(target)} END"


def _is_float_beside_decimal(found: str, target: str) -> bool:
    return {find_kind(found), find_kind(target)} == {Kind.DOUBLE, Kind.DECIMAL}


def _cast_directly(cell: str, target: str) -> str:
    return f"TRY_CAST({cell} AS {target})"


def _cast_through_text(cell: str, target: str) -> str:
    """Return the decimal that a float is written as, or the nearest float of a decimal.

    DuckDB itself multiplies: 1.1 as a decimal of 18 digits behind the point is
    1.100000000000000128, which is the same float.
    """
    return f"TRY_CAST(CAST({cell} AS VARCHAR) AS {target})"


def _read_text(cell: StoredCell) -> tuple[str, str]:
    """Return the cell of a text column, read as the text of a file is."""
    target = find_sql_type(cell.column.registered_type)
    value = cast_cell(cell.sql, cell.column)
    failure = f"CASE WHEN {cell.sql} IS NOT NULL THEN {cell.refuse(target)} END"
    found = f"coalesce({value}, {failure})"
    return skip_nan(cell.sql, found) if target == "DOUBLE" else found, target


def _refuse_all(cell: StoredCell) -> tuple[str, str]:
    target = find_sql_type(cell.column.registered_type)
    return f"CASE WHEN {cell.sql} IS NOT NULL THEN {cell.refuse(target)} END", target


def _convert_integer(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    target = find_sql_type(cell.column.registered_type)
    if kind is Kind.INTEGER and _is_within(cell.type, target):
        return cell.sql, cell.type
    if kind in NUMBERS:
        return cast_exactly(cell, target), target
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def _is_within(found: str, target: str) -> bool:
    (least, greatest), (lowest, highest) = INTEGER_RANGES[found], INTEGER_RANGES[target]
    return lowest <= least and greatest <= highest


def _convert_decimal(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    target = find_sql_type(cell.column.registered_type)
    if kind is Kind.DECIMAL:
        digits, scale = measure_decimal(cell.type)
        most, wanted = measure_decimal(target)
        if not has_scale(cell.column.registered_type) or (scale == wanted and digits <= most):
            return cell.sql, cell.type
    if kind is Kind.INTEGER and not has_scale(cell.column.registered_type):
        target = "DECIMAL(38,0)"
    if kind in NUMBERS:
        return cast_exactly(cell, target), target
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def measure_decimal(found: str) -> tuple[int, int]:
    """Return the precision and the scale of a type: `DECIMAL(9,2)` -> (9, 2)."""
    parsed = parse_type(found)
    return parsed.precision or 0, parsed.scale or 0


def _convert_double(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    if kind is Kind.DOUBLE:
        return cell.sql, cell.type
    short = kind is Kind.INTEGER and _is_within(cell.type, "BIGINT") and cell.type != "BIGINT"
    if short or (kind is Kind.DECIMAL and measure_decimal(cell.type)[0] <= DOUBLE_DIGITS):
        return f"CAST({cell.sql} AS DOUBLE)", "DOUBLE"
    if kind in NUMBERS:
        return cast_exactly(cell, "DOUBLE"), "DOUBLE"
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def _convert_boolean(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    if kind is Kind.BOOLEAN:
        return cell.sql, cell.type
    if kind in NUMBERS:
        return cast_exactly(cell, "BOOLEAN"), "BOOLEAN"
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def _convert_date(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    if kind is Kind.DATE:
        return cell.sql, cell.type
    if kind is Kind.TIMESTAMP:
        return cast_exactly(cell, "DATE"), "DATE"
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def _convert_timestamp(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    """Return a moment with the zone that the type names, if it does, and no finer than it says.

    A moment without a zone is taken to be in UTC.
    """
    if kind is Kind.DATE:
        target = "TIMESTAMP" if registered.is_zoned is False else "TIMESTAMP WITH TIME ZONE"
        return f"CAST({cell.sql} AS {target})", target
    if kind is not Kind.TIMESTAMP:
        return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)
    fine = cell.type in NANOSECOND_TYPES
    zoned = cell.type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
    wanted = zoned if registered.is_zoned is None else registered.is_zoned
    if fine and registered.unit not in (None, "ns"):
        target = "TIMESTAMP WITH TIME ZONE" if wanted else "TIMESTAMP"
        return cast_exactly(cell, target), target
    if wanted == zoned:
        return cell.sql, cell.type
    target = TIMESTAMP_TYPES[fine, wanted]
    return f"CAST({cell.sql} AS {target})", target


TIMESTAMP_TYPES = {
    (False, False): "TIMESTAMP",
    (False, True): "TIMESTAMP WITH TIME ZONE",
    (True, False): "TIMESTAMP_NS",
    (True, True): "TIMESTAMPTZ_NS",
}
"""Two flags, that it has nanoseconds and that it has a zone -> the type."""


def _convert_time(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    if kind is Kind.TIME:
        return cell.sql, cell.type
    return _read_text(cell) if cell.type == "VARCHAR" else _refuse_all(cell)


def _convert_text(cell: StoredCell, kind: Kind, registered: RegisteredType) -> tuple[str, str]:
    if cell.type == "VARCHAR" or is_nested(cell.type):
        return cell.sql, cell.type
    return convert_text(cell.sql, cell.type), "VARCHAR"


type Convert = Callable[[StoredCell, Kind, RegisteredType], tuple[str, str]]

CONVERTERS: dict[Kind, Convert] = {
    Kind.TEXT: _convert_text,
    Kind.INTEGER: _convert_integer,
    Kind.DECIMAL: _convert_decimal,
    Kind.DOUBLE: _convert_double,
    Kind.BOOLEAN: _convert_boolean,
    Kind.DATE: _convert_date,
    Kind.TIMESTAMP: _convert_timestamp,
    Kind.TIME: _convert_time,
}
"""Kind of the registered type -> what brings a stored cell to it."""
