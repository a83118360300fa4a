"""DuckDB for one request: a database in memory, isolated, bounded, and gone afterwards."""

import csv
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import duckdb
from duckdb.sqltypes import DuckDBPyType

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.tables.csv_lines import count_cells, find_uneven_line
from datamesh.tables.engine_errors import (
    LONG_LINE,
    MAY_BE_UNEVEN,
    SUM_OVERFLOWS,
    WIDE_SUM,
    Fault,
    LongLines,
    UnevenNewlines,
    cut_text,
    describe_fault,
    find_unsniffed_file,
    write_csv_error,
)
from datamesh.tables.filesystem import ROOT, MeshFiles
from datamesh.tables.readers import find_left_skip, read_csv_lines, read_plain_csv
from datamesh.tables.scan import Scan

logger = logging.getLogger(__name__)

MEMORY_LIMIT = "512MB"
"""Half of a function's memory: Python, files that were read and the answer take the rest."""

PARTIAL_CSV_BUFFER_BYTES = 2_050_000
"""Two of them are less than one read of text, whatever is around it. A whole file takes twice the
time with them."""
LONG_LINES_CSV_BUFFER_BYTES = 8 * 1024 * 1024
"""Enough for the longest lines (`readers.LINES_IN_BUFFER`)."""
MAX_UNEVEN_LINES = 5_000
"""How many lines are looked through for one of another number of cells."""
INTERRUPT_AGAIN_SECONDS = 0.2
"""How long after an interruption the next one comes, if the session has not ended by then."""

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": MEMORY_LIMIT,
    "temp_directory": "",
    # A function has about one processor, and with one thread rows keep the order of their files.
    "threads": 1,
}

type Columns = list[tuple[str, DuckDBPyType]]
"""Names and types of the columns of a query."""


class Session:
    """A connection to a database that can read the files of a scan, and nothing else.

    An `eager` session reads ahead, on threads of DuckDB's own: faster if everything is needed, and
    otherwise more bytes than the first rows take. So are large buffers for CSV; one that is
    `partial` has small ones, unless lines have been found to be too long for them.
    """

    def __init__(self, scan: Scan, *, eager: bool, partial: bool = False) -> None:
        self.scan = scan
        small = LONG_LINES_CSV_BUFFER_BYTES if scan.has_long_lines else PARTIAL_CSV_BUFFER_BYTES
        self.csv_buffer_bytes = small if partial else None
        self.files = MeshFiles(scan)
        self._eager = eager
        self._connection = duckdb.connect(config=CONFIG | {"async_threads": 8 if eager else 0})
        self._connection.register_filesystem(self.files)
        for statement in (
            "SET TimeZone = 'UTC'",
            # A query reads the footer of a Parquet file up to three times.
            "SET parquet_metadata_cache = true",
            f"SET allowed_directories = ['{ROOT}']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)
        self._is_open = True
        self._seconds_left = scan.find_seconds_left()

    def __enter__(self) -> Self:
        self._start_timer(self._seconds_left)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._timer.cancel()
        self._connection.close()

    def fetch_rows(
        self, sql: str, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run a statement, and return its rows.

        Raises ScanTooLarge, UnreadableDataset, and what a read raised.
        """
        if self.scan.failure:
            raise self.scan.failure
        try:
            return self._connection.execute(sql, parameters or {}).fetchall()
        except duckdb.Error as error:
            raise self._translate_error(error) from None  # its text may quote the data

    def describe_columns(self, sql: str, parameters: Mapping[str, object] | None = None) -> Columns:
        """Return the columns of a query without running it. Raises as `fetch_rows` does."""
        try:
            found = self._connection.sql(sql, params=parameters or {})
            return list(zip(found.columns, found.types, strict=True))
        except duckdb.Error as error:
            raise self._translate_error(error) from None  # its text may quote the data

    def can_match(self, pattern: str) -> bool:
        """Return whether a text is a pattern of RE2. No file is read for it."""
        try:
            self._connection.execute("SELECT regexp_matches('', $pattern)", {"pattern": pattern})
        except duckdb.Error:
            return False
        return True

    def open_stream(self, sql: str) -> object:
        """Return a query's result with Arrow's C interface (`__arrow_c_stream__`).

        Raises as `fetch_rows` does: a stream would raise errors that quote the data.
        """
        try:
            return self._connection.sql(sql).materialize()
        except duckdb.Error as error:
            raise self._translate_error(error) from None  # its text may quote the data

    def _start_timer(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._interrupt)
        self._timer.daemon = True
        self._timer.start()

    def _interrupt(self) -> None:
        self.scan.stop()
        with suppress(duckdb.Error):  # closed meanwhile
            self._connection.interrupt()
        if self._is_open:  # a statement that was about to begin has not noticed
            self._start_timer(INTERRUPT_AGAIN_SECONDS)

    def _translate_error(self, error: duckdb.Error) -> Exception:
        """Return what to raise for an error of DuckDB: the scan's own failure, if it has one."""
        if self.scan.failure:
            return self.scan.failure
        if isinstance(error, duckdb.OutOfMemoryException):
            return ScanTooLarge(f"The query needs more than {MEMORY_LIMIT} of memory; ask for less")
        if isinstance(error, duckdb.OutOfRangeException) and any(
            words in str(error) for words in SUM_OVERFLOWS
        ):
            return UnreadableDataset(WIDE_SUM)
        if long_lines := self._find_long_lines(str(error)):
            return long_lines
        text = self._find_csv_fault(str(error))
        fault = describe_fault(text)
        logger.warning("%s: %s", type(error).__name__, cut_text(text))
        found = UnreadableDataset(self._describe(fault))
        is_unknown = find_unsniffed_file(text) is not None  # no line of it is known to be wrong
        may_be_uneven = is_unknown or any(words in text for words in MAY_BE_UNEVEN)
        if may_be_uneven and not self.scan.normalises_newlines:
            return UnevenNewlines(found)
        return found

    def _find_long_lines(self, text: str) -> LongLines | None:
        """Return what to raise if an error may be one of small buffers alone, and None otherwise.

        If DuckDB cannot guess a file's form, it does not say why.
        """
        if self.csv_buffer_bytes != PARTIAL_CSV_BUFFER_BYTES:
            return None
        if LONG_LINE in text:
            return LongLines(None)
        if find_unsniffed_file(text) is None:
            return None
        return LongLines(UnreadableDataset(self._describe(describe_fault(text))))

    def _describe(self, fault: Fault) -> str:
        """Return the message of a fault."""
        before = 0 if fault.file is None else self.scan.dropped_lines.get(fault.file, 0)
        return fault.describe(self._find_file_name(fault.file), before)

    def _find_file_name(self, index: int | None) -> str:
        """Return the name of a file, or else of the one that was read last or, if eager, of all."""
        if index is None:
            index = self.files.last_read
            if self._eager and len(self.scan.files) > 1:
                return f"A file of {self.scan.folder_name}"
        return self.scan.get_name(min(index, len(self.scan.files) - 1))

    def _find_csv_fault(self, text: str) -> str:
        """Return the error with the line at which a CSV file stops being one, if it can be found.

        DuckDB guesses a file's form by its beginning; if it cannot, it does not say why, or counts
        lines otherwise. Reading the file in the form that it should have does. Any other text is
        returned as it is.
        """
        index = find_unsniffed_file(text)
        if index is None:
            return text
        dialect = self.scan.dialect
        compression = self.files.find_read_compression(index)
        try:
            lines = read_csv_lines(index, compression, find_left_skip(dialect, compression))
            [(first,)] = self._connection.execute(lines).fetchall()
            plain = read_plain_csv(index, compression, dialect, count_cells(first, dialect))
            self._connection.execute(plain).fetchall()
            return self._find_uneven_line(index, compression) or text
        except duckdb.InvalidInputException as error:
            return str(error)
        except (duckdb.Error, csv.Error, ValueError):
            return text

    def _find_uneven_line(self, index: int, compression: str) -> str | None:
        """Return the error of a line with another number of cells, in DuckDB's form; None if none.

        DuckDB itself passes over an empty cell more at the end of a line, unless not all have it.
        """
        skip = find_left_skip(self.scan.dialect, compression)
        lines = self._connection.execute(
            read_csv_lines(index, compression, skip, MAX_UNEVEN_LINES)
        ).fetchall()
        found = find_uneven_line((line or "" for (line,) in lines), self.scan.dialect)
        return found and write_csv_error(index, found[0] + skip, *found[1:])
