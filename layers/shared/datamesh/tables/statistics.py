"""Statistics of Parquet files, by which DuckDB skips row groups, and where they lose rows.

A footer has the least and the greatest value of each column in a row group, and how many nulls
there are. That number decides nothing here: what is null, each row says. A footer is refused
that counts nothing but nulls although it has bounds, for DuckDB reads only nulls then.

The bounds are not to be believed

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

from datamesh.errors.datasets import UnreadableDataset
from datamesh.tables.file_columns import FileGroup
from datamesh.tables.readers import read_parquet_footers, read_parquet_statistics
from datamesh.tables.session import Session
from datamesh.tables.table import Column

ERRING_WRITERS = "^parquet[.-](net|dotnet)"
"""How `created_by` begins, in lower case. Parquet.Net has stored least and greatest values that the
column's own went beyond."""
BYTES = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
FLOATS = ("FLOAT", "DOUBLE")
ONLY_NULLS = (
    "(stats_null_count >= num_values AND coalesce(stats_min_value, stats_min) <> ''"
    " AND coalesce(stats_max_value, stats_max) <> '')"
)
"""The condition of a column of a row group that is said to have nothing but nulls, and bounds."""
SEPARATOR = ", "
"""The text that DuckDB writes between the names of a column and of the fields within it."""
MAX_CHUNKS = 20_000
"""How many columns of row groups are looked at for a query that compares none: half a second."""


@dataclass(frozen=True)
class WrongStatistics:
    """Columns of Parquet files that no row group may be skipped by."""

    names: frozenset[str] = frozenset()
    is_everything: bool = False
    """True if all columns are, whatever their names."""

    def is_wrong(self, group: FileGroup, column: Column) -> bool:
        """Return True if no row group of some files may be skipped by a column."""
        place = group.find_place(column)
        if place is None:
            return False
        is_wrong = self.is_everything or group.names[place] in self.names
        return is_wrong or group.types[place].physical == "INT96"


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
    is_everything = bool(session.fetch_rows(erring))
    wrong = (
        f"type IN {BYTES} AND (stats_min_value > stats_max_value"
        " OR (stats_min_value IS NULL AND stats_min IS NOT NULL))"
    )
    rows = session.fetch_rows(
        f"SELECT file_name, path_in_schema, {ONLY_NULLS} AS is_refused"
        f" FROM {read_parquet_statistics(indexes)} WHERE {ONLY_NULLS} OR ({wrong})"
    )
    _refuse_columns(session, groups, columns, [row[:2] for row in rows if row[2]])
    return WrongStatistics(frozenset(name for _, name, _ in rows), is_everything)


def check_null_counts(
    session: Session, groups: Sequence[FileGroup], columns: Sequence[Column]
) -> None:
    """Raise UnreadableDataset if a footer says of a column that it has nulls alone, and bounds.

    That is not asked of footers that would take long.
    """
    if not columns or not groups:
        return
    indexes = sorted(index for group in groups for index in group.indexes)
    counted = f"SELECT sum(num_row_groups) FROM {read_parquet_footers(indexes)}"
    [(row_groups,)] = session.fetch_rows(counted)
    if row_groups * max(len(group.names) for group in groups) > MAX_CHUNKS:
        return
    rows = session.fetch_rows(
        "SELECT file_name, path_in_schema"
        f" FROM {read_parquet_statistics(indexes)} WHERE {ONLY_NULLS}"
    )
    _refuse_columns(session, groups, columns, rows)


def _refuse_columns(
    session: Session,
    groups: Sequence[FileGroup],
    columns: Sequence[Column],
    found: Sequence[tuple[object, ...]],
) -> None:
    """Raise UnreadableDataset if one of the columns is found: the path of a file, and of a part."""
    for file, path in found:
        index = session.files.parse_path(str(file))
        group = next(each for each in groups if index in each.indexes)
        for column in columns:
            place = group.find_place(column)
            if place is not None and f"{path}{SEPARATOR}".startswith(
                f"{group.names[place]}{SEPARATOR}"
            ):
                raise UnreadableDataset(
                    f"{session.scan.get_name(index)}, column '{column.name}': the footer counts"
                    " nulls alone, and has a least and a greatest value; write the file anew"
                )
