"""A page as the bytes of an answer, in each media type that a client may accept."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from datamesh.errors import ScanTooLarge
from datamesh.models.spreadsheets import escape_formula
from datamesh.models.types import Kind
from datamesh.tables.filesystem import RESULT
from datamesh.tables.page import Page
from datamesh.tables.session import Session
from datamesh.tables.sql_types import has_scale
from datamesh.tables.values import is_json, readable

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Lambda's answers hold 6 MB, and bytes travel in base64."""

type Row = dict[str, JsonValue]
type Encode = Callable[[Session, Page], bytes]


@dataclass(frozen=True)
class _Cell:
    """How a column's values are written: `raw` ones are JSON already, `text` may hold anything."""

    name: str
    raw: bool
    text: bool


def as_json(session: Session, page: Page) -> bytes:
    return b"[" + b",".join(_bounded(_objects(session, page, exact=True))) + b"]"


def as_json_lines(session: Session, page: Page) -> bytes:
    return b"".join(line + b"\n" for line in _bounded(_objects(session, page, exact=True)))


def as_csv(session: Session, page: Page) -> bytes:
    """Text in quotes, the rest without, a null empty: so null and empty text can be told apart."""
    cells, rows = _read(session, page, exact=True)
    header = ",".join(_quoted(cell.name) for cell in cells)
    lines = (
        ",".join(_csv_cell(cell, value) for cell, value in zip(cells, row, strict=True))
        for row in rows
    )
    return b"".join(_bounded(f"{line}\r\n".encode() for line in (header, *lines)))


def as_parquet(session: Session, page: Page) -> bytes:
    session.rows(f"COPY ({page.named()}) TO '{RESULT}' (FORMAT parquet, COMPRESSION zstd)")
    [body] = _bounded([session.files.result])
    return body


def as_arrow(session: Session, page: Page) -> bytes:
    from nanoarrow.ipc import StreamWriter  # a fifth of a second that other formats need not wait

    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(session.stream(page.named()))
    [body] = _bounded([out.getvalue()])
    return body


def legacy_rows(session: Session, page: Page) -> list[Row]:
    """Rows as the legacy views have always shown them: decimals as numbers."""
    cells, rows = _read(session, page, exact=False)
    return [
        {
            cell.name: json.loads(value) if cell.raw and value is not None else value
            for cell, value in zip(cells, row, strict=True)
        }
        for row in rows
    ]


ENCODINGS: dict[str, Encode] = {
    "application/json": as_json,
    "text/csv": as_csv,
    "application/x-ndjson": as_json_lines,
    "application/vnd.apache.parquet": as_parquet,
    "application/vnd.apache.arrow.stream": as_arrow,
}


def _read(
    session: Session, page: Page, *, exact: bool
) -> tuple[list[_Cell], list[tuple[Any, ...]]]:
    types = [kind for _, kind in session.columns(page.rows)][: len(page.columns)]
    cells, values = [], []
    for number, (column, kind) in enumerate(zip(page.columns, types, strict=True)):
        scaled = column.kind is not Kind.DECIMAL or has_scale(column.registered)
        scaled = scaled or not str(kind).endswith(",18)")
        values.append(readable(f"c{number}", kind, exact=exact, scaled=scaled))
        text = kind.id in ("varchar", "enum", "union", "blob", "bit", "variant")
        cells.append(_Cell(column.name, is_json(kind), text))
    return cells, session.rows(f"SELECT {', '.join(values)} FROM ({page.rows}) AS rows")


def _objects(session: Session, page: Page, *, exact: bool) -> Iterator[bytes]:
    cells, rows = _read(session, page, exact=exact)
    names = [f"{_dumped(cell.name)}:" for cell in cells]
    for row in rows:
        values = (
            value if cell.raw and value is not None else _dumped(value)
            for cell, value in zip(cells, row, strict=True)
        )
        pairs = ",".join(name + value for name, value in zip(names, values, strict=True))
        yield f"{{{pairs}}}".encode()


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _csv_cell(cell: _Cell, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return _quoted(_dumped(value))
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if cell.text else str(value)


def _quoted(text: str) -> str:
    return f'"{escape_formula(text).replace('"', '""')}"'


def _bounded(parts: Iterable[bytes]) -> Iterator[bytes]:
    total = 0
    for part in parts:
        total += len(part)
        if total > MAX_ANSWER_BYTES:
            raise ScanTooLarge(
                f"The answer is larger than {MAX_ANSWER_BYTES} bytes; ask for fewer rows or columns"
            )
        yield part
