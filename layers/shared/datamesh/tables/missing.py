"""Columns of a schema that files do not have: which are null, and when that is an error."""

from collections.abc import Sequence

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.tables.file_columns import FileGroup
from datamesh.tables.readers import select_first_json_keys
from datamesh.tables.session import Session
from datamesh.tables.table import Column, Table

SAMPLED_FILES = 8
"""The number of JSON Lines files in which keys are looked for."""


def check_columns_of_files(
    session: Session, table: Table, columns: Sequence[Column], groups: Sequence[FileGroup]
) -> None:
    """Raise UnreadableDataset if a file has no column of the schema, or a folder has one of these.

    `columns` are those that the query asks for.
    """
    own = _list_own_columns(table, table.columns)
    hint = ", and the delimiter" if table.format is DataFormat.CSV else ""
    for group in groups:
        found = {column.name for column in own if group.has_column(column.name)}
        if own and not found and group.names:
            raise UnreadableDataset(
                f"{group.where}: it has none of the columns of the schema (it has"
                f" {len(group.names)}); check the names, which have to be equal{hint}"
            )
        for column in _list_own_columns(table, columns):
            if column.name not in found:
                _check_folders(session, column, group)


def find_missing_columns(
    session: Session,
    table: Table,
    columns: Sequence[Column],
    groups: Sequence[FileGroup],
    rows: str,
) -> tuple[str, ...]:
    """Return the columns that are not in every file, or of JSON Lines in none of the first rows.

    `rows` is a query of the page with these columns as `c0`, ...: a key that has a value there is
    not looked for. Raises as `check_columns_of_files` does, and what a read raises.
    """
    own = _list_own_columns(table, columns)
    if table.format is not DataFormat.JSONL:
        missing = [
            column for column in own if not all(group.has_column(column.name) for group in groups)
        ]
        return tuple(column.name for column in missing)
    counted = ", ".join(f"count(c{number})" for number in range(len(columns)))
    [counts] = session.fetch_rows(f"SELECT {counted} FROM ({rows}) AS rows")
    empty = [column for column, count in zip(columns, counts, strict=True) if not count]
    empty = [column for column in empty if column in own]
    if not empty:
        return ()
    sampled = [_find_first_keys(session, group) for group in groups[:SAMPLED_FILES]]
    checked = [group for group in sampled if group.names]
    if len(empty) == len(own):
        check_columns_of_files(session, table, columns, checked)
    missing = [
        column for column in empty if not any(group.has_column(column.name) for group in checked)
    ]
    for column in missing:
        for group in groups:
            _check_folders(session, column, group)
    return tuple(column.name for column in missing)


def _list_own_columns(table: Table, columns: Sequence[Column]) -> list[Column]:
    """Return the registered columns that files have to have themselves."""
    return [
        column
        for column in columns
        if column.registered_type and column.name not in table.partitions
    ]


def _find_first_keys(session: Session, group: FileGroup) -> FileGroup:
    """Return a JSON Lines file with the keys of its first rows."""
    keys = session.fetch_rows(select_first_json_keys(group.indexes, group.compression))
    names = tuple(key for (key,) in keys)
    return FileGroup(group.compression, names, group.indexes, group.where, has_keys=True)


def _check_folders(session: Session, column: Column, group: FileGroup) -> None:
    """Raise UnreadableDataset if a folder's name has the value of a column that files lack."""
    for index in group.indexes:
        if f"/{column.name}=" in f"/{session.scan.files[index].name}":
            raise UnreadableDataset(
                f"{session.scan.get_name(index)}: its folders have the column '{column.name}',"
                " which `partitions` of the output port do not name"
            )
