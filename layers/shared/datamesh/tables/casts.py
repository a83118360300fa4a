"""SQL that reads a cell of a text file as the type that the schema says."""

from collections.abc import Sequence

from datamesh.models.types import DECIMAL_DIGITS, Kind
from datamesh.tables.engine_errors import refuse_cell
from datamesh.tables.sql import quote_literal
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.table import Column


def cast_cell(cell: str, column: Column) -> str:
    """Return the expression that reads a text cell as its column's registered type.

    A cell that is not of the type, or that DuckDB would round, is null.
    """
    sql_type = find_sql_type(column.registered_type)
    if sql_type == "VARCHAR":
        return cell
    if column.cell_format:
        return f"CAST(try_strptime({cell}, {quote_literal(column.cell_format)}) AS {sql_type})"
    pattern = _find_exact_pattern(column.kind, sql_type)
    if pattern:
        cell = f"CASE WHEN regexp_full_match({cell}, {quote_literal(pattern)}) THEN {cell} END"
    return f"TRY_CAST({cell} AS {sql_type})"


def require_cell(cell: str, column: Column, file: str, row: str) -> str:
    """Return the same expression, but a cell that is not of the type ends the query.

    `file` and `row` are the expressions of the file's index and of the row, counted from 0.
    """
    value = cast_cell(cell, column)
    if value == cell:
        return cell
    sql_type = find_sql_type(column.registered_type)
    problem = f"the value cannot be read as '{column.registered_type}' without loss"
    failure = f"CAST({refuse_cell(file, row, column.name, problem)} AS {sql_type})"
    return f"coalesce({value}, CASE WHEN {cell} IS NOT NULL THEN {failure} END)"


def read_null_markers(cell: str, column: Column, markers: Sequence[str]) -> str:
    """Return the expression of a CSV file's cell that is null if it is one of the markers.

    The reader has seen to those that are not quoted. In a column of text, a quoted one is text.
    """
    if column.kind in (Kind.TEXT, Kind.OTHER):
        return cell
    return f"CASE WHEN {cell} NOT IN ({', '.join(map(quote_literal, markers))}) THEN {cell} END"


def write_decimal(cell: str) -> str:
    """Return the expression of the text of a cell that can be read as a decimal, as it is written.

    A plus and zeros in front are dropped, and a point that no digit follows: `+07.50` -> `7.50`.
    """
    return rf"regexp_replace({cell}, '^\+?(-?)0*([0-9]+(\.[0-9]+)?)\.?$', '\1\2')"


def _find_exact_pattern(kind: Kind, sql_type: str) -> str | None:
    """Return the pattern of numbers that the type holds exactly; None for other kinds."""
    if kind is Kind.INTEGER:
        return r"[+-]?[0-9]+"
    if kind is Kind.DECIMAL:
        scale = sql_type.rpartition(",")[2].rstrip(")")
        return rf"[+-]?[0-9]{{1,{DECIMAL_DIGITS}}}(\.[0-9]{{0,{scale}}}0*)?"
    return None
