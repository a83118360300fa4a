"""SQL that reads a cell of a text file as the type that the schema says."""

from datamesh.models.types import DECIMAL_DIGITS, Kind
from datamesh.tables.sql import quote_literal
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.table import Column


def cast_cell(cell: str, column: Column, *, attempt: bool = False) -> str:
    """Return the expression that reads a text cell as its column's registered type.

    A cell that is not of the type, or that DuckDB would round, is an error; with `attempt`, null.
    """
    sql_type = find_sql_type(column.registered_type)
    if sql_type == "VARCHAR":
        return cell
    function = "TRY_CAST" if attempt else "CAST"
    pattern = _find_exact_pattern(column.kind, sql_type)
    if pattern:
        wrong = "NULL" if attempt else f"'no exact {sql_type}: ' || {cell}"
        fits = f"{cell} IS NULL OR regexp_full_match({cell}, {quote_literal(pattern)})"
        cell = f"CASE WHEN {fits} THEN {cell} ELSE {wrong} END"
    return f"{function}({cell} AS {sql_type})"


def _find_exact_pattern(kind: Kind, sql_type: str) -> str | None:
    """Return the pattern of numbers that the type holds exactly; None for other kinds."""
    if kind is Kind.INTEGER:
        return r"[+-]?[0-9]+"
    if kind is Kind.DECIMAL:
        scale = sql_type.rpartition(",")[2].rstrip(")")
        return rf"[+-]?[0-9]{{1,{DECIMAL_DIGITS}}}(\.[0-9]{{0,{scale}}}0*)?"
    return None
