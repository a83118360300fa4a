"""Profiles of datasets: what the columns hold, and where that differs from the schema."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from datamesh.models.datasets import ColumnProfile
from datamesh.models.ports import DataFormat
from datamesh.models.quality import QualityFailure
from datamesh.models.types import Kind, find_kind
from datamesh.tables.casts import cast_cell, skip_nan
from datamesh.tables.common_types import write_moment
from datamesh.tables.exact_casts import is_of_registered_type
from datamesh.tables.file_columns import group_files, require_distinct_fields
from datamesh.tables.files import DataFile
from datamesh.tables.session import Session
from datamesh.tables.source import Source, open_cells
from datamesh.tables.sql import drop_zeros
from datamesh.tables.sql_types import is_padded
from datamesh.tables.table import Column, Table
from datamesh.tables.values import write_float

HAS_FILES = "dataset_has_files"
IS_PRESENT = "column_is_present"
IS_REGISTERED = "column_is_registered"
HAS_REGISTERED_TYPE = "column_has_registered_type"
AGGREGATES = 5
"""How many aggregates `_build_aggregates` has for a column."""
EXACT_CELLS = 500_000
"""How many cells are compared with each other to count the distinct ones, else they are estimated:
their values, or of text its digests, are held in memory."""
MAX_SHOWN = 200
"""How many letters of a least or greatest value are shown."""


@dataclass(frozen=True)
class TableProfile:
    """The number of rows, the profiles of the columns, and the assertions that they fail."""

    rows: int
    columns: list[ColumnProfile]
    failures: list[QualityFailure]


def profile_table(session: Session, table: Table, files: Sequence[DataFile]) -> TableProfile:
    """Read all files, and return their profile.

    Raises ScanTooLarge before the files are read, UnreadableDataset, and what a read raises.
    """
    everything = range(len(files))
    session.scan.check_budget(everything)
    session.scan.prefetch(everything)
    if not files:
        failures = [QualityFailure(assertion=HAS_FILES)]
        return TableProfile(0, [*map(_describe_absent, table.columns)], failures)
    groups = group_files(session, table, files)
    for column in table.columns:
        require_distinct_fields(groups, column)
    others = dict.fromkeys(name for group in groups for name in group.list_others(table.columns))
    extra = [Column(name) for name in others if name not in table.kinds]
    full = replace(table, columns=(*table.columns, *extra))
    source = open_cells(session, full, full.columns, files, groups)
    [(rows, *values)] = session.fetch_rows(_build_aggregates(full, source), source.parameters)
    exact = _count_distinct(session, full, source, rows)
    absent = {
        column.name
        for column in table.columns
        if column.name not in table.partitions
        and all(group.find_place(column) is None for group in groups)
    }
    columns = [
        _describe_absent(column)
        if column.name in absent
        else _describe_column(
            full,
            column,
            source.mixed.get(n, source.types[n]),
            values[AGGREGATES * n :][:AGGREGATES],
            exact.get(n),
        )
        for n, column in enumerate(full.columns)
    ]
    unheld = values[1::AGGREGATES]
    failures = [
        failure
        for column, each, count in zip(full.columns, columns, unheld, strict=True)
        if (failure := _find_failure(column, each, count))
    ]
    return TableProfile(rows, columns, failures)


def _build_aggregates(table: Table, source: Source) -> str:
    """Return a query of the number of rows, and of five aggregates for each column.

    These are the nulls, the cells that cannot be read as the registered type, the distinct
    values, the least and the greatest value.
    """
    parts = ["count(*)"]
    for number, column in enumerate(table.columns):
        cell, value = f"c{number}", _build_value(table, number)
        if number in source.mixed:
            cell = f"p{number}"
        if _is_text(table, column) and column.kind is Kind.DOUBLE:
            read = cast_cell(cell, column)  # NaN is no null yet
            parts.append(f"count(*) - count({cell}) + count({read}) - count({value})")
            parts.append(f"count({cell}) - count({read})")
        else:
            wrong = f"count(w{number})" if number in source.unheld else "0"
            parts.append(f"count(*) - count({cell})")
            parts.append(f"count({cell}) - count({value}) + {wrong}")
        if _is_comparable(table, column, source.types[number]):
            # The estimate may be greater than the number of values, which is what it is bound to.
            parts.append(f"least(approx_count_distinct({value}), count({value}))")
            parts += (
                f"left({_build_extreme(table, number, source.types[number], each)}, {MAX_SHOWN})"
                for each in ("min", "max")
            )
        else:
            parts += ("NULL", "NULL", "NULL")
    return f"SELECT {', '.join(parts)} FROM ({source.sql}) AS source"


def _count_distinct(session: Session, table: Table, source: Source, rows: int) -> dict[int, int]:
    """Return how many values of each column differ, by its number; nothing if that takes much.

    It takes little if the files are in memory from the first query, and the cells are few.
    """
    compared = [
        number
        for number, column in enumerate(table.columns)
        if _is_comparable(table, column, source.types[number])
    ]
    if not compared or rows * len(compared) > EXACT_CELLS or not session.scan.is_in_memory:
        return {}
    parts = []
    for number in compared:
        value = _build_value(table, number)
        is_long = find_kind(source.types[number]) is Kind.TEXT
        value = f"md5_number(CAST({value} AS VARCHAR))" if is_long else value
        # count(DISTINCT ...) would take 5 MB for each column.
        parts.append(f"coalesce(len(list_distinct(list({value}))), 0)")
    sql = f"SELECT {', '.join(parts)} FROM ({source.sql}) AS source"
    [counts] = session.fetch_rows(sql, source.parameters)
    return dict(zip(compared, counts, strict=True))


def _build_extreme(table: Table, number: int, found: str, extreme: str) -> str:
    """Return the expression of the text of a column's `min` or `max`; `found` is its type."""
    column, value = table.columns[number], _build_value(table, number)
    if table.is_shown_as_written(column):
        return f"arg_{extreme}(t{number}, {value})"
    if find_kind(found) is Kind.DOUBLE:
        return write_float(f"{extreme}({value})")
    text = write_moment(f"{extreme}({value})", found, column)
    return drop_zeros(text) if is_padded(column.registered_type, found) else text


def _build_value(table: Table, number: int) -> str:
    """Return the expression of a column's cells in its type: null for NaN, and if not of it."""
    cell, column = f"c{number}", table.columns[number]
    if not _is_text(table, column):
        return cell
    value = cast_cell(cell, column)
    return skip_nan(cell, value) if column.kind is Kind.DOUBLE else value


def _describe_column(
    table: Table, column: Column, found: str, aggregates: Sequence[object], exact: int | None
) -> ColumnProfile:
    """Return the profile of a column that the files have; `found` is its type there.

    `exact` is how many values differ, if they were counted.
    """
    nulls, wrong, estimate, least, greatest = aggregates
    if _is_text(table, column) and column.kind is not Kind.OTHER:
        found = "VARCHAR" if wrong else column.registered_type
    elif _is_text(table, column) and table.format is DataFormat.JSONL:
        found = "JSON"
    return ColumnProfile.model_validate(
        {
            "name": column.name,
            "registered": column.registered_type or None,
            "type": found,
            "nulls": nulls,
            "distinct": estimate if exact is None else exact,
            "distinct_is_approximate": estimate is not None and exact is None,
            "min": least,
            "max": greatest,
        }
    )


def _describe_absent(column: Column) -> ColumnProfile:
    return ColumnProfile(
        name=column.name,
        registered=column.registered_type or None,
        type=None,
        nulls=0,
        distinct=None,
        distinct_is_approximate=False,
        min=None,
        max=None,
    )


def _find_failure(column: Column, found: ColumnProfile, unheld: int) -> QualityFailure | None:
    """Return what is wrong with a column; its type does not hold `unheld` of its values."""
    if found.registered is None:
        return QualityFailure(assertion=IS_REGISTERED, column=column.name)
    if found.type is None:
        return QualityFailure(assertion=IS_PRESENT, column=column.name)
    is_judged = column.kind not in (Kind.TEXT, Kind.OTHER)
    if (unheld and is_judged) or not is_of_registered_type(found.registered, found.type):
        return QualityFailure(assertion=HAS_REGISTERED_TYPE, column=column.name)
    return None


def _is_text(table: Table, column: Column) -> bool:
    """Return True if the column's cells are read as text, whatever their registered type."""
    return table.format is not DataFormat.PARQUET and column.name not in table.partitions


def _is_comparable(table: Table, column: Column, found: str) -> bool:
    """Return True if the column has a least and a greatest value that readers may see.

    No value of a column that is not registered is shown, in whichever format it is.
    """
    if not column.registered_type and column.name not in table.partitions:
        return False
    if _is_text(table, column):
        return column.kind is not Kind.OTHER
    return find_kind(found) is not Kind.OTHER
