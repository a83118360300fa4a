"""A dataset as a subquery: the columns of its table, and the file and row that each row is.

Of Parquet files, DuckDB reads the footers and then the column chunks that a query needs. The cells
of text files are text, which is cast to the types of the schema.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.tables.casts import require_cell, write_decimal
from datamesh.tables.files import DataFile
from datamesh.tables.readers import read_csv, read_json, read_parquet, select_json_keys
from datamesh.tables.session import Session
from datamesh.tables.sql import fold_case, quote_identifier
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column, Table

FILE_INDEX = "file_index"
ADDED_COLUMNS = (FILE_INDEX, "file_row_number")
"""Columns that DuckDB adds, the second to Parquet files alone. A file's own would hide them."""
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


@dataclass(frozen=True)
class FileGroup:
    """Files that one reader can read: text of one compression and, if CSV, with one header."""

    compression: str
    names: tuple[str, ...]
    """The columns in the files themselves, without those of folders."""
    indexes: Sequence[int]


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
        sql = _select_parquet(session, table, columns, len(files), first)
        found = session.describe_columns(sql, parameters)
        return Source(sql, parameters, tuple(str(kind) for _, kind in found[: len(columns)]))
    parts = (
        _select_text(session, table, columns, file, first, index)
        for index, file in enumerate(files)
    )
    # To ask DuckDB for them would take a millisecond for each of possibly many files.
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types)


def group_files(session: Session, table: Table, files: Sequence[DataFile]) -> list[FileGroup]:
    """Return all files of a scan in groups that can be read together.

    Raises as `open_source` does.
    """
    if table.format is DataFormat.PARQUET:
        names = _read_column_names(session, read_parquet(len(files), 0))
        return [FileGroup("none", names, range(len(files)))]
    found: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for index, file in enumerate(files):
        names = _read_header(session, table, index, file)
        found.setdefault((file.compression, names), []).append(index)
    groups = []
    for (compression, names), indexes in found.items():
        if table.format is DataFormat.JSONL:
            keys = session.fetch_rows(select_json_keys(indexes, compression))
            names = tuple(name for (name,) in keys)
        groups.append(FileGroup(compression, names, indexes))
    return groups


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
        return open_source(session, table, columns, files, 0)
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
            if find_cell(Column(FILE_INDEX)):
                raise UnreadableDataset(f"A file has a column of the name {FILE_INDEX}")
            parameters[f"g{number}"] = [index + 1 for index in group.indexes]
            position = f"list_extract($g{number}, CAST({FILE_INDEX} AS BIGINT) + 1)"
        selected = _select_columns(table, columns, build_cell, position, f"{position} - 1")
        parts.append(f"SELECT {selected}FROM {read}")
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types)


def _read_header(session: Session, table: Table, index: int, file: DataFile) -> tuple[str, ...]:
    """Return the columns in the header of a CSV file; none for other text."""
    if table.format is DataFormat.CSV:
        read = read_csv([index], file.compression, session.csv_buffer_bytes)
        return _read_column_names(session, read)
    return ()


def _read_column_names(session: Session, read: str) -> tuple[str, ...]:
    return tuple(name for name, _ in session.describe_columns(f"SELECT * FROM {read}"))


def _bind_partitions(
    table: Table, columns: Sequence[Column], files: Sequence[DataFile]
) -> dict[str, object]:
    """Return the parameters with the values of partition columns: a list of one value a file."""
    return {
        f"p{index}": [file.partitions[index] for file in files]
        for index, name in enumerate(table.partitions)
        if any(column.name == name for column in columns)
    }


def _select_parquet(
    session: Session, table: Table, columns: Sequence[Column], count: int, first: int
) -> str:
    read = read_parquet(count, first)
    present = {fold_case(name): name for name in _read_column_names(session, read)}
    for name in ADDED_COLUMNS:
        if name in present:
            raise UnreadableDataset(f"A Parquet file has a column of the name {name}")

    def build_cell(column: Column) -> tuple[str, str]:
        name = present.get(fold_case(column.name))
        absent = f"CAST(NULL AS {_find_absent_type(column)})"
        return quote_identifier(name) if name else absent, ABSENT_TEXT

    index = f"CAST({FILE_INDEX} AS BIGINT)"
    selected = _select_columns(table, columns, build_cell, f"{index} + 1", f"{index} + {first}")
    return f"SELECT {selected}{index} + {first} AS f, file_row_number AS r FROM {read}"


def _find_absent_type(column: Column) -> str:
    """Return the type of a column that these files do not have.

    A decimal without a scale in the schema is DECIMAL(1,0), which widens to that of other files.
    """
    found = find_sql_type(column.registered_type)
    return found if has_scale(column.registered_type) else "DECIMAL(1,0)"


def _select_text(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    file: DataFile,
    first: int,
    index: int,
) -> str:
    names = _read_header(session, table, first + index, file)
    group = FileGroup(file.compression, names, [first + index])
    read, find_cell = _read_text(session, table, columns, group)

    cells: list[str] = []
    file_index = str(first + index)

    def build_cell(column: Column) -> tuple[str, str]:
        cell = find_cell(column)
        if cell is None:
            return f"CAST(NULL AS {find_sql_type(column.registered_type)})", ABSENT_TEXT
        cells.append(cell)
        text = f"x{len(cells) - 1}"
        return require_cell(text, column, file_index, "r"), text

    selected = _select_columns(table, columns, build_cell, str(index + 1), file_index)
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
        present = {fold_case(name): name for name in group.names}
    else:
        own = [column for column in columns if column.name not in table.partitions]
        read = read_json(group.indexes, group.compression, own)
        present = {fold_case(column.name): column.name for column in own}

    def find_cell(column: Column) -> str | None:
        name = present.get(fold_case(column.name))
        if name is None:
            return None
        if table.format is DataFormat.JSONL and column.kind is not Kind.OTHER:
            return f"({quote_identifier(name)} ->> '$')"
        return quote_identifier(name)

    return read, find_cell


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
