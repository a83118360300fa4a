"""A dataset as a subquery: the columns of its table, and the file and row that each row is.

Of Parquet files, DuckDB reads the footers and then the column chunks that a query needs. The cells
of text files are text, which is cast to the types of the schema.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.tables.casts import require_cell, write_decimal
from datamesh.tables.file_columns import (
    FileGroup,
    group_parquet_files,
    read_header,
)
from datamesh.tables.files import DataFile
from datamesh.tables.readers import call_columns_by_place, read_csv, read_json, read_parquet
from datamesh.tables.session import Session
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column, Table

type FindCell = Callable[[Column], str | None]
"""Column -> the expression of its cells; None for a column that the files do not have."""
type BuildCell = Callable[[Column], tuple[str, str]]
"""Column -> the expression of its values, and that of its cells' text if they are text."""
ABSENT_TEXT = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class Source:
    """A query of the columns asked for, as `c0`, `c1`, ..., and of file and row, as `f` and `r`.

    Behind a column that is shown as it is written, such as `c1`, is its text, as `t1`.
    """

    sql: str
    parameters: dict[str, object]
    types: tuple[str, ...]
    """The types of the columns as DuckDB names them; for text, those that it would be cast to."""
    groups: Sequence[FileGroup]
    """The files that it reads."""
    is_in_order: bool = True
    """The rows come in the order of the files, and within a file as they stand there."""


def open_source(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    first: int,
) -> Source:
    """Return some files of a scan as typed rows; `first` is the index of the first of them.

    Raises UnreadableDataset, and what a read raises.
    """
    parameters = _bind_partitions(table, columns, files)
    if table.format is DataFormat.PARQUET:
        groups = group_parquet_files(session, range(first, first + len(files)))
        return _open_parquet(session, table, columns, groups, parameters, first)
    groups = []
    parts = []
    for index, file in enumerate(files, first):
        names = read_header(session, table, index, file)
        where = session.scan.get_name(index)
        groups.append(FileGroup(file.compression, names, [index], where))
        parts.append(_select_text(session, table, columns, groups[-1], index - first))
    # To ask DuckDB for them would take a millisecond for each of possibly many files.
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types, groups)


def open_cells(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    groups: Sequence[FileGroup],
) -> Source:
    """Return all files of a scan as rows; of text files without `f` and `r`, and as plain text.

    Raises as `open_source` does.
    """
    if table.format is DataFormat.PARQUET:
        parameters = _bind_partitions(table, columns, files)
        return _open_parquet(session, table, columns, groups, parameters, 0)
    parts = []
    parameters = _bind_partitions(table, columns, files)
    partitioned = bool(parameters)
    for number, group in enumerate(groups):
        read, find_cell = _read_text(session, table, columns, group)

        def build_cell(column: Column, find_cell: FindCell = find_cell) -> tuple[str, str]:
            cell = find_cell(column) or ABSENT_TEXT
            return cell, cell

        position = ""
        if partitioned:
            parameters[f"g{number}"] = [index + 1 for index in group.indexes]
            position = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"
        selected = _select_columns(table, columns, build_cell, position, f"{position} - 1")
        parts.append(f"SELECT {selected}FROM {read}")
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types, groups)


def _bind_partitions(
    table: Table, columns: Sequence[Column], files: Sequence[DataFile]
) -> dict[str, object]:
    """Return the parameters with the values of partition columns: a list of one value a file."""
    return {
        f"p{index}": [file.partitions[index] for file in files]
        for index, name in enumerate(table.partitions)
        if any(column.name == name for column in columns)
    }


def _open_parquet(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    groups: Sequence[FileGroup],
    parameters: dict[str, object],
    first: int,
) -> Source:
    """Return the files of some groups as rows; `first` is the least of their indexes."""
    present = {
        column.name
        for column in columns
        if any(group.find_place(column) is not None for group in groups)
    }
    parts = []
    for number, group in enumerate(groups):
        index = f"CAST(file_index AS BIGINT) + {first}"
        if len(groups) > 1:
            parameters[f"g{number}"] = list(group.indexes)
            index = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"

        def build_cell(column: Column, group: FileGroup = group) -> tuple[str, str]:
            place = group.find_place(column)
            if place is not None:
                return f"col{place}", ABSENT_TEXT
            # It gets the type that it has in other files.
            found = "NULL" if column.name in present else f"NULL::{_find_absent_type(column)}"
            return found, ABSENT_TEXT

        selected = _select_columns(table, columns, build_cell, f"{index} - {first - 1}", index)
        read = call_columns_by_place(read_parquet(group.indexes), len(group.names))
        parts.append(f"SELECT {selected}{index} AS f, file_row_number AS r FROM {read}")
    sql = " UNION ALL ".join(parts)
    found = session.describe_columns(sql, parameters)
    types = tuple(str(kind) for _, kind in found[: len(columns)])
    return Source(sql, parameters, types, groups, is_in_order=len(groups) == 1)


def _find_absent_type(column: Column) -> str:
    """Return the type of a column that these files do not have.

    A decimal without a scale in the schema is DECIMAL(1,0), which widens to that of other files.
    """
    found = find_sql_type(column.registered_type)
    return found if has_scale(column.registered_type) else "DECIMAL(1,0)"


def _select_text(
    session: Session, table: Table, columns: Sequence[Column], group: FileGroup, position: int
) -> str:
    """Return a query of the rows of one text file; `position` is its place in the partitions."""
    read, find_cell = _read_text(session, table, columns, group)
    cells: list[str] = []
    file_index = str(group.indexes[0])

    def build_cell(column: Column) -> tuple[str, str]:
        cell = find_cell(column)
        if cell is None:
            return f"CAST(NULL AS {find_sql_type(column.registered_type)})", ABSENT_TEXT
        cells.append(cell)
        text = f"x{len(cells) - 1}"
        return require_cell(text, column, file_index, "r"), text

    selected = _select_columns(table, columns, build_cell, str(position + 1), file_index)
    inner = "".join(f"{cell} AS x{number}, " for number, cell in enumerate(cells))
    return (
        f"SELECT {selected}CAST({file_index} AS BIGINT) AS f, r"
        f" FROM (SELECT {inner}row_number() OVER () - 1 AS r FROM {read}) AS cells"
    )


def _read_text(
    session: Session, table: Table, columns: Sequence[Column], group: FileGroup
) -> tuple[str, FindCell]:
    """Return the call that reads text files, and what finds a column's cells in it."""
    if table.format is DataFormat.CSV:
        read = read_csv(group.indexes, group.compression, session.csv_buffer_bytes)
        read = call_columns_by_place(read, len(group.names))
        return read, lambda column: _write_cell(group.find_place(column))
    own = [column for column in columns if column.name not in table.partitions]
    places = {column.name: place for place, column in enumerate(own)}

    def find_cell(column: Column) -> str | None:
        cell = _write_cell(places.get(column.name))
        return cell if cell is None or column.kind is Kind.OTHER else f"({cell} ->> '$')"

    return read_json(group.indexes, group.compression, own), find_cell


def _write_cell(place: int | None) -> str | None:
    return None if place is None else f"col{place}"


def _select_columns(
    table: Table,
    columns: Sequence[Column],
    build_cell: BuildCell,
    position: str,
    file_index: str,
) -> str:
    """Return the columns of a SELECT clause, with a comma behind each.

    `position` and `file_index` are expressions of a row's file: its position in the partitions'
    lists, from 1, and its index in the scan.
    """
    values, texts = [], []
    for number, column in enumerate(columns):
        if column.name in table.partitions:
            folder = f"list_extract($p{table.partitions.index(column.name)}, {position})"
            text = f"CAST({folder} AS VARCHAR)"
            value = require_cell(text, column, file_index, "-1")
        else:
            value, text = build_cell(column)
        values.append(f"{value} AS c{number}, ")
        if table.is_shown_as_written(column):
            texts.append(f"{write_decimal(text)} AS t{number}, ")
    return "".join([*values, *texts])
