"""Parquet files as a subquery: each file's columns by its own types, brought to the registered.

DuckDB would bring columns that differ in their types to one that it chooses by the files of the
query, and round. So only files are read together whose types are the same.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.types import DECIMAL_DIGITS
from datamesh.tables.common_types import CommonColumn, find_moment_type, merge_column
from datamesh.tables.durations import count_in_unit
from datamesh.tables.exact_casts import (
    NULL_TYPE,
    StoredCell,
    convert_to_registered,
    is_of_registered_type,
    measure_nesting,
)
from datamesh.tables.file_columns import FileGroup
from datamesh.tables.session import Session
from datamesh.tables.sql import drop_nan, hide_statistics
from datamesh.tables.statistics import FLOATS, WrongStatistics
from datamesh.tables.table import Column
from datamesh.tables.values import MAX_DEPTH

ZONED = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True)
class OpenGroup:
    """A group of Parquet files, and the expression of the index in the scan of a row's file."""

    group: FileGroup
    file: str
    opaque: AbstractSet[Column] = frozenset()
    """The columns that are read without the statistics of footers."""


def select_cells(
    session: Session, columns: Sequence[Column], groups: Sequence[OpenGroup]
) -> list[CommonColumn]:
    """Return each column with an expression for each group."""
    found = []
    for column in columns:
        stored = (_find_cell(session, column, each) for each in groups)
        cells = [cell and _convert_cell(cell) for cell in stored]
        found.append(merge_column(session, column, cells))
    return found


def select_stored_cells(
    session: Session, columns: Sequence[Column], groups: Sequence[OpenGroup]
) -> list[CommonColumn]:
    """Return each column as the files have it, with an expression for each group.

    Where they have several types, values are brought to the registered one, if they can be.
    """
    found = []
    for column in columns:
        stored = [_find_cell(session, column, each) for each in groups]
        types = [*dict.fromkeys(cell.type for cell in stored if cell and cell.type != NULL_TYPE)]
        if len(types) < 2:
            unheld = tuple(map(_find_unheld, stored))
            common = merge_column(session, column, stored)
            found.append(replace(common, unheld=unheld if set(unheld) != {"NULL"} else None))
            continue
        cells = [cell and _convert_optionally(cell) for cell in stored]
        presence = tuple(
            f"nullif({cell.sql} IS NOT NULL, false)" if cell else "NULL" for cell in stored
        )
        common = merge_column(session, column, cells)
        wrong = (each for each in types if not is_of_registered_type(column.registered_type, each))
        name = find_moment_type(common.type, column)
        found.append(replace(common, presence=presence, stored=next(wrong, name)))
    return found


def find_skipping_cells(
    session: Session,
    column: Column,
    common: CommonColumn,
    groups: Sequence[OpenGroup],
    wrong: WrongStatistics,
) -> tuple[str, ...] | None:
    """Return a column's expression for each group by which DuckDB skips row groups.

    Of floats it has NaN. None if there is none.
    """
    if common.is_absent:
        return None
    if common.type not in FLOATS:
        opaque = [
            replace(each, opaque={column} if wrong.is_wrong(each.group, column) else frozenset())
            for each in groups
        ]
        [found] = select_cells(session, [column], opaque)
        return None if found.cells == common.cells else found.cells
    places = [each.group.find_place(column) for each in groups]
    for each, place in zip(groups, places, strict=True):
        if place is not None and each.group.types[place].name != common.type:
            return None
    return tuple("NULL" if place is None else f"col{place}" for place in places)


def _find_unheld(cell: StoredCell | None) -> str:
    """Return an expression that is null unless the registered type cannot hold a value."""
    converted = cell and _convert_optionally(cell)
    if not cell or not converted or converted.sql == cell.sql:
        return "NULL"
    return f"nullif({cell.sql} IS NOT NULL AND {converted.sql} IS NULL, false)"


def _convert_optionally(cell: StoredCell) -> StoredCell:
    return _convert_cell(replace(cell, is_optional=True))


def _convert_cell(cell: StoredCell) -> StoredCell:
    """Return a cell in its registered type.

    What tests a value for null does it for each row. DuckDB skips row groups by nothing but a cell
    or its cast.
    """
    sql, kind = convert_to_registered(cell)
    if sql != cell.sql and not sql.startswith(f"CAST({cell.sql} AS "):
        sql, kind = convert_to_registered(replace(cell, sql=hide_statistics(cell.sql)))
    return replace(cell, sql=sql, type=kind)


def _find_cell(session: Session, column: Column, opened: OpenGroup) -> StoredCell | None:
    """Return a group's cell of a column as it is stored; None if there is none.

    A null of JSON is a null, as in JSON Lines.
    """
    group = opened.group
    place = group.find_place(column)
    if place is None:
        return None
    found = group.types[place]
    if found.precision:
        raise UnreadableDataset(
            f"{group.where}, column '{column.name}': a decimal of {found.precision} digits cannot"
            f" be read; at most {DECIMAL_DIGITS} can"
        )
    if measure_nesting(found.name) > MAX_DEPTH:
        raise UnreadableDataset(
            f"{group.where}, column '{column.name}': its values are nested deeper than {MAX_DEPTH}"
            " levels; leave it out of `columns`"
        )
    sql = f"col{place}"
    if found.name in FLOATS:
        sql = drop_nan(hide_statistics(sql))
    elif column in opened.opaque:
        sql = hide_statistics(sql)
    if found.name == "JSON":
        sql = f"CASE WHEN trim(CAST({sql} AS VARCHAR)) <> 'null' THEN {sql} END"
    cell = StoredCell(sql, found.name, column, opened.file, "file_row_number")
    if found.duration_unit:
        cell = count_in_unit(cell, found.duration_unit)
    return replace(cell, sql=f"CAST({cell.sql} AS {ZONED})", type=ZONED) if found.is_utc else cell
