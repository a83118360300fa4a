"""The three legacy views, such as `/sales/orders`. They are older than output ports.

A view reads the files of the product that serves its dataset. CSV and JSON Lines files, plain or
gzip-encoded, need no product: whatever a schema says, a cell is of the type that its text looks
like. Parquet files are read as the product's table.
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
from datamesh.models.datasets import Row
from datamesh.models.json_codec import decode_value
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_location, find_location
from datamesh.services.datasets.reading import (
    DataAccess,
    Dataset,
    find_product,
    open_product_dataset,
)
from datamesh.services.registry.registry import Registry
from datamesh.storage.folders import Folder
from datamesh.tables.files import detect_format, is_data_file
from datamesh.tables.query import Comparison, Filter, Query

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


DAY_STARTS: dict[Kind | None, Callable[[date], date | datetime | str]] = {
    Kind.DATE: lambda day: day,
    Kind.TIMESTAMP: lambda day: datetime.combine(day, time(), UTC),
    Kind.TEXT: date.isoformat,
}
"""Kind of a column -> what makes the first value of a day in it."""


class RowFilter(Protocol):
    """The condition on the rows that a view shows."""

    def is_match(self, row: Row) -> bool:
        """Return True if the view shows the row."""
        ...

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return the same condition for a table; None if no row of the table can meet it."""
        ...


@dataclass(frozen=True)
class DateRange:
    """The rows whose `column` begins with a date from `start` to `end`, both inclusive."""

    column: str
    start: date | None
    end: date | None

    def is_match(self, row: Row) -> bool:
        """Return True if the text of the column begins with a date in the range."""
        value = row.get(self.column)
        first = (self.start or date.min).isoformat()
        last = (self.end or date.max).isoformat()
        return isinstance(value, str) and first <= value[:10] <= last

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return up to two filters; None if the column has neither dates nor text."""
        kind = columns.get(self.column)
        if kind not in DAY_STARTS:
            return None
        found = []
        if self.start:
            found.append(Filter(self.column, Comparison.GE, (DAY_STARTS[kind](self.start),)))
        if self.end and self.end < date.max:
            day_after = self.end + timedelta(days=1)
            found.append(Filter(self.column, Comparison.LT, (DAY_STARTS[kind](day_after),)))
        return tuple(found)


@dataclass(frozen=True)
class ColumnValue:
    """The rows whose `column` has the value."""

    column: str
    value: str | int

    def is_match(self, row: Row) -> bool:
        """Return True if the column has the value."""
        return row.get(self.column) == self.value

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return one filter; None if there is no such column."""
        if self.column not in columns:
            return None
        return (Filter(self.column, Comparison.EQ, (self.value,)),)


class AllRows:
    """No condition: all rows."""

    def is_match(self, row: Row) -> bool:
        """Return True."""
        return True

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return no filter."""
        return ()


ALL_ROWS = AllRows()


def build_date_range(column: str, start: date | None, end: date | None) -> RowFilter:
    """Return the filter for a range of dates, inclusive; with neither end, ALL_ROWS.

    Raises InvalidQuery if the start is after the end.
    """
    if start and end and start > end:
        raise InvalidQuery(f"start_date {start} is after end_date {end}")
    return ALL_ROWS if start is None and end is None else DateRange(column, start, end)


def read_view(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    dataset: str,
    limit: int,
    row_filter: RowFilter,
) -> list[Row]:
    """Return the first rows of the product that serves the dataset.

    Without such a product they are those of the files below `domains/<domain>/<dataset>/`. Raises
    LocationNotAllowed, ScanTooLarge, UnreadableDataset, StorageUnavailable.
    """
    product = find_product(context, registry, domain, dataset)
    if product is None:
        folder = access.open_folder(f"domains/{domain}/{dataset}/", context.deadline)
        return read_rows(folder, limit, row_filter)
    check_location(registry.data_prefixes, product.output_port)
    folder = access.open_folder(find_location(product), context.deadline)
    port = product.output_port
    first = next(filter(is_data_file, folder.list_files()), None) if port is None else None
    if (port and port.format is DataFormat.PARQUET) or (
        first and detect_format(first.name) is DataFormat.PARQUET
    ):
        found = open_product_dataset(context, registry, access, product)
        return _read_table_rows(found, limit, row_filter)
    return read_rows(folder, limit, row_filter)


def read_rows(folder: Folder, limit: int, row_filter: RowFilter) -> list[Row]:
    """Return the first `limit` rows that the filter accepts, in the order of file names and lines.

    Files are read one at a time, and no more of them than it takes. Names that begin with `_` or
    `.` and folder markers are not data. Raises UnreadableDataset, StorageUnavailable.
    """
    return list(islice(filter(row_filter.is_match, _read_files(folder)), limit))


def _read_table_rows(dataset: Dataset, limit: int, row_filter: RowFilter) -> list[Row]:
    from datamesh.tables.engine import read_legacy_rows  # DuckDB, for requests that need it

    filters = row_filter.build_filters(dataset.table.kinds)
    if filters is None:
        return []
    query = Query(limit, filters=filters)
    files = dataset.find_files(query)
    return read_legacy_rows(dataset.open_scan(files), dataset.table, files, query)


def _read_files(folder: Folder) -> Iterator[Row]:
    for file in filter(is_data_file, folder.list_files()):
        yield from _parse_file(folder.name + file.name, folder.read_file(file.name))


def _parse_file(name: str, body: bytes) -> Iterator[Row]:
    plain = name.removesuffix(".gz")
    parse = PARSERS.get(plain.rpartition(".")[2])
    if parse is None:
        raise UnreadableDataset(f"{name} is neither .csv nor .jsonl (nor .gz of them)")
    try:
        text = (gzip.decompress(body) if name != plain else body).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnreadableDataset(f"{name}: {error}") from error
    yield from parse(name, text)


def _parse_json_lines(name: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parse_json_row(f"{name}, line {number}", line)


def _parse_json_row(where: str, line: str) -> Row:
    try:
        row = decode_value(line)
    except ValueError as error:
        raise UnreadableDataset(f"{where}: {error}") from error
    if not isinstance(row, dict):
        raise UnreadableDataset(f"{where}: not a JSON object")
    return row


def _parse_csv(name: str, text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
        for cells in filter(None, reader):
            if len(cells) != len(header):
                raise csv.Error(f"{len(cells)} cells under {len(header)} columns")
            yield {column: _parse_cell(cell) for column, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise UnreadableDataset(f"{name}, line {reader.line_num}: {error}") from error


def _parse_cell(cell: str) -> JsonValue:
    """Return the value of a CSV cell: a JSON number, true, false, null if empty, or else text.

    `7` -> 7, but `007` -> "007": identifiers with leading zeros stay text.
    """
    if INTEGER.fullmatch(cell):
        return int(cell)
    if DECIMAL.fullmatch(cell):
        return float(cell)
    return {"": None, "true": True, "false": False}.get(cell, cell)


PARSERS: dict[str, Callable[[str, str], Iterator[Row]]] = {
    "csv": _parse_csv,
    "jsonl": _parse_json_lines,
    "ndjson": _parse_json_lines,
}
