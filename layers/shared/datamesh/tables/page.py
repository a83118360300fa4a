"""Pages of a table's rows, read from as few files, row groups and columns as possible."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from datamesh.errors.requests import InvalidCursor, ScanTooLarge
from datamesh.models.ports import DataFormat
from datamesh.tables.conditions import (
    Parameters,
    SortKey,
    build_conditions,
    match_after_cursor,
    match_later_rows_of_file,
)
from datamesh.tables.cursor import Position
from datamesh.tables.exact_casts import is_nested
from datamesh.tables.exports import export_cell
from datamesh.tables.file_columns import FileGroup, require_distinct_fields
from datamesh.tables.files import DataFile
from datamesh.tables.missing import check_columns_of_files, find_missing_columns
from datamesh.tables.query import Query
from datamesh.tables.scan import WHOLE_FILE_BYTES
from datamesh.tables.session import Session
from datamesh.tables.source import Source, join_sources, open_source
from datamesh.tables.sql import quote_identifier
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.statistics import check_null_counts
from datamesh.tables.table import Column, Table

TEXT_FILES_AT_ONCE = 8
"""How many text files one statement reads. DuckDB takes the square of their number to plan it,
and opens them all: a compressed CSV file takes 32 MB."""


@dataclass(frozen=True)
class TablePage:
    """A page of rows, in temporary tables of a session."""

    columns: tuple[Column, ...]
    rows: str
    """A query of the rows in their order. Its columns are `c0`, `c1`, ..."""
    types: tuple[str, ...]
    """The types of the columns as DuckDB names them."""
    written: frozenset[int]
    """The numbers of the columns that have a text: `t1` is the text that `c1` is shown as."""
    written_as_json: frozenset[int]
    """The numbers of those whose text is JSON."""
    count: int
    """How many rows there are."""
    positions: str
    """A query of file, row and ordered values of each row, in their order."""
    has_more: bool
    """True if rows may follow."""
    missing: tuple[str, ...] = ()
    """The columns of the query that files lack."""

    def select_named(self, count: int) -> str:
        """Return the query of the first rows with the columns' own names and registered types."""
        names = (
            f"{export_cell(f'c{i}', self.types[i], column)} AS {quote_identifier(column.name)}"
            for i, column in enumerate(self.columns)
        )
        return f"SELECT {', '.join(names)} FROM ({self.rows}) AS rows LIMIT {count}"

    def find_end(self, session: Session, count: int) -> Position | None:
        """Return the position of the last of `count` rows; None if no other row follows it."""
        if not count or (count == self.count and not self.has_more):
            return None
        [(file, row, *texts)] = session.fetch_rows(f"{self.positions} LIMIT 1 OFFSET {count - 1}")
        return Position(file, row, tuple(texts))


@dataclass(frozen=True)
class _RowTable:
    """A temporary table of rows whose columns have the same types in each of their sources."""

    name: str
    source: Source
    """One of the sources of its rows."""


def read_page(
    session: Session, table: Table, files: Sequence[DataFile], query: Query, after: Position | None
) -> TablePage:
    """Return the rows that a query asks for, after a position.

    Raises ScanTooLarge (before the files are read if all are needed), InvalidCursor,
    UnreadableDataset, and what a read raises.
    """
    begin = after.file if after and not query.orders else 0
    if table.is_full_scan(query):
        session.scan.check_budget(range(begin, len(files)))
    reader = _PageReader(session, table, files, query, after)
    if not query.orders:
        reader.read_until_full(begin)
    elif files:
        reader.read_files(0, len(files))
    return reader.build_page()


class _PageReader:
    """The state of reading a page: rows go into tables `page0`, `page1`, ..., by their types."""

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
        self._filters = table.find_data_filters(query)
        names = table.kinds if query.columns is None else query.columns
        self._shown = table.select_columns(names)
        compared = [each.column for each in self._filters]
        compared += [order.column for order in query.orders]
        self._compared = [
            column
            for column in table.select_columns(dict.fromkeys(compared))
            if column.name not in table.partitions
        ]
        more = dict.fromkeys(name for name in compared if name not in names)
        self._columns = [*self._shown, *table.select_columns(more)]
        self._sort_keys: tuple[SortKey, ...] = ()
        self._groups: list[FileGroup] = []
        self._tables: dict[object, _RowTable] = {}
        self._rows = 0
        self._next_file = 0
        self._is_stopped = False
        """Return True if files are left for the next page because of the budget."""

    def read_until_full(self, begin: int) -> None:
        """Read files in their order until the page is full.

        Each batch has as many files as the rows so far let expect to suffice, and at most twice
        as many as the batch before.
        """
        first, size = begin, 1
        while first < len(self._files) and (first == begin or self._rows < self._query.limit):
            size = min(size, len(self._files) - first)
            if self._query.is_whole and self._rows and not self._is_within_budget(first, size):
                if size == 1:
                    self._is_stopped = True
                    return
                size = 1
                continue
            self.read_files(first, size)
            first += size
            missing = self._query.limit - self._rows
            expected = ceil(missing * (first - begin) / self._rows) if self._rows else 2 * size
            size = max(1, min(2 * size, expected))

    def _is_within_budget(self, first: int, count: int) -> bool:
        """Return whether further files can be read as a whole."""
        scan = self._session.scan
        size = sum(file.size for file in scan.files[first : first + count])
        try:
            scan.budget.check_total(scan.files_read + count, scan.bytes_read + size)
        except ScanTooLarge:
            return False
        return True

    def read_files(self, first: int, count: int) -> None:
        """Read a batch of files into a table of its own."""
        scan, batch = self._session.scan, range(first, first + count)
        # Of a larger file, a page may take a part.
        scan.check_budget([i for i in batch if scan.files[i].size <= WHOLE_FILE_BYTES])
        scan.prefetch(batch)
        step = count if self._table.format is DataFormat.PARQUET else TEXT_FILES_AT_ONCE
        for begin in batch[::step]:
            self._rows += self._insert_rows(begin, min(step, batch.stop - begin))
        self._next_file = batch.stop

    @staticmethod
    def _identify_types(source: Source) -> object:
        return (source.types, source.written, source.written_as_json, source.absent)

    def _choose_table(self, source: Source) -> str:
        """Return the beginning of the statement that inserts rows of a source."""
        types = self._identify_types(source)
        if types in self._tables:
            return f"INSERT INTO {self._tables[types].name}"
        table = self._tables[types] = _RowTable(f"page{len(self._tables)}", source)
        return f"CREATE TEMP TABLE {table.name} AS"

    def _insert_rows(self, first: int, count: int) -> int:
        """Insert the rows of some files, and return how many they are."""
        files = self._files[first : first + count]
        source = open_source(
            self._session, self._table, self._columns, files, first, self._compared
        )
        self._groups += source.groups
        if self._table.format is not DataFormat.JSONL:
            check_columns_of_files(self._session, self._table, self._columns, source.groups)
        conditions = self._build_conditions(source, first)
        order = "" if source.is_in_order else "ORDER BY f, r"
        if self._sort_keys:
            keys = ", ".join(key.build_skipping_order_by() for key in self._sort_keys)
            order = f"ORDER BY {keys}, f, r"
        skipping = ", ".join(f"n{number}" for number in sorted(source.skipping))
        selected = f"* EXCLUDE ({skipping})" if skipping else "*"
        # Under an order, rows of any batch may be the first.
        limit = self._query.limit + 1 - (0 if self._sort_keys else self._rows)
        found = 0
        for condition, parameters in conditions:
            if found >= limit:
                break
            [(added,)] = self._session.fetch_rows(
                f"{self._choose_table(source)} SELECT {selected} FROM ({source.sql}) AS source"
                f" WHERE {condition} {order} LIMIT {limit - found}",
                source.parameters | parameters,
            )
            found += int(added)
        if found and self._table.format is DataFormat.PARQUET:
            self._check_null_counts(source, first)
        return found

    def _check_null_counts(self, source: Source, first: int) -> None:
        """Raise UnreadableDataset if a footer is wrong about nulls in rows from a file on."""
        asked = {
            number: column
            for number, column in enumerate(self._columns)
            if column.name not in self._table.partitions and column not in self._compared
        }
        if not asked:
            return
        table = self._tables[self._identify_types(source)].name
        # Nulls within a value are not counted, so nested ones are looked at in any case.
        counts = ", ".join(
            "bool_or(true)" if is_nested(source.types[number]) else f"bool_or(c{number} IS NULL)"
            for number in asked
        )
        [has_nulls] = self._session.fetch_rows(f"SELECT {counts} FROM {table} WHERE f >= {first}")
        columns = [column for column, has in zip(asked.values(), has_nulls, strict=True) if has]
        if columns:
            check_null_counts(self._session, source.groups, columns)

    def build_page(self) -> TablePage:
        """Return the page of all rows that were read. Raises UnreadableDataset."""
        if not self._tables:
            types = tuple(find_sql_type(column.registered_type) for column in self._shown)
            nothing = ", ".join(f"CAST(NULL AS {kind}) AS c{n}" for n, kind in enumerate(types))
            rows, empty = f"SELECT {nothing} WHERE false", frozenset[int]()
            return TablePage(self._shown, rows, types, empty, empty, 0, "", has_more=False)
        for column in self._shown:
            require_distinct_fields(self._groups, column)
        joined = self._join_tables()
        keys = [key.build_order_by("page.") for key in self._sort_keys]
        order = ", ".join([*keys, "page.f", "page.r"])
        limit = self._query.limit
        rows = f"SELECT page.* FROM ({joined.sql}) AS page ORDER BY {order} LIMIT {limit}"
        is_full = self._rows == limit or self._is_stopped
        more = self._rows > limit or (is_full and self._next_file < len(self._files))
        return TablePage(
            self._shown,
            rows,
            joined.types,
            joined.written,
            joined.written_as_json,
            min(self._rows, limit),
            self._select_positions(rows),
            more,
            find_missing_columns(self._session, self._table, self._columns, self._groups, rows),
        )

    def _join_tables(self) -> Source:
        """Return the rows of all tables, with one type for each column."""
        tables = [*self._tables.values()]
        if len(tables) == 1:
            return replace(tables[0].source, sql=f"SELECT * FROM {tables[0].name}")
        parts = [(table.name, table.source) for table in tables]
        return join_sources(self._session, self._columns, parts)

    def _select_positions(self, rows: str) -> str:
        """Return the query of the positions of rows."""
        values = [f"CAST({key.build_expression()} AS VARCHAR)" for key in self._sort_keys]
        return f"SELECT {', '.join(['f', 'r', *values])} FROM ({rows}) AS rows"

    def _build_conditions(self, source: Source, first: int) -> list[tuple[str, Parameters]]:
        """Return the conditions of rows, with what they bind, and set the sort keys.

        No row meets two; those that meet one come before those that meet the next.
        """
        parameters: Parameters = {}
        columns = {
            column.name: source.get_column(number) for number, column in enumerate(self._columns)
        }
        found = build_conditions(self._filters, self._table.kinds, columns, parameters)
        self._sort_keys = tuple(SortKey.from_order(order, columns) for order in self._query.orders)
        if self._after is None:
            return [(" AND ".join(["true", *found]), parameters)]
        if not self._sort_keys:
            # The cursor's file is read alone, so that DuckDB can skip row groups by this.
            if first == self._after.file:
                found.append(match_later_rows_of_file(self._after, parameters))
            return [(" AND ".join(["true", *found]), parameters)]
        self._check_values(self._after)
        later = match_after_cursor(self._sort_keys, self._after)
        return [(" AND ".join([*found, each]), parameters | bound) for each, bound in later]

    def _check_values(self, after: Position) -> None:
        """Raise InvalidCursor if the cursor's values are forged: that is not the data's fault."""
        is_forged = len(after.values) != len(self._sort_keys)
        for key, value in zip(self._sort_keys, after.values, strict=False):
            fits = f"SELECT $value IS NULL OR TRY_CAST($value AS {key.type}) IS NOT NULL"
            is_forged |= self._session.fetch_rows(fits, {"value": value}) != [(True,)]
        if is_forged:
            raise InvalidCursor("is not one of this registry's")
