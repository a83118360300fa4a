"""Rows of domain data, read from CSV and JSON Lines files, plain or gzip-encoded."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice

from pydantic import JsonValue
from pydantic_core import from_json

from datamesh.errors import InvalidQuery, UnreadableDataset
from datamesh.storage.folders import Folder

type Row = dict[str, JsonValue]

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


def rows(folder: Folder, limit: int, keep: Callable[[Row], bool]) -> list[Row]:
    """The first `limit` rows that `keep` accepts, in the order of file names and lines.

    Files are read one at a time, and no more of them than it takes. Names that begin with `_` or
    `.` and folder markers are not data. Raises UnreadableDataset, StorageUnavailable.
    """
    return list(islice(filter(keep, _all_rows(folder)), limit))


def between(column: str, start: date | None, end: date | None) -> Callable[[Row], bool]:
    """Accept rows whose `column` begins with a date from `start` to `end`, both inclusive.

    With neither, accept all. Raises InvalidQuery if the range is inverted.
    """
    if start and end and start > end:
        raise InvalidQuery(f"start_date {start} is after end_date {end}")
    first = (start or date.min).isoformat()
    last = (end or date.max).isoformat()
    if start is None and end is None:
        return anything

    def within(row: Row) -> bool:
        value = row.get(column)
        return isinstance(value, str) and first <= value[:10] <= last

    return within


def anything(row: Row) -> bool:
    return True


def having(column: str, value: JsonValue) -> Callable[[Row], bool]:
    return lambda row: row.get(column) == value


def _all_rows(folder: Folder) -> Iterator[Row]:
    for name in folder.names():
        if not name.endswith("/") and not name.rpartition("/")[2].startswith(("_", ".")):
            yield from _rows_of(folder.name + name, folder.read(name))


def _rows_of(name: str, body: bytes) -> Iterator[Row]:
    plain = name.removesuffix(".gz")
    parse = PARSERS.get(plain.rpartition(".")[2])
    if parse is None:
        raise UnreadableDataset(f"{name} is neither .csv nor .jsonl (nor .gz of them)")
    try:
        text = (gzip.decompress(body) if name != plain else body).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnreadableDataset(f"{name}: {error}") from error
    yield from parse(name, text)


def _json_lines(name: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _json_row(f"{name}, line {number}", line)


def _json_row(where: str, line: str) -> Row:
    try:
        row = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableDataset(f"{where}: {error}") from error
    if not isinstance(row, dict):
        raise UnreadableDataset(f"{where}: not a JSON object")
    return row


def _csv(name: str, text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
        for cells in filter(None, reader):
            if len(cells) != len(header):
                raise csv.Error(f"{len(cells)} cells under {len(header)} columns")
            yield {column: _typed(cell) for column, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise UnreadableDataset(f"{name}, line {reader.line_num}: {error}") from error


def _typed(cell: str) -> JsonValue:
    """CSV has no types: a cell that reads as a JSON number, true or false is one, an empty one is
    null. Identifiers with leading zeros stay text."""
    if INTEGER.fullmatch(cell):
        return int(cell)
    if DECIMAL.fullmatch(cell):
        return float(cell)
    return {"": None, "true": True, "false": False}.get(cell, cell)


PARSERS: dict[str, Callable[[str, str], Iterator[Row]]] = {
    "csv": _csv,
    "jsonl": _json_lines,
    "ndjson": _json_lines,
}
