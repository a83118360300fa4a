"""Queries of tables. Importing this module imports DuckDB: slow, and not in every function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.models.ports import DataFormat
from datamesh.tables.cursor import Position
from datamesh.tables.encodings import ENCODERS, encode_legacy_json
from datamesh.tables.engine_errors import LongLines, UnevenNewlines
from datamesh.tables.files import DataFile
from datamesh.tables.page import read_page
from datamesh.tables.profile import TableProfile, profile_table
from datamesh.tables.query import Query
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session
from datamesh.tables.table import Table

if TYPE_CHECKING:
    from datamesh.models.checks import Check
    from datamesh.tables.check_counts import CheckCount


@dataclass(frozen=True)
class EncodedRows:
    """The rows of a page in a media type."""

    body: bytes
    end: Position | None
    """Where the page ended; None if nothing follows."""
    missing: tuple[str, ...]
    """The columns of the query that files lack."""
    is_cut: bool
    """True if there are fewer rows than were asked for, though there are more."""


def encode_page(
    scan: Scan,
    table: Table,
    files: Sequence[DataFile],
    query: Query,
    after: Position | None,
    media_type: str,
) -> EncodedRows:
    """Return a page's rows in a media type of ENCODERS, and where it ended if more may follow.

    Rows that do not fit into an answer are left to the next page.

    Raises ScanTooLarge, InvalidCursor, UnreadableDataset, StorageUnavailable.
    """
    full = table.is_full_scan(query)
    eager = table.format is DataFormat.PARQUET and full

    def encode() -> EncodedRows:
        with Session(scan, eager=eager, partial=not full) as session:
            if query.aggregation is not None:
                return _encode_aggregates(session, table, files, query, media_type)
            page = read_page(session, table, files, query, after)
            content = ENCODERS[media_type](session, page)
            end = page.find_end(session, content.rows)
            is_short = content.rows < page.count or query.is_whole
            is_cut = is_short and end is not None
            return EncodedRows(content.body, end, page.missing, is_cut)

    return _read_as_needed(scan, encode)


def _encode_aggregates(
    session: Session, table: Table, files: Sequence[DataFile], query: Query, media_type: str
) -> EncodedRows:
    # Requests for rows are not to wait for the import.
    from datamesh.tables.aggregates import read_aggregates

    page = read_aggregates(session, table, files, query)
    content = ENCODERS[media_type](session, page)
    is_cut = page.has_more or content.rows < page.count
    return EncodedRows(content.body, None, page.missing, is_cut)


def encode_legacy_page(scan: Scan, table: Table, files: Sequence[DataFile], query: Query) -> bytes:
    """Return the first rows as the legacy views show them. Raises as `encode_page` does."""

    def encode() -> bytes:
        with Session(scan, eager=False, partial=not table.is_full_scan(query)) as session:
            return encode_legacy_json(session, read_page(session, table, files, query, None))

    return _read_as_needed(scan, encode)


def profile_files(scan: Scan, table: Table, files: Sequence[DataFile]) -> TableProfile:
    """Return the profile of all files. Raises as `encode_page` does."""
    eager = table.format is DataFormat.PARQUET

    def profile() -> TableProfile:
        with Session(scan, eager=eager) as session:
            return profile_table(session, table, files)

    return _read_as_needed(scan, profile)


def count_checks(
    scan: Scan,
    table: Table,
    files: Sequence[DataFile],
    checks: Sequence["Check"],
    physical: Mapping[str, str],
) -> tuple[int, list["CheckCount"]]:
    """Return how many rows there are, and what checks count. Raises as `encode_page` does."""
    # Requests for rows are not to wait for the import.
    from datamesh.tables import checks as table_checks

    eager = table.format is DataFormat.PARQUET

    def count() -> tuple[int, list["CheckCount"]]:
        with Session(scan, eager=eager) as session:
            return table_checks.count_checks(session, table, files, checks, physical)

    return _read_as_needed(scan, count)


def _read_as_needed[T](scan: Scan, read: Callable[[], T]) -> T:
    """Return what `read` returns; it is called again if lines of CSV turn out to be unusual.

    They may end in several ways, or be longer than small buffers take. That is within the same
    bounds. Beyond them, lines that end in several ways are no CSV.
    """
    fault: UnreadableDataset | None = None
    while True:
        try:
            return read()
        except UnevenNewlines as error:
            scan.normalises_newlines, fault = True, error.fault
        except LongLines as error:
            scan.has_long_lines, fault = True, fault or error.fault
        except ScanTooLarge:
            if fault:
                raise fault from None
            raise
