"""Columns of a dataset as those of a SELECT clause: some are in files, others in folders' names."""

from collections.abc import Callable, Sequence

from datamesh.tables.casts import require_cell, write_decimal
from datamesh.tables.files import DataFile, read_partition
from datamesh.tables.table import Column, Table

type BuildCell = Callable[[Column], tuple[str, str | None]]
"""Column -> the expression of its values, and that of what they are shown as, if it differs."""
ABSENT_TEXT = "CAST(NULL AS VARCHAR)"


def bind_partitions(
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


def find_written_columns(table: Table, columns: Sequence[Column]) -> frozenset[int]:
    """Return the numbers of the columns that are shown as they are written."""
    return frozenset(
        number for number, column in enumerate(columns) if table.is_shown_as_written(column)
    )


def build_select_list(
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
