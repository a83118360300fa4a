"""Statistics of Parquet files, by which DuckDB skips row groups, and where they lose rows.

A footer has the least and the greatest value of each column in a row group. They are not to be
believed

- of INT96 time stamps: the format defines no order for them, and writers have compared their bytes;
- of bytes (text and some decimals) in the deprecated fields `min` and `max` alone: writers have
  compared bytes as if they had a sign, so that `é` came before `a`;
- of text whose least value is greater than the greatest;
- of a writer that is known to err.

DuckDB itself does not believe numbers whose least is greater than the greatest. Those of floats
say nothing about NaN: see `drop_nan`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datamesh.tables.file_columns import FileGroup
from datamesh.tables.readers import read_parquet_footers, read_parquet_statistics
from datamesh.tables.session import Session
from datamesh.tables.sql import drop_nan
from datamesh.tables.table import Column

ERRING_WRITERS = "^parquet[.-](net|dotnet)"
"""How `created_by` begins, in lower case. Parquet.Net has stored least and greatest values that the
column's own went beyond."""
BYTES = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class WrongStatistics:
    """Columns of Parquet files that no row group may be skipped by."""

    names: frozenset[str] = frozenset()
    is_everything: bool = False
    """True if all columns are, whatever their names."""

    def build_cell(self, group: FileGroup, place: int) -> str:
        """Return the expression of the cells of a column: null for NaN, and never skipped."""
        cell, stored = f"col{place}", group.types[place]
        if stored.name in FLOATS:
            return drop_nan(cell)
        is_wrong = self.is_everything or group.names[place] in self.names
        return f"TRY({cell})" if is_wrong or stored.physical == "INT96" else cell


def find_wrong_statistics(
    session: Session, groups: Sequence[FileGroup], compared: Iterable[Column]
) -> WrongStatistics:
    """Return which statistics of Parquet files are wrong, as far as `compared` columns matter.

    Those are the columns that rows are filtered or ordered by. Raises what a read raises.
    """
    columns = list(compared)
    if not columns:
        return WrongStatistics()
    indexes = sorted(index for group in groups for index in group.indexes)
    created = f"regexp_matches(lower(created_by), '{ERRING_WRITERS}')"
    erring = f"SELECT 1 FROM {read_parquet_footers(indexes)} WHERE {created} LIMIT 1"
    if session.fetch_rows(erring):
        return WrongStatistics(is_everything=True)
    places = [(group, group.find_place(column)) for group in groups for column in columns]
    if not any(
        place is not None and group.types[place].physical in BYTES for group, place in places
    ):
        return WrongStatistics()
    rows = session.fetch_rows(
        f"SELECT DISTINCT path_in_schema FROM {read_parquet_statistics(indexes)}"
        f" WHERE type IN {BYTES} AND (stats_min_value > stats_max_value"
        " OR (stats_min_value IS NULL AND stats_min IS NOT NULL))"
    )
    return WrongStatistics(frozenset(name for (name,) in rows))
