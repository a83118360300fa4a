"""A dataset as a subquery: the columns of its table, and the file and row that each row is.

Of Parquet files, DuckDB reads the footers and then the column chunks that a query needs. The cells
of text files are text, which is cast to the types of the schema.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datamesh.models.ports import DataFormat
from datamesh.tables.casts import write_decimal
from datamesh.tables.common_types import CommonColumn, merge_column
from datamesh.tables.conditions import TypedColumn
from datamesh.tables.exact_casts import StoredCell
from datamesh.tables.file_columns import (
    FileGroup,
    group_parquet_files,
    read_header,
)
from datamesh.tables.files import DataFile
from datamesh.tables.parquet_source import (
    OpenGroup,
    find_skipping_cells,
    select_cells,
    select_stored_cells,
)
from datamesh.tables.readers import call_columns_by_place, read_parquet
from datamesh.tables.selected_columns import (
    ABSENT_TEXT,
    bind_partitions,
    build_select_list,
    find_written_columns,
)
from datamesh.tables.session import Session
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.statistics import WrongStatistics, check_null_counts, find_wrong_statistics
from datamesh.tables.table import Column, Table
from datamesh.tables.text_source import FindCell, read_text, select_text

type SelectCells = Callable[[Session, Sequence[Column], Sequence[OpenGroup]], list[CommonColumn]]
"""Columns of Parquet files -> each with an expression for each of the groups."""


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
    unheld: frozenset[int] = frozenset()
    """The numbers of columns of which `w1` is null unless the registered type cannot hold `c1`."""
    skipping: frozenset[int] = frozenset()
    """The numbers of compared columns of which `n1` is `c1` as DuckDB skips row groups by it. Of
    floats, `n1` has NaN."""

    def get_column(self, number: int) -> TypedColumn:
        """Return a column by its number."""
        skipping = f"n{number}" if number in self.skipping else ""
        return TypedColumn(f"c{number}", self.types[number], skipping)


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
    parameters = bind_partitions(table, columns, files)
    if table.format is DataFormat.PARQUET:
        groups = group_parquet_files(session, columns, range(first, first + len(files)))
        wrong = find_wrong_statistics(session, groups, compared)
        opened = _open_groups(groups, parameters, first, compared)
        return _open_parquet(
            session, table, columns, opened, parameters, first, select_cells, wrong
        )
    groups = []
    parts = []
    for index in range(first, first + len(files)):
        names = read_header(session, table, index)
        compression = session.files.find_read_compression(index)
        groups.append(FileGroup(compression, names, [index], session.scan.get_name(index)))
        parts.append(select_text(session, table, columns, groups[-1], index - first))
    # To ask DuckDB for them would take a millisecond for each of possibly many files.
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    written = find_written_columns(table, columns)
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
                number in source.written_as_json,
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
        own = [column for column in columns if column.name not in table.partitions]
        check_null_counts(session, groups, own)
        parameters = bind_partitions(table, columns, files)
        opened = _open_groups(groups, parameters, 0, columns)
        return _open_parquet(session, table, columns, opened, parameters, 0, select_stored_cells)
    parts = []
    parameters = bind_partitions(table, columns, files)
    partitioned = bool(parameters)
    for number, group in enumerate(groups):
        read, find_cell = read_text(session, table, columns, group)

        def build_cell(column: Column, find_cell: FindCell = find_cell) -> tuple[str, str | None]:
            cell = find_cell(column) or ABSENT_TEXT
            return cell, write_decimal(cell) if table.is_shown_as_written(column) else None

        position = ""
        if partitioned:
            parameters[f"g{number}"] = [index + 1 for index in group.indexes]
            position = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"
        selected = build_select_list(table, columns, build_cell, position, f"{position} - 1")
        parts.append(f"SELECT {selected}FROM {read}")
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    written = find_written_columns(table, columns)
    return Source(" UNION ALL ".join(parts), parameters, types, groups, written=written)


def _open_parquet(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    opened: Sequence[OpenGroup],
    parameters: dict[str, object],
    first: int,
    select: SelectCells,
    wrong: WrongStatistics | None = None,
) -> Source:
    """Return the files of some groups as rows; `first` is the least of their indexes.

    Unless told which statistics are `wrong`, no row group is skipped.
    """
    own = [column for column in columns if column.name not in table.partitions]
    found = dict(zip(own, select(session, own, opened), strict=True))
    common = {number: found[each] for number, each in enumerate(columns) if each in found}
    skipping = {
        number: cells
        for number, each in common.items()
        if wrong is not None
        and columns[number] in opened[0].opaque
        and (cells := find_skipping_cells(session, columns[number], each, opened, wrong))
    }
    parts = []
    for number, each in enumerate(opened):

        def build_cell(column: Column, number: int = number) -> tuple[str, str | None]:
            texts = found[column].texts
            return found[column].cells[number], texts[number] if texts else None

        position = f"{each.file} - {first - 1}"
        selected = build_select_list(table, columns, build_cell, position, each.file)
        selected += "".join(
            f"{mixed.presence[number]} AS p{n}, " for n, mixed in common.items() if mixed.presence
        )
        selected += "".join(
            f"{marked.unheld[number]} AS w{n}, " for n, marked in common.items() if marked.unheld
        )
        selected += "".join(f"{cells[number]} AS n{n}, " for n, cells in skipping.items())
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
        written=find_written_columns(table, columns)
        | {n for n, each in common.items() if each.texts},
        written_as_json=frozenset(n for n, each in common.items() if each.is_json),
        absent=frozenset(n for n, each in common.items() if each.is_absent),
        mixed={n: each.stored for n, each in common.items() if each.presence},
        unheld=frozenset(n for n, each in common.items() if each.unheld),
        skipping=frozenset(skipping),
    )


def _open_groups(
    groups: Sequence[FileGroup],
    parameters: dict[str, object],
    first: int,
    opaque: Iterable[Column],
) -> list[OpenGroup]:
    opened, hidden = [], frozenset(opaque)
    for number, group in enumerate(groups):
        file = f"CAST(file_index AS BIGINT) + {first}"
        if len(groups) > 1:
            parameters[f"g{number}"] = list(group.indexes)
            file = f"list_extract($g{number}, CAST(file_index AS BIGINT) + 1)"
        opened.append(OpenGroup(group, file, hidden))
    return opened
