"""Durations of Parquet files, brought to the unit that the schema says."""

from dataclasses import replace

from datamesh.models.type_names import UNITS, parse_type
from datamesh.tables.exact_casts import StoredCell
from datamesh.tables.sql import hide_statistics


def count_in_unit(cell: StoredCell, unit: str) -> StoredCell:
    """Return a cell that counts `unit` as one that counts the registered unit.

    A duration that is no whole number of it, or too long, ends the query.
    """
    wanted = parse_type(cell.column.registered_type).unit
    if wanted is None or wanted == unit or cell.type != "BIGINT":
        return cell
    steps = UNITS.index(wanted) - UNITS.index(unit)
    factor, count = 1000 ** abs(steps), hide_statistics(cell.sql)
    is_finer = steps > 0
    whole = (
        f"TRY_CAST(CAST({count} AS HUGEINT) * {factor} AS BIGINT)"
        if is_finer
        else (f"CASE WHEN {count} % {factor} = 0 THEN {count} // {factor} END")
    )
    failure = f"CASE WHEN {count} IS NOT NULL THEN {cell.refuse('BIGINT')} END"
    return replace(cell, sql=f"coalesce({whole}, {failure})")
