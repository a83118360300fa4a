"""Cursors: the row of a file where a page ended, as text that a client sends back.

A cursor names the file by its name and ETag, and the row by its number in the file and, under an
`order_by`, its values. So it stays valid while files are added, and is refused once its own file
has changed or gone. It also names the query: the cursor of another query is refused. It is
encrypted and signed with a key of the registry: its value may be of a column that the client did
not ask for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from datamesh.errors.requests import InvalidCursor, RefusedParameters
from datamesh.tables.encryption import decrypt_text, encrypt_text
from datamesh.tables.files import DataFile
from datamesh.tables.query import Query

MAX_CURSOR_LENGTH = 4096


@dataclass(frozen=True)
class Position:
    """The last row of a page; the next page begins after it."""

    file: int
    """The index of its file among the files of the query."""
    row: int
    """The number of the row in the file, from 0."""
    values: tuple[str | None, ...] = ()
    """The texts of the columns that rows are ordered by; None for a null."""


def fingerprint_query(dataset: str, query: Query) -> str:
    """Return a digest of what decides which row follows which: not of the limit and the columns."""
    # Every cursor has this digest: another `repr` of Filter or Order would invalidate them all.
    orders = query.orders
    order = orders if len(orders) > 1 else next(iter(orders), None)
    return _digest_text(f"{dataset}\n{query.filters!r}\n{order!r}")


def encode_cursor(key: bytes, query: str, file: DataFile, position: Position) -> str:
    """Return the cursor of a position in a file.

    Raises RefusedParameters if the values at the position are too long for a header.
    """
    values = position.values
    value = values if len(values) > 1 else next(iter(values), None)
    content = json.dumps([query, _identify_file(file), position.row, value], separators=(",", ":"))
    cursor = encrypt_text(key, content)
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise RefusedParameters({"order_by": "its values are too long for a cursor"})
    return cursor


def decode_cursor(key: bytes, cursor: str, query: str, files: Sequence[DataFile]) -> Position:
    """Return the position of a cursor among the files of the query.

    Raises InvalidCursor if it is forged, of another query, or of a file that has changed.
    """
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError
        of_query, identity, row, value = json.loads(decrypt_text(key, cursor))
        if type(row) is not int or not 0 <= row < 2**62:
            raise ValueError
        values = tuple(value) if isinstance(value, list) else (value,)
        if not all(each is None or isinstance(each, str) for each in values):
            raise ValueError
    except (ValueError, RecursionError):
        raise InvalidCursor("is not one of this registry's") from None
    if of_query != query:
        raise InvalidCursor("belongs to another query")
    for index, file in enumerate(files):
        if _identify_file(file) == identity:
            return Position(index, row, values)
    raise InvalidCursor("stands in a file that has changed since")


def _identify_file(file: DataFile) -> str:
    return _digest_text(f"{file.file.etag} {file.file.name}")


def _digest_text(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
