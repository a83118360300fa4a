"""What the columns of a dataset hold, and whether that is what its schema says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from datamesh.models.datasets import ColumnProfile
from datamesh.models.ports import DataFormat
from datamesh.models.quality import QualityFailure
from datamesh.models.types import Kind, find_kind
from datamesh.tables.conditions import NUMBERS
from datamesh.tables.files import DataFile
from datamesh.tables.session import Session
from datamesh.tables.source import Source, grouped, open_cells, typed
from datamesh.tables.sql import folded
from datamesh.tables.table import Column, Table

HAS_FILES = "dataset_has_files"
PRESENT = "column_is_present"
REGISTERED = "column_is_registered"
TYPED = "column_has_registered_type"
FACTS = 5
MAX_SHOWN = 200
"""How much of a least or greatest value is shown."""


@dataclass(frozen=True)
class Profile:
    rows: int
    columns: list[ColumnProfile]
    failures: list[QualityFailure]


def profile(session: Session, table: Table, files: Sequence[DataFile]) -> Profile:
    """Raises ScanTooLarge before the files are read, UnreadableDataset and what a read raises."""
    everything = range(len(files))
    session.scan.afford(everything)
    session.scan.fetch(everything)
    if not files:
        return Profile(0, list(map(_absent, table.columns)), [QualityFailure(assertion=HAS_FILES)])
    known = {folded(column.name) for column in table.columns}
    groups = grouped(session, table, files)
    names = dict.fromkeys(name for group in groups for name in group.names)
    extra = [Column(name) for name in names if folded(name) not in known]
    full = replace(table, columns=(*table.columns, *extra))
    source = open_cells(session, full, full.columns, files, groups)
    [(rows, *facts)] = session.rows(_aggregates(full, source), source.parameters)
    there = {folded(name) for name in (*names, *table.partitions)}
    columns = [
        _described(full, column, source.types[n], facts[FACTS * n :][:FACTS])
        if folded(column.name) in there
        else _absent(column)
        for n, column in enumerate(full.columns)
    ]
    return Profile(rows, columns, [found for each in columns if (found := _judged(each))])


def _aggregates(table: Table, source: Source) -> str:
    """The number of rows, and for each column its FACTS: nulls, cells that do not read as the
    registered type, distinct values, the least and the greatest."""
    parts = ["count(*)"]
    for number, column in enumerate(table.columns):
        cell = f"c{number}"
        value = typed(cell, column, attempt=True) if _is_text(table, column) else cell
        parts.append(f"count(*) - count({cell})")
        parts.append(f"count({cell}) - count({value})")
        if _comparable(table, column, source.types[number]):
            parts.append(f"approx_count_distinct({value})")
            parts += (
                f"left(CAST({function}({value}) AS VARCHAR), {MAX_SHOWN})"
                for function in ("min", "max")
            )
        else:
            parts += ("NULL", "NULL", "NULL")
    return f"SELECT {', '.join(parts)} FROM ({source.sql}) AS source"


def _described(table: Table, column: Column, found: str, facts: Sequence[object]) -> ColumnProfile:
    nulls, wrong, distinct, least, greatest = facts
    if _is_text(table, column) and column.kind is not Kind.OTHER:
        found = "VARCHAR" if wrong else column.registered
    elif _is_text(table, column) and table.form is DataFormat.JSONL:
        found = "JSON"
    return ColumnProfile.model_validate(
        {
            "name": column.name,
            "registered": column.registered or None,
            "type": found,
            "nulls": nulls,
            "distinct": distinct,
            "min": least,
            "max": greatest,
        }
    )


def _absent(column: Column) -> ColumnProfile:
    return ColumnProfile(
        name=column.name,
        registered=column.registered or None,
        type=None,
        nulls=0,
        distinct=None,
        min=None,
        max=None,
    )


def _judged(column: ColumnProfile) -> QualityFailure | None:
    if column.registered is None:
        return QualityFailure(assertion=REGISTERED, column=column.name)
    if column.type is None:
        return QualityFailure(assertion=PRESENT, column=column.name)
    if not holds(column.registered, column.type):
        return QualityFailure(assertion=TYPED, column=column.name)
    return None


def holds(registered: str, found: str) -> bool:
    """Whether values of the type `found` are of the registered one. Of a registered type that is
    not recognised nothing is asked."""
    wanted, actual = find_kind(registered), find_kind(found)
    if wanted is Kind.OTHER or registered == found:
        return True
    if wanted is Kind.TEXT:
        return actual is Kind.TEXT or found.startswith("ENUM") or found in ("UUID", "JSON")
    if wanted is Kind.DOUBLE:
        return actual in NUMBERS
    if wanted is Kind.DECIMAL:
        return actual in (Kind.DECIMAL, Kind.INTEGER)
    return wanted is actual


def _is_text(table: Table, column: Column) -> bool:
    return table.form is not DataFormat.PARQUET and column.name not in table.partitions


def _comparable(table: Table, column: Column, found: str) -> bool:
    if _is_text(table, column):
        return column.kind is not Kind.OTHER
    return find_kind(found) is not Kind.OTHER
