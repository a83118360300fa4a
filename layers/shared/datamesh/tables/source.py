"""A dataset as a subquery: the columns of its table, and which row of which file each row is.

Of Parquet files DuckDB reads footers and then the chunks of columns that a query needs. The cells
of text files are text, which is cast to what the schema says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.tables.files import DataFile
from datamesh.tables.filesystem import path_of
from datamesh.tables.kinds import DECIMAL_DIGITS, Kind, is_scaled, stored_as
from datamesh.tables.session import Session
from datamesh.tables.sql import folded, identifier, literal
from datamesh.tables.table import Column, Table

OURS = ("file_index", "file_row_number")
"""Columns that DuckDB adds to Parquet files; one of this name in a file would hide them."""
MAX_OBJECT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """Selects `c0`, `c1`, ... for the columns asked for, and `f` and `r`, file and row."""

    sql: str
    parameters: dict[str, object]
    types: tuple[str, ...]
    """Of the columns, as DuckDB names them; of text that is not cast, what it would be cast to."""


def open_source(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    files: Sequence[DataFile],
    first: int,
    *,
    cast: bool = True,
) -> Source:
    """`first`: the index in the scan of the first of these files. Without `cast` the cells of text
    files stay text. Raises UnreadableDataset and what a read raises."""
    parameters: dict[str, object] = {
        f"p{index}": [file.partitions[index] for file in files]
        for index, name in enumerate(table.partitions)
        if any(column.name == name for column in columns)
    }
    if table.form is DataFormat.PARQUET:
        sql = _parquet(session, table, columns, len(files), first)
        found = session.columns(sql, parameters)
        return Source(sql, parameters, tuple(str(kind) for _, kind in found[: len(columns)]))
    parts = (
        _text(session, table, columns, file, first, index, cast) for index, file in enumerate(files)
    )
    # Known without asking, which takes a millisecond for each of possibly many files.
    types = tuple(stored_as(column.registered) for column in columns)
    return Source(" UNION ALL ".join(parts), parameters, types)


def names_in(session: Session, table: Table, files: Sequence[DataFile]) -> list[str]:
    """The columns that the files hold themselves, folders aside."""
    if table.form is DataFormat.PARQUET:
        return [
            name for name, _ in session.columns(f"SELECT * FROM {_read_parquet(len(files), 0)}")
        ]
    found: dict[str, None] = {}
    for index, file in enumerate(files):
        path = path_of(index)
        if table.form is DataFormat.CSV:
            header = session.columns(f"SELECT * FROM {_read_csv(path, file.compression)}")
            names = [name for name, _ in header]
        else:
            names = [name for (name,) in session.rows(_keys(path, file.compression))]
        found |= dict.fromkeys(names)
    return list(found)


def _parquet(
    session: Session, table: Table, columns: Sequence[Column], count: int, first: int
) -> str:
    read = _read_parquet(count, first)
    there = {folded(name): name for name, _ in session.columns(f"SELECT * FROM {read}")}
    for name in OURS:
        if name in there:
            raise UnreadableDataset(f"A Parquet file has a column of the name {name}")

    def expression(column: Column) -> str:
        name = there.get(folded(column.name))
        return identifier(name) if name else f"CAST(NULL AS {_absent(column)})"

    place = "CAST(file_index AS BIGINT)"
    chosen = _select(table, columns, expression, f"{place} + 1")
    return f"SELECT {chosen}{place} + {first} AS f, file_row_number AS r FROM {read}"


def _absent(column: Column) -> str:
    """Other files may tell the scale of a decimal that the schema does not."""
    found = stored_as(column.registered)
    return found if is_scaled(column.registered) else "DECIMAL(1,0)"


def _text(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    file: DataFile,
    first: int,
    index: int,
    cast: bool,
) -> str:
    path = path_of(first + index)
    own = [column for column in columns if column.name not in table.partitions]
    if table.form is DataFormat.JSONL:
        read = _read_json(path, file.compression, own)
        there = {folded(column.name): column.name for column in own}
    else:
        read = _read_csv(path, file.compression)
        there = {folded(name): name for name, _ in session.columns(f"SELECT * FROM {read}")}

    def expression(column: Column) -> str:
        name = there.get(folded(column.name))
        if name is None:
            return f"CAST(NULL AS {stored_as(column.registered) if cast else 'VARCHAR'})"
        cell = identifier(name)
        if table.form is DataFormat.JSONL and column.kind is not Kind.OTHER:
            cell = f"({cell} ->> '$')"
        return typed(cell, column) if cast else cell

    chosen = _select(table, columns, expression, str(index + 1))
    return (
        f"SELECT {chosen}CAST({first + index} AS BIGINT) AS f, row_number() OVER () - 1 AS r"
        f" FROM {read}"
    )


def _select(
    table: Table, columns: Sequence[Column], expression: Callable[[Column], str], place: str
) -> str:
    """`place`: which element of the partitions' lists is that of the row's file."""
    chosen = []
    for number, column in enumerate(columns):
        if column.name in table.partitions:
            text = f"list_extract($p{table.partitions.index(column.name)}, {place})"
            value = f"CAST({text} AS {stored_as(column.registered)})"
        else:
            value = expression(column)
        chosen.append(f"{value} AS c{number}, ")
    return "".join(chosen)


def typed(cell: str, column: Column, *, attempt: bool = False) -> str:
    """A text cell as what the schema says; what DuckDB would round is an error (null if an
    attempt), like everything else that does not read as the type."""
    sql_type = stored_as(column.registered)
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


def _read_parquet(count: int, first: int) -> str:
    paths = ", ".join(literal(path_of(index)) for index in range(first, first + count))
    return f"read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"


def _read_csv(path: str, compression: str) -> str:
    """RFC 4180 with a header; an empty cell is null."""
    return (
        f"read_csv({literal(path)}, compression = {literal(compression)}, header = true,"
        """ delim = ',', quote = '"', escape = '"', comment = '', skip = 0, all_varchar = true,"""
        " strict_mode = true, null_padding = false, hive_partitioning = false)"
    )


def _read_json(path: str, compression: str, columns: Sequence[Column]) -> str:
    """Every cell as JSON; a 64-bit integer is exact, other numbers are what a double holds."""
    if not columns:
        return _objects(path, compression)
    types = ", ".join(f"{literal(column.name)}: 'JSON'" for column in columns)
    return (
        f"read_json({literal(path)}, compression = {literal(compression)}, records = true,"
        f" format = 'newline_delimited', columns = {{{types}}},"
        f" maximum_object_size = {MAX_OBJECT_BYTES}, hive_partitioning = false)"
    )


def _keys(path: str, compression: str) -> str:
    objects = _objects(path, compression)
    return f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {objects} ORDER BY key"


def _objects(path: str, compression: str) -> str:
    return (
        f"read_json_objects({literal(path)}, compression = {literal(compression)},"
        f" format = 'newline_delimited', maximum_object_size = {MAX_OBJECT_BYTES})"
    )
