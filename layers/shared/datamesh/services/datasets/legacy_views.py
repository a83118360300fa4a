"""The three views that there were before output ports, over whatever their products serve now.

CSV and JSON Lines files, plain or gzip-encoded, are read cell by cell, with or without a product:
a cell has the type that it reads as, whatever a schema says. Parquet is read through the product.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Protocol

from pydantic import JsonValue

from datamesh.errors import InvalidQuery, UnreadableDataset
from datamesh.models.json_codec import decode_value
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_location, location_of
from datamesh.services.datasets.reading import DataAccess, Dataset, dataset_of, find_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.folders import Folder
from datamesh.tables.files import detect_format, is_data_file
from datamesh.tables.query import Comparison, Filter, Query

type Row = dict[str, JsonValue]

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


class Wanted(Protocol):
    """Which rows a view shows."""

    def __call__(self, row: Row) -> bool: ...

    def filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """The same for a table of these columns; None if no row of it can meet them."""
        ...


@dataclass(frozen=True)
class Between:
    """Rows whose `column` begins with a date from `start` to `end`, both inclusive."""

    column: str
    start: date | None
    end: date | None

    def __call__(self, row: Row) -> bool:
        value = row.get(self.column)
        first = (self.start or date.min).isoformat()
        last = (self.end or date.max).isoformat()
        return isinstance(value, str) and first <= value[:10] <= last

    def filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        kind = columns.get(self.column)
        if kind not in DAYS:
            return None
        found = []
        if self.start:
            found.append(Filter(self.column, Comparison.GE, (DAYS[kind](self.start),)))
        if self.end and self.end < date.max:
            day_after = self.end + timedelta(days=1)
            found.append(Filter(self.column, Comparison.LT, (DAYS[kind](day_after),)))
        return tuple(found)


DAYS: dict[Kind | None, Callable[[date], date | datetime | str]] = {
    Kind.DATE: lambda day: day,
    Kind.TIMESTAMP: lambda day: datetime.combine(day, time(), UTC),
    Kind.TEXT: date.isoformat,
}
"""A day's beginning among the values of a column."""


@dataclass(frozen=True)
class Having:
    """Rows whose `column` is `value`."""

    column: str
    value: str | int

    def __call__(self, row: Row) -> bool:
        return row.get(self.column) == self.value

    def filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        if self.column not in columns:
            return None
        return (Filter(self.column, Comparison.EQ, (self.value,)),)


class Anything:
    def __call__(self, row: Row) -> bool:
        return True

    def filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        return ()


anything = Anything()


def between(column: str, start: date | None, end: date | None) -> Wanted:
    """With neither end, accept all. Raises InvalidQuery if the range is inverted."""
    if start and end and start > end:
        raise InvalidQuery(f"start_date {start} is after end_date {end}")
    return anything if start is None and end is None else Between(column, start, end)


def having(column: str, value: str | int) -> Wanted:
    return Having(column, value)


def view(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    dataset: str,
    limit: int,
    wanted: Wanted,
) -> list[Row]:
    """The first rows of the product that serves the dataset, or else of the files below
    `domains/<domain>/<dataset>/`. Raises as reading a dataset does."""
    product = find_product(context, registry, domain, dataset)
    if product is None:
        return rows(access.folder(f"domains/{domain}/{dataset}/", context.deadline), limit, wanted)
    check_location(registry.data_prefixes, product.output_port)
    folder = access.folder(location_of(product), context.deadline)
    port = product.output_port
    first = next(filter(is_data_file, folder.files()), None) if port is None else None
    if (port and port.format is DataFormat.PARQUET) or (
        first and detect_format(first.name) is DataFormat.PARQUET
    ):
        return _table_rows(dataset_of(context, registry, access, product), limit, wanted)
    return rows(folder, limit, wanted)


def rows(folder: Folder, limit: int, keep: Callable[[Row], bool]) -> list[Row]:
    """The first `limit` rows that `keep` accepts, in the order of file names and lines.

    Files are read one at a time, and no more of them than it takes. Names that begin with `_` or
    `.` and folder markers are not data. Raises UnreadableDataset, StorageUnavailable.
    """
    return list(islice(filter(keep, _all_rows(folder)), limit))


def _table_rows(dataset: Dataset, limit: int, wanted: Wanted) -> list[Row]:
    from datamesh.tables.engine import read_legacy_rows  # DuckDB, for requests that need it

    filters = wanted.filters(dataset.table.kinds)
    if filters is None:
        return []
    query = Query(limit, filters=filters)
    files = dataset.narrowed(query)
    return read_legacy_rows(dataset.scan(files), dataset.table, files, query)


def _all_rows(folder: Folder) -> Iterator[Row]:
    for file in filter(is_data_file, folder.files()):
        yield from _rows_of(folder.name + file.name, folder.read(file.name))


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
        row = decode_value(line)
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
