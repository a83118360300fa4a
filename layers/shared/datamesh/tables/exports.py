"""Cells in the types that Parquet and Arrow show: those of the schema, whatever the files have."""

from datamesh.models.far_dates import INFINITIES
from datamesh.models.type_names import Kind, find_kind
from datamesh.tables.common_types import EPOCH_NANOSECONDS
from datamesh.tables.exact_casts import StoredCell, cast_exactly
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column

WIDE_INTEGERS = ("HUGEINT", "UHUGEINT")
"""Integers that Parquet does not have: DuckDB would write doubles."""
WIDE_DECIMAL = "DECIMAL(38,0)"


def export_cell(name: str, found: str, column: Column) -> str:
    """Return the expression of a page's cell in the type that the column is registered with."""
    target = _find_target(found, column)
    if target == found:
        return name
    cell = StoredCell(name, found, column, "f", "r")
    if found == EPOCH_NANOSECONDS and column.kind is Kind.TIMESTAMP:
        number = f"TRY_CAST({name} AS BIGINT)"
        fits = f"{name} IS NULL OR {number} IS NOT NULL"
        ends = " ".join(
            f"WHEN {at} THEN CAST('{end}' AS {target})" for end, at in INFINITIES.items()
        )
        moment = f"CASE {number} {ends} ELSE make_timestamp_ns({number}) END"
        return f"CASE WHEN {fits} THEN {moment} ELSE {cell.refuse(target)} END"
    if found == "VARIANT":
        return f"CAST(CAST({name} AS JSON) AS VARCHAR)"
    if found in WIDE_INTEGERS:
        return cast_exactly(cell, target)
    return f"CAST({name} AS {target})"


def _find_target(found: str, column: Column) -> str:
    if found == EPOCH_NANOSECONDS and column.kind is Kind.TIMESTAMP:
        return "TIMESTAMP_NS"
    if found == "VARIANT":
        return "VARCHAR"
    if found in WIDE_INTEGERS:
        return WIDE_DECIMAL
    kind = find_kind(found)
    if kind is not column.kind:
        return found
    if kind in (Kind.INTEGER, Kind.DOUBLE) or (
        kind is Kind.DECIMAL and has_scale(column.registered_type)
    ):
        target = find_sql_type(column.registered_type)
        return WIDE_DECIMAL if target in WIDE_INTEGERS else target
    return found
