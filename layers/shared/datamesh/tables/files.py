"""Which files of a folder belong to a table, and which of them a query has to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, Value, parse_value
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.query import Filter

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
EXTENSIONS = {
    "parquet": DataFormat.PARQUET,
    "csv": DataFormat.CSV,
    "jsonl": DataFormat.JSONL,
    "ndjson": DataFormat.JSONL,
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class DataFile:
    file: StoredFile
    partitions: tuple[str | None, ...] = ()
    """What its folders are named, in the order of the port's columns."""

    @property
    def compression(self) -> str:
        """DuckDB's name of it."""
        return next((c for e, c in COMPRESSIONS.items() if self.file.name.endswith(e)), "none")


def is_data(file: StoredFile) -> bool:
    """Names that begin with `_` or `.` and folder markers are not data."""
    base = file.name.rpartition("/")[2]
    return bool(base) and not base.startswith(("_", "."))


def format_of(name: str) -> DataFormat | None:
    """Told by the file's name; a Parquet file is compressed inside, not outside."""
    plain = name
    for extension in COMPRESSIONS:
        plain = plain.removesuffix(extension)
    found = EXTENSIONS.get(plain.rpartition(".")[2]) if "." in plain else None
    return None if found is DataFormat.PARQUET and plain != name else found


def data_files(
    folder: Folder, expected: DataFormat | None, partitions: Sequence[str]
) -> tuple[DataFormat, list[DataFile]]:
    """The data of a folder, all of one format: the expected one, or else that of the first file.

    Raises UnreadableDataset, StorageUnavailable.
    """
    found = []
    for file in filter(is_data, folder.files()):
        name = folder.name + file.name
        kind = format_of(file.name)
        expected = expected or kind
        if kind is None or kind is not expected:
            raise UnreadableDataset(f"{name} is not a {expected or 'parquet, csv or jsonl'} file")
        if file.size:
            found.append(DataFile(file, _partitions(name, file.name, partitions)))
    return expected or DataFormat.PARQUET, found


def _partitions(where: str, name: str, partitions: Sequence[str]) -> tuple[str | None, ...]:
    folders = dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    missing = [column for column in partitions if column not in folders]
    if missing:
        raise UnreadableDataset(f"{where} is not below a folder {missing[0]}=...")
    values = (folders[column] for column in partitions)
    return tuple(None if value == NULL_PARTITION else unquote(value) for value in values)


def pruned(
    files: Sequence[DataFile],
    partitions: Sequence[tuple[str, Kind]],
    filters: Sequence[Filter],
) -> list[DataFile]:
    """The files whose folders do not rule out that a filter is met."""
    wanted = [
        (index, kind, each)
        for index, (column, kind) in enumerate(partitions)
        for each in filters
        if each.column == column
    ]
    return [
        file
        for file in files
        if all(each.accepts(_value(file, index, kind)) for index, kind, each in wanted)
    ]


def _value(file: DataFile, index: int, kind: Kind) -> Value | None:
    text = file.partitions[index]
    try:
        return None if text is None else parse_value(kind, text)
    except ValueError as error:
        raise UnreadableDataset(f"{file.file.name}: {text!r} {error}") from None
