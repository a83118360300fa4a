"""The files of a table: which of a folder's files they are, and which a query has to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, Value, find_kind
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.file_names import (
    detect_format,
    is_data_of,
    is_delta_commit,
    is_hidden,
    refuse_other_tables,
)
from datamesh.tables.partition_values import parse_partition
from datamesh.tables.query import Filter

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value of a folder whose files have a null in its column, as Hive writes it."""


@dataclass(frozen=True)
class DataFile:
    """A file of a table, and the values that its folders have."""

    file: StoredFile
    partitions: tuple[str | None, ...] = ()
    """One for each partition column of the port, in their order; None for a null."""


@dataclass(frozen=True)
class DataFiles:
    """The files of a folder that are data, and how many others there are."""

    format: DataFormat
    files: list[DataFile]
    """The files of data that are not empty."""
    skipped: int = 0
    """How many files are neither data nor hidden, such as `README.md`."""
    has_delta_log: bool = False
    """True if there are commits of a Delta table, which may say that some files are not current."""


def list_data_files(
    folder: Folder, expected: DataFormat | None, partitions: Sequence[str]
) -> DataFiles:
    """Return the files of a folder that are data in a format, the expected one if there is one.

    Raises UnreadableDataset if there are only other files, if one is compressed in a way that is
    not read, or has no folder for a partition, if they are of a table of another format, and
    StorageUnavailable.
    """
    everything = folder.list_files()
    refuse_other_tables(folder.name, [each.name for each in everything])
    listed = [each for each in everything if each.size and not is_hidden(each.name)]
    expected = expected or _choose_format(listed)
    if expected is None:
        if listed:
            name = folder.name + listed[0].name
            raise UnreadableDataset(f"{name} is not a parquet, csv or jsonl file")
        return DataFiles(DataFormat.PARQUET, [])
    found = []
    for file in listed:
        name = folder.name + file.name
        try:
            is_data = is_data_of(file.name, expected)
        except UnreadableDataset as error:
            raise UnreadableDataset(f"{name}: {error}") from None
        # What has no extension is data only where data lies.
        if is_data and (detect_format(file.name) or _is_in_partition(file.name, partitions)):
            found.append(DataFile(file, _parse_partitions(name, file.name, partitions)))
    if listed and not found:
        raise UnreadableDataset(
            f"{folder.name} has no {expected} file; the first of its files is {listed[0].name}"
        )
    has_log = any(is_delta_commit(each.name) for each in everything)
    return DataFiles(expected, found, len(listed) - len(found), has_log)


def _choose_format(listed: Sequence[StoredFile]) -> DataFormat | None:
    """Return the format of the first file whose name tells one; `.json` alone often is no data."""
    names = sorted((file.name for file in listed), key=lambda name: name.endswith(".json"))
    return next(filter(None, map(detect_format, names)), None)


def _is_in_partition(name: str, partitions: Sequence[str]) -> bool:
    return all(f"/{column}=" in f"/{name}" for column in partitions)


def _parse_partitions(where: str, name: str, partitions: Sequence[str]) -> tuple[str | None, ...]:
    folders = dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    missing = [column for column in partitions if column not in folders]
    if missing:
        raise UnreadableDataset(f"{where} is not below a folder {missing[0]}=...")
    return tuple(_decode_folder(where, column, folders[column]) for column in partitions)


def _decode_folder(where: str, column: str, value: str) -> str | None:
    """Return the text of a folder's value, in which `a%2Fb` is `a/b`."""
    if value == NULL_PARTITION:
        return None
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableDataset(
            f"{where}, column '{column}': its folder's value is not UTF-8 in percent-encoding;"
            " rename the folder"
        ) from None


def prune_files(
    files: Sequence[DataFile],
    partitions: Sequence[tuple[str, str]],
    filters: Sequence[Filter],
) -> list[DataFile]:
    """Return the files that may have rows for the query, judged by the names of their folders.

    `partitions` are columns and their registered types. Raises UnreadableDataset if a folder's
    value is not of its column's type.
    """
    wanted = [
        (index, column, registered, each)
        for index, (column, registered) in enumerate(partitions)
        for each in filters
        if each.column == column
    ]
    return [
        file
        for file in files
        if all(
            each.is_met_by(read_partition(file, index, column, registered))
            for index, column, registered, each in wanted
        )
    ]


def read_partition(file: DataFile, index: int, column: str, registered: str) -> Value | None:
    """Return the value of a partition column for a file. Raises UnreadableDataset."""
    text = file.partitions[index]
    if text is None or (find_kind(registered) is Kind.DOUBLE and text.lower() == "nan"):
        return None  # as wherever else there is a NaN
    try:
        return parse_partition(registered, text)
    except (ValueError, ArithmeticError):
        raise UnreadableDataset(
            f"{file.file.name}, column '{column}': its folder's value cannot be read as"
            f" '{registered}' without loss"
        ) from None
