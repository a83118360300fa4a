"""Text files as a subquery: cells are text, which is cast to the types of the schema."""

from collections.abc import Callable, Sequence

from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.tables.casts import (
    read_null_markers,
    refuse_rounded_number,
    require_cell,
    write_decimal,
)
from datamesh.tables.file_columns import FileGroup
from datamesh.tables.readers import call_columns_by_place, read_csv, read_json
from datamesh.tables.selected_columns import ABSENT_TEXT, build_select_list
from datamesh.tables.session import Session
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.table import Column, Table

type FindCell = Callable[[Column], str | None]
"""Column -> the expression of its cells; None for a column that the files do not have."""


def select_text(
    session: Session, table: Table, columns: Sequence[Column], group: FileGroup, position: int
) -> str:
    """Return a query of the rows of one text file; `position` is its place in the partitions."""
    read, find_cell = read_text(session, table, columns, group)
    cells: list[str] = []
    file_index = str(group.indexes[0])

    def build_cell(column: Column) -> tuple[str, str | None]:
        is_written = table.is_shown_as_written(column)
        cell = find_cell(column)
        if cell is None:
            absent = f"CAST(NULL AS {find_sql_type(column.registered_type)})"
            return absent, ABSENT_TEXT if is_written else None
        cells.append(cell)
        text = f"x{len(cells) - 1}"
        value = require_cell(text, column, file_index, "r")
        return value, write_decimal(text) if is_written else None

    selected = build_select_list(table, columns, build_cell, str(position + 1), file_index)
    inner = "".join(f"{cell} AS x{number}, " for number, cell in enumerate(cells))
    return (
        f"SELECT {selected}CAST({file_index} AS BIGINT) AS f, r"
        f" FROM (SELECT {inner}row_number() OVER () - 1 AS r FROM {read}) AS cells"
    )


def read_text(
    session: Session, table: Table, columns: Sequence[Column], group: FileGroup
) -> tuple[str, FindCell]:
    """Return the call that reads text files, and what finds a column's cells in it."""
    if table.format is DataFormat.CSV:
        dialect = table.dialect
        read = read_csv(group.indexes, group.compression, dialect, session.csv_buffer_bytes)
        read = call_columns_by_place(read, len(group.names))

        def find_csv_cell(column: Column) -> str | None:
            cell = _write_cell(group.find_place(column))
            return cell and read_null_markers(cell, column, dialect.nulls)

        return read, find_csv_cell
    own = [column for column in columns if column.name not in table.partitions]
    places = {column.name: place for place, column in enumerate(own)}

    def find_cell(column: Column) -> str | None:
        cell = _write_cell(places.get(column.name))
        if cell is None or column.kind is Kind.OTHER:
            return cell
        return refuse_rounded_number(f"({cell} ->> '$')", f"json_type({cell})", column)

    return read_json(group.indexes, group.compression, own), find_cell


def _write_cell(place: int | None) -> str | None:
    return None if place is None else f"col{place}"
