"""Runs queries. Importing it imports DuckDB: that takes time, and not every function has it."""

from collections.abc import Sequence

from datamesh.models.ports import DataFormat
from datamesh.tables import encodings, profile
from datamesh.tables.cursor import Position
from datamesh.tables.encodings import ENCODINGS, Row
from datamesh.tables.files import DataFile
from datamesh.tables.page import read_page
from datamesh.tables.profile import Profile
from datamesh.tables.query import Query
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session
from datamesh.tables.table import Table


def encoded_page(
    scan: Scan,
    table: Table,
    files: Sequence[DataFile],
    query: Query,
    after: Position | None,
    media_type: str,
) -> tuple[bytes, Position | None]:
    """The page's rows in a media type of `ENCODINGS`, and where it ended if more may follow.

    Raises ScanTooLarge, InvalidCursor, UnreadableDataset, StorageUnavailable.
    """
    eager = table.form is DataFormat.PARQUET and table.needs_everything(query)
    with Session(scan, eager=eager) as session:
        page = read_page(session, table, files, query, after)
        return ENCODINGS[media_type](session, page), page.next


def legacy_rows(scan: Scan, table: Table, files: Sequence[DataFile], query: Query) -> list[Row]:
    """The first rows as the legacy views show them. Raises as `encoded_page` does."""
    with Session(scan, eager=False) as session:
        return encodings.legacy_rows(session, read_page(session, table, files, query, None))


def profile_of(scan: Scan, table: Table, files: Sequence[DataFile]) -> Profile:
    """Raises as `encoded_page` does."""
    eager = table.form is DataFormat.PARQUET
    with Session(scan, eager=eager) as session:
        return profile.profile(session, table, files)
