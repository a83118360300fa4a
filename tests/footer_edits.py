"""Parquet files of real writers whose footers are changed to say what is not so.

A footer is a struct in Thrift's compact protocol. Here it is a list of fields, each with its
number, the number of its type and its value, and what is not changed is written as it was.
"""

import io
import struct
from collections.abc import Mapping
from typing import Any

from tests.footers import MAGIC, encode_varint

NULL_COUNT, GREATEST, LEAST = 3, 5, 6
"""The numbers of fields of `Statistics`."""
ROW_GROUPS, CHUNKS, METADATA, PATH, STATISTICS, BLOOM_FILTER_OFFSET = 4, 1, 3, 3, 12, 14
"""The numbers of fields on the way to it, and of one beside it."""
BOOLEANS = (1, 2)
BYTE, I64, BINARY, STRUCT = 3, 6, 8, 12
"""The numbers of types in the compact protocol."""

type Field = tuple[int, int, Any]


def change_statistics(
    body: bytes, column: str, changes: Mapping[int, int | bytes | None], group: int | None = None
) -> bytes:
    """A file whose footer says something else of a column, in all row groups or in one.

    `changes` are what fields of `Statistics` become; None takes one away. A field within a column
    is named with points: `list.list.element`.
    """
    footer, size = read_footer(body)
    for number, row_group in enumerate(get_items(footer, ROW_GROUPS)):
        for chunk in get_items(row_group, CHUNKS):
            metadata = get(chunk, METADATA)
            path = b".".join(get_items(metadata, PATH)).decode()
            if path == column and group in (None, number):
                statistics = get(metadata, STATISTICS)
                kept = [each for each in statistics if each[0] not in changes]
                kept += [
                    (field, I64 if isinstance(value, int) else BINARY, value)
                    for field, value in changes.items()
                    if value is not None
                ]
                statistics[:] = sorted(kept, key=lambda each: each[0])
    return write_footer(body, footer, size)


def read_footer(body: bytes) -> tuple[list[Field], int]:
    """The footer of a file, and its size."""
    size = struct.unpack("<I", body[-8:-4])[0]
    content = body[-8 - size : -8]
    footer = _read_value(io.BytesIO(content), STRUCT)
    assert _write_value(STRUCT, footer) == content
    return footer, size


def write_footer(body: bytes, footer: list[Field], size: int) -> bytes:
    """The file with another footer in the place of its own, which has this size."""
    written = _write_value(STRUCT, footer)
    return body[: -8 - size] + written + struct.pack("<I", len(written)) + MAGIC


def get(fields: list[Field], number: int) -> Any:
    return next(value for found, _, value in fields if found == number)


def get_items(fields: list[Field], number: int) -> list[Any]:
    return get(fields, number)[1]  # type: ignore[no-any-return]


def _read_value(content: io.BytesIO, kind: int) -> Any:
    match kind:
        case 1 | 2:
            return None
        case 3:
            return content.read(1)[0]
        case 4 | 5 | 6:
            return _read_zigzag(content)
        case 7:
            return content.read(8)
        case 8:
            return content.read(_read_varint(content))
        case 9 | 10:
            size, element = divmod(content.read(1)[0], 16)
            count = _read_varint(content) if size == 15 else size
            # A boolean in a list takes a byte, as in no other place.
            read = BYTE if element in BOOLEANS else element
            return element, [_read_value(content, read) for _ in range(count)]
        case 12:
            return _read_struct(content)
    raise AssertionError(kind)


def _read_struct(content: io.BytesIO) -> list[Field]:
    found: list[Field] = []
    number = 0
    while header := content.read(1)[0]:
        step, kind = divmod(header, 16)
        number = number + step if step else _read_zigzag(content)
        found.append((number, kind, _read_value(content, kind)))
    return found


def _read_varint(content: io.BytesIO) -> int:
    number = shift = 0
    while True:
        byte = content.read(1)[0]
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number


def _read_zigzag(content: io.BytesIO) -> int:
    number = _read_varint(content)
    return number >> 1 ^ -(number & 1)


def _write_value(kind: int, value: Any) -> bytes:
    match kind:
        case 1 | 2:
            return b""
        case 3:
            return bytes([int(value)])
        case 4 | 5 | 6:
            return encode_varint(value << 1 ^ value >> 63)
        case 7:
            return bytes(value)
        case 8:
            return encode_varint(len(value)) + bytes(value)
        case 9 | 10:
            element, items = value
            count = len(items)
            long = bytes([15 << 4 | element]) + encode_varint(count)
            head = bytes([count << 4 | element]) if count < 15 else long
            read = BYTE if element in BOOLEANS else element
            return head + b"".join(_write_value(read, each) for each in items)
        case 12:
            return _write_struct(value)
    raise AssertionError(kind)


def _write_struct(fields: list[Field]) -> bytes:
    out, last = b"", 0
    for number, kind, value in fields:
        step = number - last
        head = bytes([step << 4 | kind]) if 0 < step < 16 else b""
        out += head or bytes([kind]) + encode_varint(number << 1 ^ number >> 63)
        out += _write_value(kind, value)
        last = number
    return out + b"\0"
