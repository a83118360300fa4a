"""A dataset as a subquery: the columns of its table, and which row of which file each row is.

Of Parquet files DuckDB reads footers and then the chunks of columns that a query needs. The cells
of text files are text, which is cast to what the schema says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import DECIMAL_DIGITS, Kind
from datamesh.tables.files import DataFile
from datamesh.tables.readers import keys, read_csv, read_json, read_parquet
from datamesh.tables.session import Session
from datamesh.tables.sql import folded, identifier, literal
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column, Table

FILE_INDEX = "file_index"
OURS = (FILE_INDEX, "file_row_number")
"""Columns that DuckDB adds, the second to Parquet files alone; one of a file would hide them."""
type CellOf = Callable[[Column], str | None]


@dataclass(frozen=True)
class Source:
    """Selects `c0`, `c1`, ... for the columns asked for, and `f` and `r`, file and row."""

    sql: str
    parameters: dict[str, object]
    types: tuple[str, ...]
    """Of the columns, as DuckDB names them; of cells that are not cast, what they would be."""


@dataclass(frozen=True)
class Group:
    """Files that one reader can read: text of one compression and, if CSV, with one header."""

    compression: str
    names: tuple[str, ...]
    """The columns that they hold themselves, folders aside."""
    indexes: Sequence[int]


def open_source(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    first: int,
) -> Source:
    """`first`: the index in the scan of the first of these files. Raises UnreadableDataset and what
    a read raises."""
    parameters = _partitions(table, columns, files)
    if table.form is DataFormat.PARQUET:
        sql = _parquet(session, table, columns, len(files), first)
        found = session.columns(sql, parameters)
        return Source(sql, parameters, tuple(str(kind) for _, kind in found[: len(columns)]))
    parts = (_text(session, table, columns, file, first, index) for index, file in enumerate(files))
    # Known without asking, which takes a millisecond for each of possibly many files.
    types = tuple(find_sql_type(column.registered) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types)


def grouped(session: Session, table: Table, files: Sequence[DataFile]) -> list[Group]:
    """All files of a scan, as they can be read together. Raises as `open_source` does."""
    if table.form is DataFormat.PARQUET:
        names = _names(session, read_parquet(len(files), 0))
        return [Group("none", names, range(len(files)))]
    found: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for index, file in enumerate(files):
        names = _header(session, table, index, file)
        found.setdefault((file.compression, names), []).append(index)
    if table.form is DataFormat.CSV:
        return [Group(compression, names, of) for (compression, names), of in found.items()]
    return [
        Group(compression, tuple(name for (name,) in session.rows(keys(of, compression))), of)
        for (compression, _), of in found.items()
    ]


def open_cells(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    groups: Sequence[Group],
) -> Source:
    """All files of a scan at once, the cells of text files as the text that they are; neither file
    nor row is told. Raises as `open_source` does."""
    if table.form is DataFormat.PARQUET:
        return open_source(session, table, columns, files, 0)
    parts = []
    parameters = _partitions(table, columns, files)
    partitioned = bool(parameters)
    for number, group in enumerate(groups):
        read, cell_of = _cells(table, columns, group)

        def expression(column: Column, cell_of: CellOf = cell_of) -> str:
            return cell_of(column) or "CAST(NULL AS VARCHAR)"

        place = ""
        if partitioned:
            if cell_of(Column(FILE_INDEX)):
                raise UnreadableDataset(f"A file has a column of the name {FILE_INDEX}")
            parameters[f"g{number}"] = [index + 1 for index in group.indexes]
            place = f"list_extract($g{number}, CAST({FILE_INDEX} AS BIGINT) + 1)"
        parts.append(f"SELECT {_select(table, columns, expression, place)}FROM {read}")
    types = tuple(find_sql_type(column.registered) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types)


def _header(session: Session, table: Table, index: int, file: DataFile) -> tuple[str, ...]:
    """Of a CSV file; other text has none."""
    if table.form is DataFormat.CSV:
        return _names(session, read_csv([index], file.compression))
    return ()


def _names(session: Session, read: str) -> tuple[str, ...]:
    return tuple(name for name, _ in session.columns(f"SELECT * FROM {read}"))


def _partitions(
    table: Table, columns: Sequence[Column], files: Sequence[DataFile]
) -> dict[str, object]:
    return {
        f"p{index}": [file.partitions[index] for file in files]
        for index, name in enumerate(table.partitions)
        if any(column.name == name for column in columns)
    }


def _parquet(
    session: Session, table: Table, columns: Sequence[Column], count: int, first: int
) -> str:
    read = read_parquet(count, first)
    there = {folded(name): name for name in _names(session, read)}
    for name in OURS:
        if name in there:
            raise UnreadableDataset(f"A Parquet file has a column of the name {name}")

    def expression(column: Column) -> str:
        name = there.get(folded(column.name))
        return identifier(name) if name else f"CAST(NULL AS {_absent(column)})"

    place = f"CAST({FILE_INDEX} AS BIGINT)"
    chosen = _select(table, columns, expression, f"{place} + 1")
    return f"SELECT {chosen}{place} + {first} AS f, file_row_number AS r FROM {read}"


def _absent(column: Column) -> str:
    """Other files may tell the scale of a decimal that the schema does not."""
    found = find_sql_type(column.registered)
    return found if has_scale(column.registered) else "DECIMAL(1,0)"


def _text(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    file: DataFile,
    first: int,
    index: int,
) -> str:
    names = _header(session, table, first + index, file)
    read, cell_of = _cells(table, columns, Group(file.compression, names, [first + index]))

    def expression(column: Column) -> str:
        cell = cell_of(column)
        return typed(cell, column) if cell else f"CAST(NULL AS {find_sql_type(column.registered)})"

    chosen = _select(table, columns, expression, str(index + 1))
    return (
        f"SELECT {chosen}CAST({first + index} AS BIGINT) AS f, row_number() OVER () - 1 AS r"
        f" FROM {read}"
    )


def _cells(table: Table, columns: Sequence[Column], group: Group) -> tuple[str, CellOf]:
    """A reader of text files, and what a column's cells are in it; None for one that none has."""
    if table.form is DataFormat.CSV:
        read = read_csv(group.indexes, group.compression)
        there = {folded(name): name for name in group.names}
    else:
        own = [column for column in columns if column.name not in table.partitions]
        read = read_json(group.indexes, group.compression, own)
        there = {folded(column.name): column.name for column in own}

    def cell_of(column: Column) -> str | None:
        name = there.get(folded(column.name))
        if name is None:
            return None
        if table.form is DataFormat.JSONL and column.kind is not Kind.OTHER:
            return f"({identifier(name)} ->> '$')"
        return identifier(name)

    return read, cell_of


def _select(
    table: Table, columns: Sequence[Column], expression: Callable[[Column], str], place: str
) -> str:
    """`place`: which element of the partitions' lists is that of the row's file."""
    chosen = []
    for number, column in enumerate(columns):
        if column.name in table.partitions:
            text = f"list_extract($p{table.partitions.index(column.name)}, {place})"
            value = f"CAST({text} AS {find_sql_type(column.registered)})"
        else:
            value = expression(column)
        chosen.append(f"{value} AS c{number}, ")
    return "".join(chosen)


def typed(cell: str, column: Column, *, attempt: bool = False) -> str:
    """A text cell as what the schema says; what DuckDB would round is an error (null if an
    attempt), like everything else that does not read as the type."""
    sql_type = find_sql_type(column.registered)
    if sql_type == "VARCHAR":
        return cell
    function = "TRY_CAST" if attempt else "CAST"
    pattern = _exact(column.kind, sql_type)
    if pattern:
        wrong = "NULL" if attempt else f"'no exact {sql_type}: ' || {cell}"
        fits = f"{cell} IS NULL OR regexp_full_match({cell}, {literal(pattern)})"
        cell = f"CASE WHEN {fits} THEN {cell} ELSE {wrong} END"
    return f"{function}({cell} AS {sql_type})"


def _exact(kind: Kind, sql_type: str) -> str | None:
    if kind is Kind.INTEGER:
        return r"[+-]?[0-9]+"
    if kind is Kind.DECIMAL:
        scale = sql_type.rpartition(",")[2].rstrip(")")
        return rf"[+-]?[0-9]{{1,{DECIMAL_DIGITS}}}(\.[0-9]{{0,{scale}}}0*)?"
    return None
