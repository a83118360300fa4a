"""Descriptions of columns that writers put into the footer of a Parquet file, beside its schema.

Spark, Iceberg and Avro keep their own schemas there as JSON, pandas the columns of a frame, and
Arrow its schema with the metadata of each field.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from datamesh.tables.arrow_schema import KEY as ARROW
from datamesh.tables.arrow_schema import read_field_metadata
from datamesh.tables.thrift_reader import MalformedThrift, ThriftReader

KEY_VALUES = 5
"""The id of the pairs of key and value in FileMetaData."""
KEY, VALUE = 1, 2
LISTS = {
    b"org.apache.spark.sql.parquet.row.metadata": "fields",
    b"iceberg.schema": "fields",
    b"parquet.avro.schema": "fields",
    b"avro.schema": "fields",
    b"pandas": "columns",
}
"""Key -> what its JSON calls the list of columns."""
WORDS = ("comment", "description", "doc")
"""The keys that a description has; the first that there is."""
MAX_DESCRIPTION_LENGTH = 4000


def read_descriptions(footer: bytes) -> dict[str, str]:
    """Return column -> description, as a footer has them; none of one that is damaged."""
    try:
        pairs = ThriftReader(footer).read_struct(last=KEY_VALUES).get(KEY_VALUES, [])
    except MalformedThrift:
        return {}
    found: dict[str, str] = {}
    for pair in cast(list[dict[int, bytes]], pairs):
        for name, said in _iterate_columns(pair.get(KEY, b""), pair.get(VALUE, b"")):
            text = next((text for word in WORDS if (text := _strip_text(said.get(word)))), "")
            if text:
                found.setdefault(name, text)
    return found


def _iterate_columns(key: bytes, value: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name of each column, and what is said of it."""
    if key == ARROW:
        yield from read_field_metadata(value).items()
    elif key in LISTS:
        for each in _parse_list(value, LISTS[key]):
            if isinstance(each, dict) and isinstance(each.get("name"), str):
                metadata = each.get("metadata")
                yield each["name"], each | (metadata if isinstance(metadata, dict) else {})


def _parse_list(value: bytes, name: str) -> list[Any]:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return []
    listed = document.get(name) if isinstance(document, dict) else None
    return listed if isinstance(listed, list) else []


def _strip_text(text: object) -> str:
    return text.strip()[:MAX_DESCRIPTION_LENGTH].strip() if isinstance(text, str) else ""
