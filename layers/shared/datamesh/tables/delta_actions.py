"""The actions of a Delta Lake log, replayed to the files that a version of the table has.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md. Whatever this reader does not know, or
what changes which rows a file has, is refused and never ignored.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from datamesh.errors import UnreadableDataset
from datamesh.storage.folders import MAX_FILES, StoredFile
from datamesh.tables.files import DataFile

MAX_READER_VERSION = 3
"""With version 3 a table names the features that its readers must know."""
READABLE_FEATURES = {
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
}
"""Features of which a table may make no use: whether it does is looked at file by file."""
COLUMN_MAPPING = "delta.columnMapping.mode"
URI_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

type Action = Mapping[str, Any]
"""A line of the log: the name of an action -> its fields."""


def parse_actions(content: bytes, where: str) -> Iterator[Action]:
    """Yield the actions of a commit. Raises UnreadableDataset, which names the line."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            action = json.loads(line)
        except (ValueError, RecursionError):
            action = None
        if not isinstance(action, dict):
            raise UnreadableDataset(f"{where}, line {number}: it is no action of a Delta log")
        yield action


def find_commit_time(actions: Iterator[Action], where: str) -> int:
    """Return when a commit was made, in milliseconds since 1970. Raises UnreadableDataset."""
    for action in actions:
        info = action.get("commitInfo")
        if isinstance(info, dict):
            found = info.get("inCommitTimestamp") or info.get("timestamp")
            if type(found) is int:
                return found
    raise UnreadableDataset(f"{where} does not say when it was committed (commitInfo.timestamp)")


@dataclass(frozen=True)
class _AddedFile:
    path: str
    size: int
    partitions: Mapping[str, str | None]
    deletion_vector: str


@dataclass
class DeltaTable:
    """What a table is after the commits that were applied so far."""

    location: str
    """The name of its folder, for error messages."""
    protocol: Action | None = None
    metadata: Action | None = None
    _files: dict[tuple[str, str], _AddedFile] = field(default_factory=dict)

    def apply_commit(self, actions: Sequence[Action]) -> None:
        """Apply the actions of one commit, whose order means nothing.

        Raises UnreadableDataset if one of them is not of the protocol's form.
        """
        for action in actions:
            self.protocol = action.get("protocol") or self.protocol
            self.metadata = action.get("metaData") or self.metadata
            if action.get("remove"):
                self._files.pop(self._find_key(action["remove"]), None)
        for action in actions:
            if action.get("add"):
                self._add_file(action["add"])

    def check_readable(self) -> None:
        """Raise UnreadableDataset if reading the files would not give the table's rows."""
        protocol, metadata = self.protocol, self.metadata
        if not isinstance(protocol, Mapping) or not isinstance(metadata, Mapping):
            raise UnreadableDataset(f"{self.location}: its Delta log has no protocol or metaData")
        version = protocol.get("minReaderVersion")
        if type(version) is not int or not 1 <= version <= MAX_READER_VERSION:
            raise UnreadableDataset(
                f"{self.location}: the Delta table needs readers of version {version};"
                f" this one is of version {MAX_READER_VERSION}"
            )
        for feature in sorted(set(protocol.get("readerFeatures") or ()) - READABLE_FEATURES):
            raise self.refuse_feature(feature)
        if (metadata.get("configuration") or {}).get(COLUMN_MAPPING, "none") != "none":
            raise self.refuse_feature("columnMapping")
        if ((metadata.get("format") or {}).get("provider") or "parquet") != "parquet":
            raise UnreadableDataset(f"{self.location}: the files of the Delta table are no Parquet")
        if any(file.deletion_vector for file in self._files.values()):
            raise self.refuse_feature("deletionVectors")

    def refuse_feature(self, name: str) -> UnreadableDataset:
        """Return the error of a table that uses a feature which is not supported here."""
        return UnreadableDataset(
            f"{self.location}: the Delta table uses the feature '{name}', which cannot be read"
        )

    def list_partition_columns(self) -> list[str]:
        """Return the columns whose values the log holds for each file."""
        return [str(name) for name in (self.metadata or {}).get("partitionColumns") or ()]

    def list_files(self, partitions: Sequence[str]) -> list[DataFile]:
        """Return the files of the table by name, with their values of these partition columns.

        Raises UnreadableDataset if a file lies elsewhere or lacks a value, or there are too many.
        """
        if len(self._files) > MAX_FILES:
            raise UnreadableDataset(f"{self.location} holds more than {MAX_FILES} files")
        found = [self._resolve_file(file, partitions) for file in self._files.values()]
        return sorted(found, key=lambda each: each.file.name.encode())

    def _find_key(self, fields: Action) -> tuple[str, str]:
        path, vector = fields.get("path"), fields.get("deletionVector")
        if not isinstance(path, str):
            raise UnreadableDataset(f"{self.location}: a file in its Delta log has no path")
        return path, json.dumps(vector, sort_keys=True) if vector else ""

    def _add_file(self, fields: Action) -> None:
        path, vector = self._find_key(fields)
        size, values = fields.get("size"), fields.get("partitionValues")
        if type(size) is not int or size < 0 or not isinstance(values, Mapping):
            raise UnreadableDataset(f"{self.location}: a file in its Delta log has no size")
        self._files[path, vector] = _AddedFile(path, size, values, vector)

    def _resolve_file(self, file: _AddedFile, partitions: Sequence[str]) -> DataFile:
        try:
            name = unquote(file.path, errors="strict")
        except UnicodeDecodeError:
            name = ""
        if URI_SCHEME.match(file.path) or {"", ".", ".."}.intersection(name.split("/")):
            raise UnreadableDataset(
                f"{self.location}: the Delta log names a file by an address that does not lead"
                " into this folder, which is not followed"
            )
        missing = [column for column in partitions if column not in file.partitions]
        if missing:
            where = f"{self.location}{name}"
            raise UnreadableDataset(f"{where} has no value of {missing[0]} in the Delta log")
        values = tuple(file.partitions[column] or None for column in partitions)
        return DataFile(StoredFile(name, file.size, ""), values)
