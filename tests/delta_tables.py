"""Delta Lake tables for tests, written by delta-rs or line by line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from arro3.core import Array, DataType, Table
from deltalake import DeltaTable, write_deltalake

LOCATION = "domains/sales/orders/"
PORT = {"location": LOCATION, "format": "delta"}
SCHEMA = {"id": "bigint", "day": "date"}
COMMIT_DAY = 86_400_000
PROTOCOL = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
METADATA = {
    "metaData": {
        "id": "t",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": "{}",
        "partitionColumns": [],
        "configuration": {},
    }
}


def append_rows(folder: Path, ids: Sequence[int], day: str, **more: Any) -> None:
    """Add a commit with rows of a day, which is the partition, to the table in a folder."""
    rows = Table.from_pydict(
        {
            "id": Array(list(ids), DataType.int64()),
            "day": Array([day] * len(ids), DataType.string()).cast(DataType.date32()),
        }
    )
    write_deltalake(folder, rows, partition_by=["day"], mode=more.pop("mode", "append"), **more)


def open_table(folder: Path) -> DeltaTable:
    """Open a table as delta-rs does."""
    return DeltaTable(folder)


def collect_files(folder: Path, *, dated: bool = True) -> dict[str, bytes]:
    """Return the files of a table as a mesh has them; commit n is of the day n after 1970-01-01."""
    found = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        body = path.read_bytes()
        if dated and path.parent.name == "_delta_log" and path.suffix == ".json":
            body = _date_commit(body, int(path.stem))
        found[f"sales/orders/{path.relative_to(folder)}"] = body
    return found


def _date_commit(body: bytes, version: int) -> bytes:
    actions = [json.loads(line) for line in body.splitlines()]
    for action in actions:
        if "commitInfo" in action:
            action["commitInfo"]["timestamp"] = version * COMMIT_DAY
    return write_lines(*actions)


def write_lines(*actions: Mapping[str, Any]) -> bytes:
    """Return a commit of these actions."""
    return b"".join(json.dumps(action).encode() + b"\n" for action in actions)


def commit_name(version: int) -> str:
    """Return the name of a commit in a mesh: 0 -> `.../_delta_log/00000000000000000000.json`."""
    return f"sales/orders/_delta_log/{version:020}.json"


def build_log(body: bytes, *actions: Mapping[str, Any], **add: Any) -> dict[str, bytes]:
    """Return a table of one commit and one file, `a.parquet`, of these bytes."""
    added = {"path": "a.parquet", "partitionValues": {}, "size": len(body), **add}
    lines = (actions or (PROTOCOL, METADATA), {"add": added})
    return {"sales/orders/a.parquet": body, commit_name(0): write_lines(*lines[0], lines[1])}
