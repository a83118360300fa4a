"""The files of a table: which of a folder's files they are, and which a query has to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, Value, parse_value
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.query import Filter

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value of a folder whose files have a null in its column, as Hive writes it."""
EXTENSIONS = {
    "parquet": DataFormat.PARQUET,
    "csv": DataFormat.CSV,
    "jsonl": DataFormat.JSONL,
    "ndjson": DataFormat.JSONL,
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
"""Ending of a file's name -> the compression as DuckDB names it."""


@dataclass(frozen=True)
class DataFile:
    """A file of a table, and the values that its folders have."""

    file: StoredFile
    partitions: tuple[str | None, ...] = ()
    """One for each partition column of the port, in their order; None for a null."""

    @property
    def compression(self) -> str:
        """The compression as DuckDB names it."""
        return find_compression(self.file.name)


def find_compression(name: str) -> str:
    """Return the compression that a file's name tells, as DuckDB names it: `a.csv.gz` -> `gzip`."""
    return next((found for end, found in COMPRESSIONS.items() if name.endswith(end)), "none")


def is_data_file(file: StoredFile) -> bool:
    """Return False for folder markers, and for names that begin with `_` or `.`."""
    base = file.name.rpartition("/")[2]
    return bool(base) and not base.startswith(("_", "."))


def detect_format(name: str) -> DataFormat | None:
    """Return the format that a file's name tells; None if it tells none.

    `a.csv.gz` -> CSV, but `a.parquet.gz` -> None: a Parquet file is compressed inside.
    """
    plain = name
    for extension in COMPRESSIONS:
        plain = plain.removesuffix(extension)
    found = EXTENSIONS.get(plain.rpartition(".")[2]) if "." in plain else None
    return None if found is DataFormat.PARQUET and plain != name else found


def list_data_files(
    folder: Folder, expected: DataFormat | None, partitions: Sequence[str]
) -> tuple[DataFormat, list[DataFile]]:
    """Return the format of a folder's data, and its files that are not empty.

    The format is the expected one, or else that of the first file. Raises UnreadableDataset if a
    file has another one or no folder for a partition, and StorageUnavailable.
    """
    found = []
    for file in filter(is_data_file, folder.list_files()):
        name = folder.name + file.name
        kind = detect_format(file.name)
        expected = expected or kind
        if kind is None or kind is not expected:
            raise UnreadableDataset(f"{name} is not a {expected or 'parquet, csv or jsonl'} file")
        if file.size:
            found.append(DataFile(file, _parse_partitions(name, file.name, partitions)))
    return expected or DataFormat.PARQUET, found


def _parse_partitions(where: str, name: str, partitions: Sequence[str]) -> tuple[str | None, ...]:
    folders = dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    missing = [column for column in partitions if column not in folders]
    if missing:
        raise UnreadableDataset(f"{where} is not below a folder {missing[0]}=...")
    values = (folders[column] for column in partitions)
    return tuple(None if value == NULL_PARTITION else unquote(value) for value in values)


def prune_files(
    files: Sequence[DataFile],
    partitions: Sequence[tuple[str, Kind]],
    filters: Sequence[Filter],
) -> list[DataFile]:
    """Return the files that may have rows for the query, judged by the names of their folders.

    Raises UnreadableDataset if a folder's value is not of its column's kind.
    """
    wanted = [
        (index, kind, each)
        for index, (column, kind) in enumerate(partitions)
        for each in filters
        if each.column == column
    ]
    return [
        file
        for file in files
        if all(each.is_met_by(_parse_partition(file, index, kind)) for index, kind, each in wanted)
    ]


def _parse_partition(file: DataFile, index: int, kind: Kind) -> Value | None:
    text = file.partitions[index]
    try:
        return None if text is None else parse_value(kind, text)
    except ValueError as error:
        raise UnreadableDataset(f"{file.file.name}: its folder's value {error}") from None
