"""One DuckDB database in memory for one request: closed off, bounded, and gone afterwards."""

import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import duckdb
from duckdb.sqltypes import DuckDBPyType

from datamesh.errors import ScanTooLarge, UnreadableDataset
from datamesh.tables.filesystem import PROTOCOL, ROOT, MeshFiles
from datamesh.tables.scan import Scan

MEMORY_LIMIT = "512MB"
"""Half of what the function has: files that were read, Python and the answer take the rest."""
SECONDS = 15.0
"""For all statements of a request together, below the functions' 25 s."""
OUR_NAMES = re.compile(rf"{PROTOCOL}://([0-9]+)")

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": MEMORY_LIMIT,
    "temp_directory": "",
    # One thread: a function has about one processor, and rows keep the order of their files.
    "threads": 1,
}

type Parameters = Mapping[str, object]
type Columns = list[tuple[str, DuckDBPyType]]


class Session:
    """`eager` reads ahead on threads of DuckDB's own: faster if everything is needed, and
    otherwise more bytes than the first rows take."""

    def __init__(self, scan: Scan, *, eager: bool, seconds: float = SECONDS) -> None:
        self.scan = scan
        self.files = MeshFiles(scan)
        self._connection = duckdb.connect(config=CONFIG | {"async_threads": 8 if eager else 0})
        self._connection.register_filesystem(self.files)
        for statement in (
            "SET TimeZone = 'UTC'",
            f"SET allowed_directories = ['{ROOT}']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)
        self._timer = threading.Timer(seconds, self._interrupt)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._connection.close()

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[Any, ...]]:
        """Raises ScanTooLarge, UnreadableDataset, and what a read raised."""
        if self.scan.failure:
            raise self.scan.failure
        try:
            return self._connection.execute(sql, parameters or {}).fetchall()
        except duckdb.Error as error:
            raise self._failure(error) from error

    def columns(self, sql: str, parameters: Parameters | None = None) -> Columns:
        """Names and types of a query that is not run. Raises as `rows` does."""
        try:
            found = self._connection.sql(sql, params=parameters or {})
            return list(zip(found.columns, found.types, strict=True))
        except duckdb.Error as error:
            raise self._failure(error) from error

    def stream(self, sql: str) -> object:
        """A query's result through Arrow's C interface (`__arrow_c_stream__`)."""
        return self._connection.sql(sql)

    def _interrupt(self) -> None:
        self.scan.stop()
        with suppress(duckdb.Error):  # closed meanwhile
            self._connection.interrupt()

    def _failure(self, error: duckdb.Error) -> Exception:
        if self.scan.failure:
            return self.scan.failure
        if isinstance(error, duckdb.OutOfMemoryException):
            return ScanTooLarge(f"The query needs more than {MEMORY_LIMIT} of memory; ask for less")
        # What follows is advice, positions and excerpts of our own SQL.
        text = " ".join(str(error).splitlines()[:2])[:500]
        named = OUR_NAMES.sub(lambda match: self.scan.name(int(match[1])), text)
        return UnreadableDataset(f"The data cannot be read: {named}")
