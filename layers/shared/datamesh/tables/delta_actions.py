"""The actions of a Delta Lake log, replayed to the files that a version of the table has.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md. Whatever this reader does not know, or
what changes which rows a file has, is refused and never ignored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import unquote

import msgspec

from datamesh.errors.datasets import UnreadableDataset
from datamesh.storage.folders import MAX_FILES, StoredFile
from datamesh.tables.files import DataFile

MAX_READER_VERSION = 3
"""The latest version that is read. Since version 3 a table names the features that its readers must
know."""
READABLE_FEATURES = {
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantShredding",
    "variantShredding-preview",
    "variantType",
    "variantType-preview",
}
"""Features that may be named. Whether the table makes use of those that cannot be read is looked
at by file; a type that was widened is brought to the registered one, as in any Parquet file."""
REMEDIES = {
    "columnMapping": "write the table anew without it (CREATE TABLE ... AS SELECT)",
    "deletionVectors": "rewrite its files (REORG TABLE ... APPLY (PURGE))",
    "v2Checkpoint": "set 'delta.checkpointPolicy' to 'classic', and write a checkpoint",
}
"""Feature -> what makes a table readable that uses it."""
VARIANT_COLUMN = re.compile(r'"(?:type|elementType|keyType|valueType)"\s*:\s*"variant"')
"""A part of a table's schema that has values of any type. delta-rs names the feature without it."""
COLUMN_MAPPING = "delta.columnMapping.mode"
URI_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class DeletionVector(msgspec.Struct, rename="camel"):
    """The rows of a file that were deleted."""

    storage_type: str
    path_or_inline_dv: str
    offset: int | None = None

    @property
    def identity(self) -> str:
        """Return what tells it from others, as the protocol derives it."""
        return f"{self.storage_type}{self.path_or_inline_dv}@{self.offset}"


class RemovedFile(msgspec.Struct, rename="camel"):
    """A file that is no longer of the table."""

    path: str
    deletion_vector: DeletionVector | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return what identifies it among the files of a table."""
        return self.path, self.deletion_vector.identity if self.deletion_vector else ""


class AddedFile(RemovedFile, kw_only=True, rename="camel"):
    """A file that belongs to the table from now on."""

    size: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    partition_values: dict[str, str | None]


class DeltaProtocol(msgspec.Struct, rename="camel"):
    """The features that a reader of the table must have."""

    min_reader_version: int
    reader_features: list[str] | None = None


class DeltaFileFormat(msgspec.Struct):
    """The format of the table's files."""

    provider: str = "parquet"


class DeltaMetadata(msgspec.Struct, rename="camel"):
    """The partitions of the table, its properties, and its schema as JSON."""

    partition_columns: list[str] = []
    configuration: dict[str, str | None] | None = None
    format: DeltaFileFormat | None = None
    schema_string: str | None = None


class DeltaAction(msgspec.Struct, rename="camel"):
    """A line of the log. It has one of these, or something that rows do not depend on."""

    add: AddedFile | None = None
    remove: RemovedFile | None = None
    protocol: DeltaProtocol | None = None
    meta_data: DeltaMetadata | None = None


class _CommitInfo(msgspec.Struct, rename="camel"):
    timestamp: int | None = None
    in_commit_timestamp: int | None = None


class _DatedAction(msgspec.Struct, rename="camel"):
    commit_info: _CommitInfo | None = None


def parse_actions(content: bytes, where: str) -> list[DeltaAction]:
    """Return the actions of a commit. Raises UnreadableDataset, which names the line."""
    return _parse_lines(content, where, DeltaAction)


def find_commit_time(content: bytes, where: str) -> int:
    """Return when a commit was made, in milliseconds since 1970. Raises UnreadableDataset."""
    for action in _parse_lines(content, where, _DatedAction):
        if info := action.commit_info:
            found = info.in_commit_timestamp or info.timestamp
            if found is not None:
                return found
    raise UnreadableDataset(f"{where} does not say when it was committed (commitInfo.timestamp)")


def _parse_lines[T](content: bytes, where: str, kind: type[T]) -> list[T]:
    decoder = msgspec.json.Decoder(kind)
    found = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                found.append(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                problem = f"{where}, line {number}: it is no action of a Delta log"
                if isinstance(error, msgspec.ValidationError):  # names types, no values
                    problem += f" ({error})"
                raise UnreadableDataset(problem) from None
    return found


@dataclass
class DeltaTable:
    """A table as it is after the commits that were applied so far."""

    location: str
    """The name of its folder, for error messages."""
    protocol: DeltaProtocol | None = None
    metadata: DeltaMetadata | None = None
    _files: dict[tuple[str, str], AddedFile] = field(default_factory=dict)

    @property
    def is_described(self) -> bool:
        """Return True if the log says what the table is, as the first commit of each does."""
        return self.protocol is not None and self.metadata is not None

    def apply_commit(self, actions: Sequence[DeltaAction]) -> None:
        """Apply the actions of one commit, whose order means nothing."""
        for action in actions:
            self.protocol = action.protocol or self.protocol
            self.metadata = action.meta_data or self.metadata
            if action.remove:
                self._files.pop(action.remove.key, None)
        for action in actions:
            if action.add:
                self._files[action.add.key] = action.add

    def check_readable(self) -> None:
        """Raise UnreadableDataset if reading the files would not give the table's rows."""
        protocol, metadata = self.protocol, self.metadata
        if protocol is None or metadata is None:
            raise UnreadableDataset(f"{self.location}: its Delta log has no protocol or metaData")
        version = protocol.min_reader_version
        if not 1 <= version <= MAX_READER_VERSION:
            raise UnreadableDataset(
                f"{self.location}: the Delta table needs readers of version {version};"
                f" this one is of version {MAX_READER_VERSION}"
            )
        for feature in sorted({*(protocol.reader_features or ())} - READABLE_FEATURES):
            raise self.refuse_feature(feature)
        if (metadata.configuration or {}).get(COLUMN_MAPPING, "none") != "none":
            raise self.refuse_feature("columnMapping")
        if VARIANT_COLUMN.search(metadata.schema_string or ""):
            raise self.refuse_feature("variantType")
        if metadata.format and metadata.format.provider != "parquet":
            raise UnreadableDataset(f"{self.location}: the files of the Delta table are no Parquet")
        if any(file.deletion_vector for file in self._files.values()):
            raise self.refuse_feature("deletionVectors")

    def refuse_feature(self, name: str) -> UnreadableDataset:
        """Return the error of a table that uses a feature which is not supported here."""
        return UnreadableDataset(
            f"{self.location}: the Delta table uses the feature '{name}', which cannot be read;"
            f" {REMEDIES.get(name, 'write the table without it')}"
        )

    def list_partition_columns(self) -> list[str]:
        """Return the columns whose values the log holds for each file."""
        return self.metadata.partition_columns if self.metadata else []

    def list_files(self, partitions: Sequence[str]) -> list[DataFile]:
        """Return the files of the table by name, with their values of these partition columns.

        Raises UnreadableDataset if a file lies elsewhere or lacks a value, or there are too many.
        """
        if len(self._files) > MAX_FILES:
            raise UnreadableDataset(f"{self.location} holds more than {MAX_FILES} files")
        found = [self._resolve_file(file, partitions) for file in self._files.values()]
        return sorted(found, key=lambda each: each.file.name.encode())

    def _resolve_file(self, file: AddedFile, partitions: Sequence[str]) -> DataFile:
        try:
            name = unquote(file.path, errors="strict")
        except UnicodeDecodeError:
            name = ""
        if URI_SCHEME.match(file.path) or {"", ".", ".."}.intersection(name.split("/")):
            raise UnreadableDataset(
                f"{self.location}: the Delta log names a file by an address that does not lead"
                " into this folder, which is not followed"
            )
        missing = [column for column in partitions if column not in file.partition_values]
        if missing:
            where = f"{self.location}{name}"
            raise UnreadableDataset(f"{where} has no value of {missing[0]} in the Delta log")
        # An empty text is a null, as the protocol has it.
        values = tuple(file.partition_values[column] or None for column in partitions)
        return DataFile(StoredFile(name, file.size, ""), values)
