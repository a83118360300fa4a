"""One page of a table's rows: the fewest files, row groups and columns that it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from datamesh.errors import InvalidCursor
from datamesh.models.ports import DataFormat
from datamesh.tables.conditions import Ordering, Parameters, Typed, conditions, further
from datamesh.tables.cursor import Position
from datamesh.tables.files import DataFile
from datamesh.tables.query import Query
from datamesh.tables.scan import WHOLE_FILE_BYTES
from datamesh.tables.session import Session
from datamesh.tables.source import Source, open_source
from datamesh.tables.sql import identifier
from datamesh.tables.table import Column, Table

TEXT_FILES_AT_ONCE = 8
"""A union of them, which DuckDB plans in the square of their number and which opens them all: a
compressed CSV file takes 32 MB."""


@dataclass(frozen=True)
class Page:
    """Rows that a session holds."""

    columns: tuple[Column, ...]
    rows: str
    """A query: `c0`, `c1`, ... for the columns, in the order of the rows."""
    next: Position | None
    """Where the page ended, if anything may follow."""

    def named(self) -> str:
        """The rows under their columns' names."""
        names = (f"c{i} AS {identifier(column.name)}" for i, column in enumerate(self.columns))
        return f"SELECT {', '.join(names)} FROM ({self.rows}) AS rows"


def read_page(
    session: Session, table: Table, files: Sequence[DataFile], query: Query, after: Position | None
) -> Page:
    """Raises ScanTooLarge before the files are read, InvalidCursor, UnreadableDataset, and what a
    read raises."""
    begin = after.file if after and query.order is None else 0
    if table.needs_everything(query):
        session.scan.afford(range(begin, len(files)))
    reader = _Reader(session, table, files, query, after)
    if query.order is None:
        reader.read_some(begin)
    elif files:
        reader.read(0, len(files))
    return reader.page()


class _Reader:
    """Collects rows in tables `page0`, `page1`, ..., one for each time that files are read."""

    def __init__(
        self,
        session: Session,
        table: Table,
        files: Sequence[DataFile],
        query: Query,
        after: Position | None,
    ) -> None:
        self._session = session
        self._table = table
        self._files = files
        self._query = query
        self._after = after
        self._filters = table.filters_of_data(query)
        names = table.kinds if query.columns is None else query.columns
        self._shown = table.named(names)
        compared = [each.column for each in self._filters]
        if query.order:
            compared.append(query.order.column)
        more = dict.fromkeys(name for name in compared if name not in names)
        self._columns = [*self._shown, *table.named(more)]
        self._ordering: Ordering | None = None
        self._pages = 0
        self._rows = 0
        self._read_to = 0

    def read_some(self, begin: int) -> None:
        """From file to file until there are rows enough: as many files at once as the rows of
        those before let expect, and at most twice as many as the last time."""
        at, size = begin, 1
        while at < len(self._files) and (at == begin or self._rows < self._query.limit):
            size = min(size, len(self._files) - at)
            self.read(at, size)
            at += size
            missing = self._query.limit - self._rows
            expected = ceil(missing * (at - begin) / self._rows) if self._rows else 2 * size
            size = max(1, min(2 * size, expected))

    def read(self, first: int, count: int) -> None:
        scan, batch = self._session.scan, range(first, first + count)
        scan.afford([index for index in batch if self._is_read_whole(index)])
        scan.fetch(batch)
        step = count if self._table.form is DataFormat.PARQUET else TEXT_FILES_AT_ONCE
        into = f"CREATE TEMP TABLE page{self._pages} AS"
        for begin in batch[::step]:
            self._rows += self._collect(into, begin, min(step, batch.stop - begin))
            into = f"INSERT INTO page{self._pages}"
        self._pages += 1
        self._read_to = batch.stop

    def _collect(self, into: str, first: int, count: int) -> int:
        """How many rows were added."""
        source = open_source(
            self._session, self._table, self._columns, self._files[first : first + count], first
        )
        parameters = dict(source.parameters)
        where = " AND ".join(["true", *self._conditions(source, first, parameters)])
        order = f"ORDER BY {self._ordering.sql()}, f, r" if self._ordering else ""
        # Under an order, rows of any batch may be the first.
        limit = self._query.limit + 1 - (0 if order else self._rows)
        [(added,)] = self._session.rows(
            f"{into} SELECT * FROM ({source.sql}) AS source WHERE {where} {order} LIMIT {limit}",
            parameters,
        )
        return int(added)

    def page(self) -> Page:
        if not self._pages:
            nothing = ", ".join(f"NULL AS c{number}" for number in range(len(self._shown)))
            return Page(self._shown, f"SELECT {nothing} WHERE false", None)
        parts = " UNION ALL BY NAME ".join(f"SELECT * FROM page{n}" for n in range(self._pages))
        order = "page.f, page.r"
        if self._ordering:
            order = f"{self._ordering.sql('page.')}, {order}"
        limit = self._query.limit
        rows = f"SELECT page.* FROM ({parts}) AS page ORDER BY {order} LIMIT {limit}"
        more = self._rows > limit or (self._rows == limit and self._read_to < len(self._files))
        return Page(self._shown, rows, self._last(rows) if more else None)

    def _last(self, rows: str) -> Position:
        value = f"CAST({self._ordering.key()} AS VARCHAR)" if self._ordering else "NULL"
        [(file, row, text)] = self._session.rows(
            f"SELECT f, r, {value} FROM ({rows}) AS rows OFFSET {self._query.limit - 1}"
        )
        return Position(file, row, text)

    def _conditions(self, source: Source, first: int, parameters: Parameters) -> list[str]:
        columns = {
            column.name: Typed(f"c{number}", source.types[number])
            for number, column in enumerate(self._columns)
        }
        found = conditions(self._filters, self._table.kinds, columns, parameters)
        if self._query.order:
            self._ordering = Ordering.of(self._query.order, columns)
        if self._after is None:
            return found
        if self._ordering is None:
            # The cursor's file is read alone, so that DuckDB can skip row groups by this.
            return (
                [*found, further(self._after, parameters)] if first == self._after.file else found
            )
        self._check(self._after, self._ordering)
        return [*found, self._ordering.beyond(self._after, parameters)]

    def _check(self, after: Position, ordering: Ordering) -> None:
        """A forged value is the client's fault, not the data's."""
        fits = f"SELECT $value IS NULL OR TRY_CAST($value AS {ordering.type}) IS NOT NULL"
        if self._session.rows(fits, {"value": after.value}) != [(True,)]:
            raise InvalidCursor("is not one of this registry's")

    def _is_read_whole(self, index: int) -> bool:
        small = self._session.scan.files[index].size <= WHOLE_FILE_BYTES
        return small or self._table.form is not DataFormat.PARQUET
