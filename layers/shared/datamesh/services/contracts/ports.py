"""Servers of a contract, and the output port of a product."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from datamesh.models.ports import (
    MAX_PARTITIONS,
    OTHER_BUCKET_LOCATION,
    OWN_LOCATION,
    PARTITION_PATTERN,
)

_LOCATION = re.compile(f"{OWN_LOCATION}|{OTHER_BUCKET_LOCATION}")
_FORMATS = {"parquet": "parquet", "csv": "csv", "jsonl": "jsonl", "delta": "delta"}
MAX_LOCATION = 500


@dataclass(frozen=True)
class MappedPort:
    """An output port, and the server that it was made of."""

    fields: dict[str, JsonValue]
    pointer: str


def map_servers(servers: Sequence[Mapping[str, Any]]) -> MappedPort | None:
    """Return the output port of the first server whose files the registry can read."""
    for index, server in enumerate(servers):
        location, kind = find_location(server), find_format(server)
        if location and kind:
            return MappedPort({"location": location, "format": kind}, f"/servers/{index}")
    return None


def find_partitions(properties: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the properties whose values are folders of the files, by their positions.

    One that has another name in the files is none: a folder is called as its column.
    """
    placed = {
        str(each["name"]): int(each.get("partitionKeyPosition", -1))
        for each in properties
        if each.get("partitioned") is True
        and each.get("physicalName") in (None, each["name"])
        and re.search(PARTITION_PATTERN, str(each["name"]))
    }
    names = {name.casefold(): name for name in sorted(placed, key=placed.__getitem__)}
    return [*names.values()][:MAX_PARTITIONS]


def find_location(server: Mapping[str, Any]) -> str | None:
    """Return the folder that a server names: `s3://b/orders/*.csv` -> `s3://b/orders/`."""
    text = server.get("location") if server.get("type") == "s3" else server.get("path")
    if server.get("type") not in ("s3", "local") or not isinstance(text, str):
        return None
    folder = text if text.endswith("/") else text.rpartition("/")[0] + "/"
    folder = re.sub(r"(/[^/]*[*{][^/]*)+/$", "/", folder)
    return folder if len(folder) <= MAX_LOCATION and _LOCATION.fullmatch(folder) else None


def find_format(server: Mapping[str, Any]) -> str | None:
    """Return the format of a server's files; None if the registry reads none such."""
    name = str(server.get("format") or "").casefold()
    if name == "json" and server.get("delimiter") == "new_line":
        return "jsonl"
    return _FORMATS.get(name)
