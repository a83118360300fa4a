"""Pages as the bytes of an answer, in each media type that a client may accept."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datamesh.errors import ScanTooLarge
from datamesh.models.spreadsheets import escape_formula
from datamesh.models.type_names import Kind
from datamesh.tables.filesystem import RESULT
from datamesh.tables.page import TablePage
from datamesh.tables.session import Session
from datamesh.tables.sql_types import is_padded
from datamesh.tables.values import convert_to_json, is_json

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Lambda limits an answer to 6 MB, and bytes travel in base64, a third longer."""

type PageEncoder = Callable[[Session, TablePage], bytes]


@dataclass(frozen=True)
class _CellFormat:
    """The way in which the values of a column are written."""

    name: str
    is_json: bool
    """The values are JSON already."""
    is_text: bool
    """The values are text of any content."""


def encode_json(session: Session, page: TablePage) -> bytes:
    """Return the rows as a JSON array of objects."""
    return b"[" + b",".join(_limit_bytes(_encode_objects(session, page, exact=True))) + b"]"


def encode_json_lines(session: Session, page: TablePage) -> bytes:
    """Return the rows as JSON objects, one a line."""
    objects = _limit_bytes(_encode_objects(session, page, exact=True))
    return b"".join(each + b"\n" for each in objects)


def encode_csv(session: Session, page: TablePage) -> bytes:
    """Return the rows as CSV (RFC 4180) with a header.

    Text is quoted, other values are not, and a null is empty, so that it differs from empty text.
    """
    cells, rows = _fetch_cells(session, page, exact=True)
    header = ",".join(_quote_csv_text(cell.name) for cell in cells)
    lines = (
        ",".join(_encode_csv_cell(cell, value) for cell, value in zip(cells, row, strict=True))
        for row in rows
    )
    return b"".join(_limit_bytes(f"{line}\r\n".encode() for line in (header, *lines)))


def encode_parquet(session: Session, page: TablePage) -> bytes:
    """Return the rows as a Parquet file."""
    rows = page.select_named()
    session.fetch_rows(f"COPY ({rows}) TO '{RESULT}' (FORMAT parquet, COMPRESSION zstd)")
    [body] = _limit_bytes([session.files.result])
    return body


def encode_arrow(session: Session, page: TablePage) -> bytes:
    """Return the rows as an Arrow IPC stream."""
    from nanoarrow.ipc import StreamWriter  # a fifth of a second that other formats need not wait

    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(session.open_stream(page.select_named()))
    [body] = _limit_bytes([out.getvalue()])
    return body


def encode_legacy_json(session: Session, page: TablePage) -> bytes:
    """Return the rows as JSON as the legacy views have always shown them: decimals are numbers."""
    return b"[" + b",".join(_limit_bytes(_encode_objects(session, page, exact=False))) + b"]"


ENCODERS: dict[str, PageEncoder] = {
    "application/json": encode_json,
    "text/csv": encode_csv,
    "application/x-ndjson": encode_json_lines,
    "application/vnd.apache.parquet": encode_parquet,
    "application/vnd.apache.arrow.stream": encode_arrow,
}


def _fetch_cells(
    session: Session, page: TablePage, *, exact: bool
) -> tuple[list[_CellFormat], list[tuple[Any, ...]]]:
    """Return the formats of the columns, and rows of what JSON can hold."""
    types = [kind for _, kind in session.describe_columns(page.rows)][: len(page.columns)]
    cells, values = [], []
    for number, (column, kind) in enumerate(zip(page.columns, types, strict=True)):
        scaled = not is_padded(column.registered_type, str(kind))
        value = convert_to_json(f"c{number}", kind, exact=exact, scaled=scaled)
        written = number in page.written and (exact or column.kind is not Kind.DECIMAL)
        values.append(f"t{number}" if written else value)
        text = kind.id in ("varchar", "enum", "union", "blob", "bit", "variant")
        is_raw = is_json(kind) or number in page.written_as_json
        cells.append(_CellFormat(column.name, is_raw, text))
    return cells, session.fetch_rows(f"SELECT {', '.join(values)} FROM ({page.rows}) AS rows")


def _encode_objects(session: Session, page: TablePage, *, exact: bool) -> Iterator[bytes]:
    """Yield each row as a JSON object."""
    cells, rows = _fetch_cells(session, page, exact=exact)
    names = [f"{_encode_value(cell.name)}:" for cell in cells]
    for row in rows:
        values = (
            value if cell.is_json and value is not None else _encode_value(value)
            for cell, value in zip(cells, row, strict=True)
        )
        pairs = ",".join(name + value for name, value in zip(names, values, strict=True))
        yield f"{{{pairs}}}".encode()


def _encode_value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _encode_csv_cell(cell: _CellFormat, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return _quote_csv_text(_encode_value(value))
    if isinstance(value, bool):
        return str(value).lower()
    return _quote_csv_text(value) if cell.is_text else str(value)


def _quote_csv_text(text: str) -> str:
    return f'"{escape_formula(text).replace('"', '""')}"'


def _limit_bytes(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts. Raises ScanTooLarge once they are larger than an answer may be."""
    total = 0
    for part in parts:
        total += len(part)
        if total > MAX_ANSWER_BYTES:
            raise ScanTooLarge(
                f"The answer is larger than {MAX_ANSWER_BYTES} bytes; ask for fewer rows or columns"
            )
        yield part
