"""One type for a column whose files have several, so that no row is shown in another way by that.

The values are brought to a type that holds them all, which is compared and, in Parquet and Arrow,
shown. Where that would change how a value is written, its text is taken before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duckdb.sqltypes import DuckDBPyType

from datamesh.models.far_dates import INFINITIES
from datamesh.models.type_names import Kind, find_kind
from datamesh.models.types import DECIMAL_DIGITS
from datamesh.tables.exact_casts import (
    NANOSECOND_TYPES,
    NUMBERS,
    StoredCell,
    cast_exactly,
    measure_decimal,
)
from datamesh.tables.session import Session
from datamesh.tables.sql_types import find_sql_type, has_scale, is_padded
from datamesh.tables.table import Column
from datamesh.tables.values import FINE_ENDS, convert_text, convert_to_json

EPOCH_NANOSECONDS = "HUGEINT"
"""The type in which moments are compared if some have nanoseconds and others are of any year."""


@dataclass(frozen=True)
class CommonColumn:
    """A column of several queries, with one expression for each of them."""

    type: str
    cells: tuple[str, ...]
    texts: tuple[str, ...] | None = None
    """The texts that the values are shown as, if they are not what the cells are."""
    is_json: bool = False
    """The texts are JSON."""
    is_absent: bool = False
    """No query has the column: all cells are null."""
    presence: tuple[str, ...] | None = None
    """Expressions that are null where the files have no value, if cells may be null elsewhere."""
    unheld: tuple[str, ...] | None = None
    """Expressions that are null unless the registered type cannot hold the value, if it may not."""
    stored: str = ""
    """The type that the files have, if not all of them have the registered one."""


def merge_column(
    session: Session, column: Column, cells: Sequence[StoredCell | None]
) -> CommonColumn:
    """Return a column of several queries with one type; None is a query without the column."""
    types = tuple(dict.fromkeys(cell.type for cell in cells if cell))
    if not types:
        target = find_sql_type(column.registered_type)
        return CommonColumn(target, _cast_all(cells, target), is_absent=True)
    if len(types) == 1:
        as_json = any(cell and cell.is_json for cell in cells)
        has_texts = any(cell and cell.text for cell in cells)
        texts = _write_texts(session, column, cells, as_json=as_json) if has_texts else None
        return CommonColumn(types[0], _cast_all(cells, types[0]), texts, as_json)
    return MERGERS.get(column.kind, _merge_any)(session, column, cells, types)


def _cast_all(cells: Sequence[StoredCell | None], target: str) -> tuple[str, ...]:
    return tuple(
        cell.sql
        if cell and cell.type == target
        else f"CAST({cell.sql if cell else 'NULL'} AS {target})"
        for cell in cells
    )


def _write_texts(
    session: Session, column: Column, cells: Sequence[StoredCell | None], *, as_json: bool = False
) -> tuple[str, ...]:
    """Return the expressions of the cells as they are shown where a query is the only one."""
    texts = []
    for cell in cells:
        if cell is None or cell.text:
            texts.append((cell and cell.text) or "CAST(NULL AS VARCHAR)")
            continue
        kind = _find_type(session, cell.type)
        scaled = not is_padded(column.registered_type, cell.type)
        text = convert_to_json(cell.sql, kind, exact=True, scaled=scaled)
        if as_json and cell.type not in ("JSON", "VARIANT"):
            text = f"CASE WHEN {cell.sql} IS NOT NULL THEN CAST(to_json({text}) AS VARCHAR) END"
        texts.append(f"CAST({text} AS VARCHAR)")
    return tuple(texts)


def _find_type(session: Session, name: str) -> DuckDBPyType:
    [(_, kind)] = session.describe_columns(f"SELECT CAST(NULL AS {name})")
    return kind


def _merge_numbers(
    session: Session, column: Column, cells: Sequence[StoredCell | None], types: Sequence[str]
) -> CommonColumn:
    """Return integers or doubles, which are written alike whatever their width."""
    target = find_sql_type(column.registered_type)
    return CommonColumn(target, _cast_all(cells, target))


def _merge_decimals(
    session: Session, column: Column, cells: Sequence[StoredCell | None], types: Sequence[str]
) -> CommonColumn:
    if has_scale(column.registered_type):
        return _merge_numbers(session, column, cells, types)
    sizes = [measure_decimal(found) for found in types]
    scale = max(scale for _, scale in sizes)
    before = max(digits - scale for digits, scale in sizes)
    target = f"DECIMAL({min(DECIMAL_DIGITS, before + scale)},{scale})"
    found, texts = _cast_all_exactly(cells, target), _write_texts(session, column, cells)
    if before + scale > DECIMAL_DIGITS:
        # What cannot be compared is not shown either: DuckDB would not look at `found` for it.
        texts = tuple(
            f"CASE WHEN {value} IS NOT NULL THEN {text} END"
            for value, text in zip(found, texts, strict=True)
        )
    return CommonColumn(target, found, texts)


def _cast_all_exactly(cells: Sequence[StoredCell | None], target: str) -> tuple[str, ...]:
    return tuple(
        f"CAST(NULL AS {target})"
        if cell is None
        else cell.sql
        if cell.type == target
        else cast_exactly(cell, target)
        for cell in cells
    )


def _merge_timestamps(
    session: Session, column: Column, cells: Sequence[StoredCell | None], types: Sequence[str]
) -> CommonColumn:
    fine = [found in (*NANOSECOND_TYPES, EPOCH_NANOSECONDS) for found in types]
    zoned = [found in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS") for found in types]
    if not any(fine) and not any(zoned):
        return CommonColumn("TIMESTAMP", _cast_all(cells, "TIMESTAMP"))
    texts = _write_texts(session, column, cells)
    if not any(fine):
        target = "TIMESTAMP WITH TIME ZONE"
        return CommonColumn(target, _cast_all(cells, target), texts)
    if all(fine) and EPOCH_NANOSECONDS not in types:
        return CommonColumn("TIMESTAMPTZ_NS", _cast_all(cells, "TIMESTAMPTZ_NS"), texts)
    return CommonColumn(EPOCH_NANOSECONDS, tuple(map(_count_nanoseconds, cells)), texts)


def _count_nanoseconds(cell: StoredCell | None) -> str:
    if cell is None:
        return f"CAST(NULL AS {EPOCH_NANOSECONDS})"
    if cell.type == EPOCH_NANOSECONDS:
        return cell.sql
    is_fine = cell.type in NANOSECOND_TYPES
    count = f"CAST({'epoch_ns' if is_fine else 'epoch_us'}({cell.sql}) AS {EPOCH_NANOSECONDS})"
    ends = " ".join(
        f"WHEN CAST('{name}' AS {cell.type}) THEN CAST({at} AS {EPOCH_NANOSECONDS})"
        for name, at in INFINITIES.items()
    )
    number = f"CASE {cell.sql} {ends} ELSE {count} END"
    return number if is_fine else f"{number} * 1000"


def _merge_times(
    session: Session, column: Column, cells: Sequence[StoredCell | None], types: Sequence[str]
) -> CommonColumn:
    texts = _write_texts(session, column, cells)
    target = "TIME_NS" if "TIME_NS" in types else "TIME"
    cast = []
    for cell in cells:
        through = "TIME" if cell and "ZONE" in cell.type else target
        cast.append(f"CAST(CAST({cell.sql if cell else 'NULL'} AS {through}) AS {target})")
    return CommonColumn(target, tuple(cast), texts)


def _merge_any(
    session: Session, column: Column, cells: Sequence[StoredCell | None], types: Sequence[str]
) -> CommonColumn:
    """Return values of types that nothing is registered of, in the type that holds both.

    Of text and lists, and the like, that is text: DuckDB would take another list for it.
    """
    texts = _write_texts(session, column, cells, as_json=True)
    if column.kind is Kind.TEXT or len(set(map(_find_family, types))) > 1:
        plain = tuple(f"(CAST({text} AS JSON) ->> '$')" for text in texts)
        return CommonColumn("VARCHAR", plain, texts, is_json=True)
    union = " UNION ALL ".join(f"SELECT CAST(NULL AS {found})" for found in types)
    [(_, kind)] = session.describe_columns(union)
    return CommonColumn(str(kind), _cast_all_exactly(cells, str(kind)), texts, is_json=True)


def _find_family(found: str) -> str:
    """Return what types are alike by that values are brought to one of them: lists, numbers, ..."""
    if found.endswith("]"):
        return "LIST"
    kind = find_kind(found)
    if kind in NUMBERS:
        return "NUMBER"
    return found.partition("(")[0] if kind is Kind.OTHER else kind


type Merge = Callable[[Session, Column, Sequence[StoredCell | None], Sequence[str]], CommonColumn]

MERGERS: dict[Kind, Merge] = {
    Kind.INTEGER: _merge_numbers,
    Kind.DOUBLE: _merge_numbers,
    Kind.DECIMAL: _merge_decimals,
    Kind.TIMESTAMP: _merge_timestamps,
    Kind.TIME: _merge_times,
}
"""Kind of the registered type -> what brings its columns to one type."""


def write_moment(cell: str, found: str, column: Column) -> str:
    """Return the expression of a value's text as pages show it, also if it counts nanoseconds."""
    if found != EPOCH_NANOSECONDS or column.kind is not Kind.TIMESTAMP:
        return convert_text(cell, found)
    ends = [(at * 1000, name) for name, at in INFINITIES.items()]
    ends += [(at, FINE_ENDS[name]) for name, at in INFINITIES.items()]
    written = " ".join(f"WHEN {at} THEN '{text}'" for at, text in ends)
    short = f"CAST(make_timestamp(CAST({cell} // 1000 AS BIGINT)) AS VARCHAR)"
    long = f"CAST(make_timestamp_ns(TRY_CAST({cell} AS BIGINT)) AS VARCHAR)"
    number = f"CASE WHEN {cell} % 1000 = 0 THEN {short} ELSE {long} END"
    return convert_text(f"CASE {cell} {written} ELSE {number} END", "TIMESTAMP")


def find_moment_type(found: str, column: Column) -> str:
    """Return the name of a column's type, which for counted nanoseconds is TIMESTAMP_NS."""
    is_counted = found == EPOCH_NANOSECONDS and column.kind is Kind.TIMESTAMP
    return "TIMESTAMP_NS" if is_counted else found
