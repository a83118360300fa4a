"""Checkpoints of a Delta Lake log. Importing this module imports DuckDB."""

from collections.abc import Iterator

import msgspec
from duckdb.sqltypes import DuckDBPyType

from datamesh.errors.datasets import UnreadableDataset
from datamesh.storage.folders import MAX_FILES
from datamesh.tables.delta_actions import DeltaAction, DeltaTable
from datamesh.tables.readers import read_parquet
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session

FIELDS = {
    "add": ("path", "partitionValues", "size", "deletionVector"),
    "protocol": ("minReaderVersion", "readerFeatures"),
    "metaData": ("partitionColumns", "configuration", "format", "schemaString"),
}
"""Action -> what is read of it. The statistics of the files, most of a checkpoint, are not."""
SECOND_VERSION = ("sidecar", "checkpointMetadata")
"""Columns in which only a checkpoint of the second version has values."""


def read_checkpoint(scan: Scan, table: DeltaTable) -> list[DeltaAction]:
    """Return the actions of a checkpoint, all of whose parts are the files of the scan.

    Raises UnreadableDataset, ScanTooLarge, StorageUnavailable.
    """
    read = read_parquet(range(len(scan.files)), union_by_name=True)
    with Session(scan, eager=False) as session:
        columns = dict(session.describe_columns(f"SELECT * FROM {read}"))
        found: list[dict[str, object]] = []
        for name, fields in FIELDS.items():
            present = _list_fields(columns.get(name))
            shown = [each for each in fields if each in present]
            if not shown:
                continue
            values = ", ".join(f"{name}.{each}" for each in shown)
            key = f"{name}.{fields[0]}" if fields[0] in present else name
            rows = session.fetch_rows(
                f"SELECT {values} FROM {read} WHERE {key} IS NOT NULL LIMIT {MAX_FILES + 1}"
            )
            found += [{name: dict(zip(shown, row, strict=True))} for row in rows]
        for name in SECOND_VERSION:
            if name in columns and session.fetch_rows(
                f"SELECT 1 FROM {read} WHERE {name} IS NOT NULL LIMIT 1"
            ):
                raise table.refuse_feature("v2Checkpoint")
    if not found:
        raise UnreadableDataset(f"{scan.get_name(0)} is no checkpoint of a Delta table")
    try:
        return msgspec.convert(found, list[DeltaAction])
    except msgspec.ValidationError as error:  # names types, no values
        raise UnreadableDataset(f"{scan.get_name(0)}: {error}") from None


def _list_fields(kind: DuckDBPyType | None) -> set[str]:
    """Return the names of the fields of a struct."""

    def iterate_names() -> Iterator[str]:
        if kind is not None and kind.id == "struct":
            for name, _ in kind.children:
                yield str(name)

    return set(iterate_names())
