"""A dataset as a subquery: the columns of its table, and the file and row that each row is.

Of Parquet files, DuckDB reads the footers and then the column chunks that a query needs. The cells
of text files are text, which is cast to the types of the schema.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.tables.casts import read_null_markers, require_cell, write_decimal
from datamesh.tables.common_types import CommonColumn, merge_column
from datamesh.tables.exact_casts import StoredCell
from datamesh.tables.file_columns import (
    FileGroup,
    group_parquet_files,
    read_header,
)
from datamesh.tables.files import DataFile, read_partition
from datamesh.tables.parquet_source import (
    OpenGroup,
    find_stored_floats,
    select_cells,
    select_stored_cells,
)
from datamesh.tables.readers import call_columns_by_place, read_csv, read_json, read_parquet
from datamesh.tables.session import Session
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.statistics import WrongStatistics, find_wrong_statistics
from datamesh.tables.table import Column, Table

type FindCell = Callable[[Column], str | None]
"""Column -> the expression of its cells; None for a column that the files do not have."""
type BuildCell = Callable[[Column], tuple[str, str | None]]
"""Column -> the expression of its values, and that of what they are shown as, if it differs."""
type SelectCells = Callable[[Session, Sequence[Column], Sequence[OpenGroup]], list[CommonColumn]]
"""Columns of Parquet files -> each with an expression for each of the groups."""
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
    written: frozenset[int] = frozenset()
    """The numbers of the columns that have a text: `t1` is the text that `c1` is shown as."""
    written_as_json: frozenset[int] = frozenset()
    """The numbers of those whose text is JSON."""
    absent: frozenset[int] = frozenset()
    """The numbers of the columns that no file has."""
    mixed: Mapping[int, str] = field(default_factory=dict)
    """Columns that are null where they are not of the registered type, by their numbers, with the
    type that they have in files: `p1` is null where a file has no `c1`."""
    floats: frozenset[int] = frozenset()
    """The numbers of compared columns of which `n1` is `c1` before NaN became null."""


def open_source(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    first: int,
    compared: Sequence[Column] = (),
) -> Source:
    """Return some files of a scan as typed rows; `first` is the index of the first of them.

    `compared` are the columns of files that rows are filtered or ordered by. Raises
    UnreadableDataset, and what a read raises.
    """
    parameters = _bind_partitions(table, columns, files)
    if table.format is DataFormat.PARQUET:
        groups = group_parquet_files(session, range(first, first + len(files)))
        wrong = find_wrong_statistics(session, groups, compared)
        opened = _open_groups(groups, parameters, first, wrong)
        return _open_parquet(
            session, table, columns, opened, parameters, first, select_cells, compared
        )
    groups = []
    parts = []
    for index in range(first, first + len(files)):
        names = read_header(session, table, index)
        compression = session.files.find_read_compression(index)
        groups.append(FileGroup(compression, names, [index], session.scan.get_name(index)))
        parts.append(_select_text(session, table, columns, groups[-1], index - first))
    # To ask DuckDB for them would take a millisecond for each of possibly many files.
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    written = _find_written(table, columns)
    return Source(" UNION ALL ".join(parts), parameters, types, groups, written=written)


def join_sources(
    session: Session, columns: Sequence[Column], tables: Sequence[tuple[str, Source]]
) -> Source:
    """Return the rows of tables, each made of a source, as one in which columns have one type."""
    common = []
    for number, column in enumerate(columns):
        cells = [
            None
            if number in source.absent
            else StoredCell(
                f"{name}.c{number}",
                source.types[number],
                column,
                f"{name}.f",
                f"{name}.r",
                f"{name}.t{number}" if number in source.written else None,
            )
            for name, source in tables
        ]
        common.append(merge_column(session, column, cells))
    written = frozenset(n for n, each in enumerate(common) if each.texts)
    parts = []
    for index, (name, _) in enumerate(tables):
        selected = [f"{each.cells[index]} AS c{n}" for n, each in enumerate(common)]
        selected += [f"{each.texts[index]} AS t{n}" for n, each in enumerate(common) if each.texts]
        parts.append(f"SELECT {', '.join(selected)}, f, r FROM {name}")
    return Source(
        " UNION ALL ".join(parts),
        {},
        tuple(each.type for each in common),
        [],
        written=written,
        written_as_json=frozenset(n for n, each in enumerate(common) if each.is_json),
    )


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
        opened = _open_groups(groups, parameters, 0, WrongStatistics())
        return _open_parquet(session, table, columns, opened, parameters, 0, select_stored_cells)
    parts = []
    parameters = _bind_partitions(table, columns, files)
    partitioned = bool(parameters)
    for number, group in enumerate(groups):
        read, find_cell = _read_text(session, table, columns, group)

        def build_cell(column: Column, find_cell: FindCell = find_cell) -> tuple[str, str | None]:
            cell = find_cell(column) or ABSENT_TEXT
            return cell, write_decimal(cell) if table.is_shown_as_written(column) else None

        position = ""
        if partitioned:
            parameters[f"g{number}"] = [index + 1 for index in group.indexes]
            position = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"
        selected = _select_columns(table, columns, build_cell, position, f"{position} - 1")
        parts.append(f"SELECT {selected}FROM {read}")
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    written = _find_written(table, columns)
    return Source(" UNION ALL ".join(parts), parameters, types, groups, written=written)


def _bind_partitions(
    table: Table, columns: Sequence[Column], files: Sequence[DataFile]
) -> dict[str, object]:
    """Return the parameters with the values of partition columns: a list of one value a file.

    Raises UnreadableDataset if a value is not of its column's type.
    """
    asked = {column.name: column for column in columns}
    parameters: dict[str, object] = {}
    for index, name in enumerate(table.partitions):
        if name in asked:
            for file in files:
                read_partition(file, index, name, asked[name].registered_type)
            parameters[f"p{index}"] = [file.partitions[index] for file in files]
    return parameters


def _find_written(table: Table, columns: Sequence[Column]) -> frozenset[int]:
    return frozenset(
        number for number, column in enumerate(columns) if table.is_shown_as_written(column)
    )


def _open_parquet(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    opened: Sequence[OpenGroup],
    parameters: dict[str, object],
    first: int,
    select: SelectCells,
    compared: Sequence[Column] = (),
) -> Source:
    """Return the files of some groups as rows; `first` is the least of their indexes."""
    own = [column for column in columns if column.name not in table.partitions]
    found = dict(zip(own, select(session, own, opened), strict=True))
    common = {number: found[each] for number, each in enumerate(columns) if each in found}
    floats = {
        number: stored
        for number, each in common.items()
        if columns[number] in compared
        and (stored := find_stored_floats(columns[number], each, opened))
    }
    parts = []
    for number, each in enumerate(opened):

        def build_cell(column: Column, number: int = number) -> tuple[str, str | None]:
            texts = found[column].texts
            return found[column].cells[number], texts[number] if texts else None

        position = f"{each.file} - {first - 1}"
        selected = _select_columns(table, columns, build_cell, position, each.file)
        selected += "".join(
            f"{mixed.presence[number]} AS p{n}, " for n, mixed in common.items() if mixed.presence
        )
        selected += "".join(f"{stored[number]} AS n{n}, " for n, stored in floats.items())
        read = call_columns_by_place(read_parquet(each.group.indexes), len(each.group.names))
        parts.append(f"SELECT {selected}{each.file} AS f, file_row_number AS r FROM {read}")
    return Source(
        " UNION ALL ".join(parts),
        parameters,
        tuple(
            common[number].type if number in common else find_sql_type(column.registered_type)
            for number, column in enumerate(columns)
        ),
        [each.group for each in opened],
        is_in_order=len(opened) == 1,
        written=_find_written(table, columns) | {n for n, each in common.items() if each.texts},
        written_as_json=frozenset(n for n, each in common.items() if each.is_json),
        absent=frozenset(n for n, each in common.items() if each.is_absent),
        mixed={n: each.stored for n, each in common.items() if each.presence},
        floats=frozenset(floats),
    )


def _open_groups(
    groups: Sequence[FileGroup],
    parameters: dict[str, object],
    first: int,
    wrong: WrongStatistics,
) -> list[OpenGroup]:
    opened = []
    for number, group in enumerate(groups):
        file = f"CAST(file_index AS BIGINT) + {first}"
        if len(groups) > 1:
            parameters[f"g{number}"] = list(group.indexes)
            file = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"
        opened.append(OpenGroup(group, file, wrong))
    return opened


def _select_text(
    session: Session, table: Table, columns: Sequence[Column], group: FileGroup, position: int
) -> str:
    """Return a query of the rows of one text file; `position` is its place in the partitions."""
    read, find_cell = _read_text(session, table, columns, group)
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
            cell = f"CAST({folder} AS VARCHAR)"
            value = require_cell(cell, column, file_index, "-1")
            text = write_decimal(cell) if table.is_shown_as_written(column) else None
        else:
            value, text = build_cell(column)
        values.append(f"{value} AS c{number}, ")
        if text is not None:
            texts.append(f"{text} AS t{number}, ")
    return "".join([*values, *texts])
