"""Pages as the bytes of an answer, in each media type that a client may accept."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.models.answer_size import LONGEST_ESCAPE, measure_json, measure_text
from datamesh.models.spreadsheets import escape_formula
from datamesh.models.type_names import Kind
from datamesh.tables.filesystem import RESULT
from datamesh.tables.page import TablePage
from datamesh.tables.session import Session
from datamesh.tables.sql_types import is_padded
from datamesh.tables.values import (
    MAX_DEPTH,
    MAX_LISTS,
    can_convert,
    convert_to_json,
    is_json,
    write_infinity,
)

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Lambda limits an answer to 6 MB, and bytes travel in base64, a third longer."""
MAX_RETURNED_BYTES = 5_900_000
"""The most that a text takes in what the function returns, in which quotes are escaped."""

QUOTED_TYPES = ("varchar", "enum", "union", "blob", "bit", "variant", "geometry")
"""Types whose values may hold any letters, by the names that DuckDB's Python has for them."""

JSON_TEXT_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')
JSON_CONSTANTS = {"NaN": "null", "Infinity": '"Infinity"', "-Infinity": '"-Infinity"'}
"""The values that are no JSON -> what is shown for them."""


@dataclass(frozen=True)
class PageContent:
    """The first rows of a page, as many as an answer can have."""

    body: bytes
    rows: int


type PageEncoder = Callable[[Session, TablePage], PageContent]
"""Raises ScanTooLarge if not even one row fits into an answer, and UnreadableDataset."""


@dataclass(frozen=True)
class _CellFormat:
    """The way in which the values of a column are written."""

    name: str
    is_json: bool
    """The values are JSON already."""
    is_text: bool
    """The values are text of any content."""
    is_mixed: bool
    """The values are JSON because the files have several types, or have it for text: in CSV, text
    among them is written as it is."""


def encode_json(session: Session, page: TablePage) -> PageContent:
    """Return the rows as a JSON array of objects."""
    objects = take_fitting(_encode_objects(session, page, exact=True), measure_json)
    return PageContent(b"[" + b",".join(objects) + b"]", len(objects))


def encode_json_lines(session: Session, page: TablePage) -> PageContent:
    """Return the rows as JSON objects, one a line."""
    objects = take_fitting(_encode_objects(session, page, exact=True), len)
    return PageContent(b"".join(each + b"\n" for each in objects), len(objects))


def encode_csv(session: Session, page: TablePage) -> PageContent:
    """Return the rows as CSV (RFC 4180) with a header.

    Text is quoted, other values are not, and a null is empty, so that it differs from empty text.
    """
    cells, rows = _fetch_cells(session, page, exact=True)
    header = f"{','.join(_quote_csv_text(cell.name) for cell in cells)}\r\n".encode()
    lines = (
        ",".join(_encode_csv_cell(cell, value) for cell, value in zip(cells, row, strict=True))
        for row in rows
    )
    taken = take_fitting((f"{line}\r\n".encode() for line in lines), measure_text, header)
    return PageContent(header + b"".join(taken), len(taken))


def encode_parquet(session: Session, page: TablePage) -> PageContent:
    """Return the rows as a Parquet file."""

    def write_rows(rows: str) -> bytes:
        session.fetch_rows(f"COPY ({rows}) TO '{RESULT}' (FORMAT parquet, COMPRESSION zstd)")
        return session.files.result

    return _write_fitting(page, write_rows)


def encode_arrow(session: Session, page: TablePage) -> PageContent:
    """Return the rows as an Arrow IPC stream."""
    from nanoarrow.ipc import StreamWriter  # a fifth of a second that other formats need not wait

    def write_rows(rows: str) -> bytes:
        out = io.BytesIO()
        with StreamWriter.from_writable(out) as writer:
            writer.write_stream(session.open_stream(rows))
        return out.getvalue()

    return _write_fitting(page, write_rows)


def encode_legacy_json(session: Session, page: TablePage) -> bytes:
    """Return the rows as JSON as the legacy views have always shown them: decimals are numbers.

    Raises ScanTooLarge if not all of them fit: the views have no pages.
    """
    objects = [*_encode_objects(session, page, exact=False)]
    if len(take_fitting(objects, measure_json)) < len(objects):
        raise refuse_size()
    return b"[" + b",".join(objects) + b"]"


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
        if not can_convert(kind):
            raise UnreadableDataset(
                f"Column '{column.name}': its values are nested deeper than {MAX_LISTS} lists or"
                f" {MAX_DEPTH} levels; leave it out of `columns`, or ask for Parquet or Arrow"
            )
        scaled = not is_padded(column.registered_type, str(kind))
        value = convert_to_json(f"c{number}", kind, exact=exact, scaled=scaled)
        written = number in page.written and (exact or column.kind is not Kind.DECIMAL)
        values.append(f"t{number}" if written else value)
        text = kind.id in QUOTED_TYPES
        is_mixed = number in page.written_as_json or (is_json(kind) and column.kind is Kind.TEXT)
        cells.append(_CellFormat(column.name, is_json(kind) or is_mixed, text, is_mixed))
    return cells, session.fetch_rows(f"SELECT {', '.join(values)} FROM ({page.rows}) AS rows")


def _encode_objects(session: Session, page: TablePage, *, exact: bool) -> Iterator[bytes]:
    """Yield each row as a JSON object."""
    cells, rows = _fetch_cells(session, page, exact=exact)
    names = [f"{_encode_value(cell.name)}:" for cell in cells]
    for row in rows:
        values = (
            _normalise_json(value) if cell.is_json and value is not None else _encode_value(value)
            for cell, value in zip(cells, row, strict=True)
        )
        pairs = ",".join(name + value for name, value in zip(names, values, strict=True))
        yield f"{{{pairs}}}".encode()


def _normalise_json(text: str) -> str:
    """Return what DuckDB calls JSON as JSON, which has neither NaN nor infinity."""
    if "NaN" not in text and "Infinity" not in text:
        return text
    return JSON_TEXT_OR_CONSTANT.sub(lambda found: JSON_CONSTANTS.get(found[0], found[0]), text)


def _encode_value(value: object) -> str:
    try:
        return _write_json(value)
    except ValueError:  # rare, and so not looked for in each value
        return _write_json(write_infinity(value))


def _write_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _encode_csv_cell(cell: _CellFormat, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return _quote_csv_text(_encode_value(value))
    if isinstance(value, bool):
        return str(value).lower()
    if cell.is_mixed:
        if value.startswith('"'):
            return _quote_csv_text(json.loads(value))
        return _quote_csv_text(value) if value.startswith(("[", "{")) else str(value)
    return _quote_csv_text(value) if cell.is_text else str(write_infinity(value))


def _quote_csv_text(text: str) -> str:
    return f'"{escape_formula(text).replace('"', '""')}"'


def take_fitting(
    rows: Iterable[bytes], measure: Callable[[bytes], int], header: bytes = b""
) -> list[bytes]:
    """Return the first rows that fit into an answer.

    `measure` says what a row takes in what the function returns, which is only asked for where it
    may matter. Raises ScanTooLarge if not even the first row fits.
    """
    taken: list[bytes] = []
    size, is_cut = len(header), False
    for row in rows:
        size += len(row) + 1
        if size > MAX_ANSWER_BYTES:
            is_cut = True
            break
        taken.append(row)
    if size * LONGEST_ESCAPE > MAX_RETURNED_BYTES:
        left = MAX_RETURNED_BYTES - measure(header)
        for count, row in enumerate(taken):
            left -= measure(row) + 1
            if left < 0:
                taken, is_cut = taken[:count], True
                break
    if is_cut and not taken:
        raise refuse_size()
    return taken


def _write_fitting(page: TablePage, write: Callable[[str], bytes]) -> PageContent:
    """Return a file of as many rows as fit into an answer; `write` makes a file of a query."""
    rows = page.count
    while True:
        body = write(page.select_named(rows))
        if len(body) <= MAX_ANSWER_BYTES:
            return PageContent(body, rows)
        if rows <= 1:
            raise refuse_size()
        rows = max(1, min(rows // 2, int(rows * 0.9 * MAX_ANSWER_BYTES / len(body))))


def refuse_size() -> ScanTooLarge:
    """Return the error of rows that no answer can hold."""
    return ScanTooLarge(
        f"The answer is larger than {MAX_ANSWER_BYTES} bytes; ask for fewer rows or columns"
    )
