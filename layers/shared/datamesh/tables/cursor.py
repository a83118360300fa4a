"""Where a page ended: which row of which file, told in a form that outlives the request.

A cursor names the file by its name and ETag, the row by its number in the file and, under an
`order_by`, its value. So it stays valid while files are added, and is refused once its own file
has changed or gone. It also names the query: that of another one is refused. It is no secret and
grants nothing: who forges one reads what a query could have read.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from datamesh.errors import InvalidCursor, RefusedParameters
from datamesh.tables.files import DataFile
from datamesh.tables.query import Query

MAX_LENGTH = 4096


@dataclass(frozen=True)
class Position:
    """After this row. `value` is the text of the order's column, None for a null."""

    file: int
    """Index among the files of the query."""
    row: int
    value: str | None = None


def fingerprint(dataset: str, query: Query) -> str:
    """Of what decides which rows follow which: not of limit and columns."""
    return _digest(f"{dataset}\n{query.filters!r}\n{query.order!r}")


def encoded(query: str, file: DataFile, position: Position) -> str:
    """Raises RefusedParameters for a value that a header could not carry."""
    content = json.dumps(
        [query, _identity(file), position.row, position.value], separators=(",", ":")
    )
    cursor = urlsafe_b64encode(f"{_digest(content)}{content}".encode()).decode().rstrip("=")
    if len(cursor) > MAX_LENGTH:
        raise RefusedParameters({"order_by": "its values are too long for a cursor"})
    return cursor


def decoded(cursor: str, query: str, files: Sequence[DataFile]) -> Position:
    """Raises InvalidCursor."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        content = text[16:]
        if len(cursor) > MAX_LENGTH or _digest(content) != text[:16]:
            raise ValueError
        of_query, identity, row, value = json.loads(content)
        if type(row) is not int or not 0 <= row < 2**62:
            raise ValueError
        if value is not None and not isinstance(value, str):
            raise ValueError
    except (ValueError, RecursionError):
        raise InvalidCursor("is not one of this registry's") from None
    if of_query != query:
        raise InvalidCursor("belongs to another query")
    for index, file in enumerate(files):
        if _identity(file) == identity:
            return Position(index, row, value)
    raise InvalidCursor("stands in a file that has changed since")


def _identity(file: DataFile) -> str:
    return _digest(f"{file.file.etag} {file.file.name}")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
