"""The three legacy views, such as `/sales/orders`. They are older than output ports.

A view is a dataset under a name of its own, with a filter of its own, and shows decimals as
numbers. It is read as `/domains/...` is: of a registered product, by its schema, within the bounds
of a request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from datamesh.errors.requests import InvalidQuery
from datamesh.models.types import Kind
from datamesh.services.context import RequestContext
from datamesh.services.datasets.reading import (
    DataAccess,
    Dataset,
    compute_version,
    open_dataset,
)
from datamesh.services.registry.registry import Registry
from datamesh.tables.query import Comparison, Filter, Query

NO_ROWS = b"[]"
DAY_STARTS: dict[Kind | None, Callable[[date], date | datetime | str]] = {
    Kind.DATE: lambda day: day,
    Kind.TIMESTAMP: lambda day: datetime.combine(day, time(), UTC),
    Kind.TEXT: date.isoformat,
}
"""Kind of a column -> what makes the first value of a day in it."""


class RowFilter(Protocol):
    """The condition on the rows that a view shows."""

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return the condition for a table of these columns; None if no row can meet it."""
        ...


@dataclass(frozen=True)
class DateRange:
    """The rows whose `column` begins with a date from `start` to `end`, both inclusive."""

    column: str
    start: date | None
    end: date | None

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
class ColumnText:
    """The rows whose `column` is the text."""

    column: str
    text: str

    def build_filters(self, columns: Mapping[str, Kind]) -> tuple[Filter, ...] | None:
        """Return one filter; None if there is no such column, or one of another type."""
        if columns.get(self.column) is not Kind.TEXT:
            return None
        return (Filter(self.column, Comparison.EQ, (self.text,)),)


class AllRows:
    """No condition: all rows."""

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


@dataclass(frozen=True)
class View:
    """The first rows of a dataset that meet a condition, not yet read."""

    dataset: Dataset
    query: Query | None
    """None if no row can meet the condition."""

    def compute_version(self) -> str:
        """Return the version of the rows, computed from the listing of files alone.

        Raises UnreadableDataset.
        """
        return compute_version(self.dataset, self.query or Query(0), "legacy view")

    def read_rows(self) -> bytes:
        """Return the rows as a JSON array.

        Raises ScanTooLarge, UnreadableDataset, StorageUnavailable.
        """
        if self.query is None:
            return NO_ROWS
        from datamesh.tables.engine import encode_legacy_page  # DuckDB, for requests that need it

        files = self.dataset.find_files(self.query)
        scan = self.dataset.open_scan(files)
        return encode_legacy_page(scan, self.dataset.table, files, self.query)


def open_view(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    dataset: str,
    limit: int,
    row_filter: RowFilter,
) -> View:
    """Return the view of a dataset.

    Raises DatasetNotFound, PortRefused, UnreadableDataset, StorageUnavailable.
    """
    found = open_dataset(context, registry, access, domain, dataset)
    filters = row_filter.build_filters(found.table.kinds)
    return View(found, None if filters is None else Query(limit, filters=filters))
