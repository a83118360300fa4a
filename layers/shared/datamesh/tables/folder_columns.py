"""The columns that the names of folders hold, as in `order_date=2023-07-01/`."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from datamesh.models.ports import MAX_PARTITIONS
from datamesh.tables.files import NULL_PARTITION
from datamesh.tables.guesses import CellGuess
from datamesh.tables.inferred import FileColumn

PARTITION_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")
PARTITION_TYPES = ("bigint", "date", "timestamp")
"""The types that the values of folders are taken for; others are text."""


def find_folder_columns(names: Sequence[str]) -> list[FileColumn]:
    """Return the columns of the folders that all files are below, outermost first.

    Their types are guessed by the values in all names. Columns that an output port cannot name are
    left out.
    """
    paths = [_split_folders(name) for name in names]
    if not paths:
        return []
    common = [
        column
        for column in paths[0]
        if PARTITION_NAME.fullmatch(column) and all(column in path for path in paths)
    ]
    return [_build_column(column, [path[column] for path in paths]) for column in common][
        :MAX_PARTITIONS
    ]


def _split_folders(name: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)


def _build_column(name: str, values: Sequence[str]) -> FileColumn:
    guess = CellGuess()
    distinct = set(values)
    for value in distinct - {NULL_PARTITION}:
        guess.add_cell(unquote(value) or " ")
    found = guess.type if guess.type in PARTITION_TYPES else "string"
    return FileColumn(name, found, NULL_PARTITION in distinct)
