"""Aggregates of a table's rows, computed while the files are read.

Some files are read at a time, and their groups are kept in a temporary table; then groups of the
same key are joined. So the memory is that of the groups, however many rows there are.
"""

from collections.abc import Sequence

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.models.ports import DataFormat
from datamesh.tables.conditions import build_conditions
from datamesh.tables.engine_errors import WIDE_SUM
from datamesh.tables.file_columns import FileGroup, require_distinct_fields
from datamesh.tables.files import DataFile
from datamesh.tables.measures import EXTREMES, MAX_GROUPS, Aggregation
from datamesh.tables.missing import check_columns_of_files, find_missing_columns
from datamesh.tables.page import TEXT_FILES_AT_ONCE, TablePage
from datamesh.tables.query import Query
from datamesh.tables.result_columns import ResultColumn, build_result
from datamesh.tables.session import Session
from datamesh.tables.source import Source, open_source
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.statistics import check_null_counts
from datamesh.tables.table import Column, Table


def read_aggregates(
    session: Session, table: Table, files: Sequence[DataFile], query: Query
) -> TablePage:
    """Return the groups that a query asks for, as the rows of a page.

    Raises ScanTooLarge (of bytes and files before anything is read), UnreadableDataset, and what a
    read raises.
    """
    session.scan.check_budget(range(len(files)))
    reader = _GroupReader(session, table, files, query)
    step = len(files) if table.format is DataFormat.PARQUET else TEXT_FILES_AT_ONCE
    for first in range(0, len(files), step or 1):
        reader.read_files(first, min(step, len(files) - first))
    return reader.build_page()


class _GroupReader:
    """The state of reading groups: those of some files are rows of the table `parts`."""

    def __init__(
        self, session: Session, table: Table, files: Sequence[DataFile], query: Query
    ) -> None:
        self._session = session
        self._table = table
        self._files = files
        self._query = query
        self._aggregation = query.aggregation or Aggregation((), ())
        self._filters = table.find_data_filters(query)
        measured = [each for each in self._aggregation.measures if each.column]
        self._shown = dict.fromkeys([*self._aggregation.group_by, *(x.column for x in measured)])
        # The least and the greatest value may be those that footers have.
        compared = [each.column for each in self._filters]
        compared += self._aggregation.group_by
        compared += [each.column for each in measured if each.aggregate not in EXTREMES]
        self._compared = table.select_columns(dict.fromkeys(compared))
        self._extremes = table.select_columns(
            {x.column: None for x in measured if x.column not in compared}
        )
        names = [*dict.fromkeys([*self._shown, *compared])]
        own = [column.name for column in table.list_file_columns()]
        if table.format is DataFormat.JSONL and own and not any(name in own for name in names):
            names.append(own[0])  # DuckDB reads rows by the keys that it is asked for
        self._columns = table.select_columns(names)
        self._groups: list[FileGroup] = []
        self._result: list[ResultColumn] = []

    def read_files(self, first: int, count: int) -> None:
        """Add the groups of some files."""
        self._session.scan.prefetch(range(first, first + count))
        files = self._files[first : first + count]
        source = open_source(
            self._session, self._table, self._columns, files, first, self._compared
        )
        self._groups += source.groups
        if self._table.format is not DataFormat.JSONL:
            check_columns_of_files(self._session, self._table, self._columns, source.groups)
        if self._table.format is DataFormat.PARQUET:
            check_null_counts(self._session, source.groups, self._extremes)
        self._add_parts(source)

    def _add_parts(self, source: Source) -> None:
        parameters = dict(source.parameters)
        where = " AND ".join(["true", *self._build_conditions(source, parameters)])
        is_first = not self._result
        self._result = build_result(self._aggregation, self._columns, source)
        partial = [part for each in self._result for part in each.partial]
        partial += [f"count(c{number}) AS n{number}" for number in range(len(self._columns))]
        into = "CREATE TEMP TABLE parts AS" if is_first else "INSERT INTO parts"
        [(added,)] = self._session.fetch_rows(
            f"{into} SELECT {', '.join(partial)} FROM ({source.sql}) AS source WHERE {where}"
            f" {self._build_group_by('key')} LIMIT {MAX_GROUPS + 1}",
            parameters,
        )
        _check_groups(int(added))

    def _build_group_by(self, prefix: str) -> str:
        keys = ", ".join(f"{prefix}{n}" for n in range(len(self._aggregation.group_by)))
        return f"GROUP BY {keys}" if keys else ""

    def _build_conditions(self, source: Source, parameters: dict[str, object]) -> list[str]:
        columns = {
            column.name: source.get_column(number) for number, column in enumerate(self._columns)
        }
        return build_conditions(self._filters, self._table.kinds, columns, parameters)

    def build_page(self) -> TablePage:
        """Return the groups of all files in their order. Raises ScanTooLarge, UnreadableDataset."""
        for column in self._table.select_columns(self._shown):
            require_distinct_fields(self._groups, column)
        if not self._result:
            self._add_parts(_build_empty_source(self._columns))
        result = self._result
        selected = [f"{each.value} AS c{number}" for number, each in enumerate(result)]
        selected += [f"{each.text} AS t{n}" for n, each in enumerate(result) if each.text]
        selected += [f"{each.key} AS k{number}" for number, each in enumerate(result)]
        # An error of a cell names its file and row, which a group has not.
        selected += ["0 AS f", "-1 AS r"]
        [(count,)] = self._session.fetch_rows(
            f"CREATE TEMP TABLE result AS SELECT {', '.join(selected)} FROM parts"
            f" {self._build_group_by('key')} LIMIT {MAX_GROUPS + 1}"
        )
        _check_groups(int(count))
        self._check_sums()
        limit = self._query.limit
        rows = f"SELECT * FROM result{self._build_order_by()} LIMIT {limit}"
        types = self._session.describe_columns("SELECT * FROM result")[: len(result)]
        return TablePage(
            tuple(each.column for each in result),
            rows,
            tuple(str(kind) for _, kind in types),
            frozenset(n for n, each in enumerate(result) if each.text),
            frozenset(n for n, each in enumerate(result) if each.is_json),
            min(count, limit),
            "",
            count > limit,
            self._find_missing_columns(),
        )

    def _build_order_by(self) -> str:
        places = {name: number for number, name in enumerate(self._aggregation.names)}
        terms = [
            f"k{places[order.column]} {'DESC' if order.descending else 'ASC'} NULLS LAST"
            for order in self._query.orders
        ]
        terms += [f"k{n} NULLS LAST" for n in range(len(self._aggregation.group_by))]
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    def _check_sums(self) -> None:
        conditions = [each.overflow for each in self._result if each.overflow]
        if not conditions:
            return
        sql = f"SELECT 1 FROM parts {self._build_group_by('key')}"
        if self._session.fetch_rows(f"{sql} HAVING {' OR '.join(conditions)} LIMIT 1"):
            raise UnreadableDataset(WIDE_SUM)

    def _find_missing_columns(self) -> tuple[str, ...]:
        if not self._groups:
            return ()
        counts = ", ".join(
            f"nullif(sum(n{number}), 0) AS c{number}" for number in range(len(self._columns))
        )
        rows = f"SELECT {counts or 'NULL'} FROM parts"
        return find_missing_columns(self._session, self._table, self._columns, self._groups, rows)


def _check_groups(count: int) -> None:
    if count > MAX_GROUPS:
        raise ScanTooLarge(
            f"The query has more than {MAX_GROUPS} groups, the most that one may have; group by"
            " fewer columns, or filter the rows"
        )


def _build_empty_source(columns: Sequence[Column]) -> Source:
    """Return a source without rows, for a query that no file has any for."""
    types = tuple(find_sql_type(column.registered_type) for column in columns)
    cells = [f"CAST(NULL AS {kind}) AS c{number}" for number, kind in enumerate(types)]
    return Source(f"SELECT {', '.join([*cells, '0 AS f'])} WHERE false", {}, types, [])
