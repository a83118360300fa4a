"""Checks of a table's rows: all are counted in one pass over the files.

A check of single rows is a condition that is counted. Values that have to differ are kept in a
temporary table, as digests if they are text, and the conditions beside them as bits.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from datamesh.models.checks import Check, CheckMeasure
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind
from datamesh.tables.casts import cast_cell, skip_nan
from datamesh.tables.check_conditions import (
    CheckedColumn,
    NotCheckable,
    match_invalid,
    match_missing,
    measure_newest,
)
from datamesh.tables.check_counts import CheckCount
from datamesh.tables.file_columns import FileGroup, group_files, require_distinct_fields
from datamesh.tables.files import DataFile
from datamesh.tables.nested_checks import NestedFieldAbsent, match_nested, open_nested_field
from datamesh.tables.session import Session
from datamesh.tables.source import Source, open_cells
from datamesh.tables.sql_types import find_sql_type
from datamesh.tables.table import Column, Table

BITS = 60
"""How many conditions of a row are kept in one integer."""
ABSENT = "no file has the column"
ABSENT_FIELD = "no file has the field"


@dataclass
class _Plan:
    """The expressions of one pass over the rows, and which of them each check needs."""

    counts: dict[int, CheckCount] = field(default_factory=dict)
    """Number of a check -> its result, as far as it is known without the rows."""
    matches: dict[int, str] = field(default_factory=dict)
    """Number of a check -> the condition of the rows that it counts."""
    newest: dict[int, str] = field(default_factory=dict)
    """Number of a check -> the aggregate of its newest moment."""
    keys: dict[int, list[str]] = field(default_factory=dict)
    """Number of a check -> the values that have to differ together."""
    parameters: dict[str, object] = field(default_factory=dict)


def count_checks(
    session: Session,
    table: Table,
    files: Sequence[DataFile],
    checks: Sequence[Check],
    physical: Mapping[str, str],
) -> tuple[int, list[CheckCount]]:
    """Return how many rows there are, and what each check counts among them.

    `physical` are the names of columns in files, as far as they may have other ones there.
    Raises ScanTooLarge before the files are read, UnreadableDataset, and what a read raises.
    """
    everything = range(len(files))
    session.scan.check_budget(everything)
    session.scan.prefetch(everything)
    groups = group_files(session, table, files)
    full, names = _select_table(table, checks, groups, physical)
    for column in full.columns:
        require_distinct_fields(groups, column)
    source = open_cells(session, full, full.columns, files, groups)
    described = [_describe_column(full, source, number) for number in range(len(full.columns))]
    columns = dict(zip(names, described, strict=True))
    plan = _Plan(parameters=dict(source.parameters))
    missing = _find_absent(full, groups)
    absent = {name for name, each in columns.items() if each.column.name in missing}
    for number, check in enumerate(checks):
        _add_check(session, plan, number, check, columns, absent)
    cells = [
        f"{each.value} AS v{n}, {each.cell} AS x{n}" for n, each in enumerate(columns.values())
    ]
    rows = f"SELECT {', '.join([*cells, '1 AS one'])} FROM ({source.sql}) AS source"
    total = _count(session, plan, rows)
    return total, [plan.counts[number] for number in range(len(checks))]


def _select_table(
    table: Table,
    checks: Sequence[Check],
    groups: Sequence[FileGroup],
    physical: Mapping[str, str],
) -> tuple[Table, list[str]]:
    """Return the table of the columns that checks name, and by which names each does.

    There is one at least, for rows to be read by.
    """
    known = {column.name: column for column in table.columns}
    names = dict.fromkeys(name for check in checks if not check.problem for name in check.columns)
    own = [column.name for column in table.list_file_columns()]
    if own and not any(name in own for name in names):
        names[own[0]] = None
    columns = []
    for name in names:
        column, other = known.get(name) or Column(name), physical.get(name)
        if other and any(group.has_column(other) for group in groups):
            column = replace(column, name=other)
        columns.append(column)
    return replace(table, columns=tuple(columns)), [*names]


def _find_absent(table: Table, groups: Sequence[FileGroup]) -> frozenset[str]:
    """Return the columns that no file has. A key of JSON that no row has is null in all."""
    if table.format is DataFormat.JSONL:
        return frozenset()
    return frozenset(
        column.name
        for column in table.list_file_columns()
        if all(group.find_place(column) is None for group in groups)
    )


def _describe_column(table: Table, source: Source, number: int) -> CheckedColumn:
    """Return a column's cells as they are in the files, and in their type."""
    column, cell, found = table.columns[number], f"c{number}", source.types[number]
    is_text = table.format is not DataFormat.PARQUET and column.name not in table.partitions
    if not is_text:
        cell = f"p{number}" if number in source.mixed else cell
        return CheckedColumn(column, f"c{number}", cell, found, f"v{number}", f"x{number}")
    if column.kind is Kind.OTHER:
        found = "JSON" if table.format is DataFormat.JSONL else "VARCHAR"
        return CheckedColumn(column, cell, cell, found, f"v{number}", f"x{number}")
    value = cast_cell(cell, column)
    if column.kind is Kind.DOUBLE:
        value, cell = skip_nan(cell, value), skip_nan(cell, cell)
    found = find_sql_type(column.registered_type)
    return CheckedColumn(column, value, cell, found, f"v{number}", f"x{number}", is_text=True)


def _add_check(
    session: Session,
    plan: _Plan,
    number: int,
    check: Check,
    columns: Mapping[str, CheckedColumn],
    absent: AbstractSet[str],
) -> None:
    """Add what a check needs to a plan, or its result if that is known already."""
    if check.problem:
        plan.counts[number] = CheckCount(problem=check.problem)
        return
    if any(name in absent for name in check.columns):
        plan.counts[number] = CheckCount(problem=ABSENT, is_failure=True)
        return
    own = [columns[name] for name in check.columns]
    try:
        _add_counted(session, plan, number, check, own)
    except NotCheckable as error:
        plan.counts[number] = CheckCount(problem=str(error))
    except NestedFieldAbsent:
        plan.counts[number] = CheckCount(problem=ABSENT_FIELD, is_failure=True)


def _add_counted(
    session: Session, plan: _Plan, number: int, check: Check, own: Sequence[CheckedColumn]
) -> None:
    """Add what a check counts. Raises NotCheckable, NestedFieldAbsent."""
    prefix, path, parameters = f"check{number}", check.path, plan.parameters

    def match_value(column: CheckedColumn) -> str:
        if check.measure is CheckMeasure.NULLS:
            return match_missing(column, check, prefix, parameters)
        return match_invalid(session, column, check, prefix, parameters)

    if check.measure in (CheckMeasure.NULLS, CheckMeasure.INVALID):
        nested = path and match_nested(own[0], path, check.type, match_value)
        plan.matches[number] = nested or match_value(own[0])
        return
    fields = [step for step in path if step is not None]
    if len(fields) < len(path):
        raise NotCheckable("items of different rows are not compared")
    if fields:
        own = [open_nested_field(own[0], fields, check.type)]
    match check.measure:
        case CheckMeasure.AGE:
            plan.newest[number] = measure_newest(own[0])
        case CheckMeasure.DUPLICATES | CheckMeasure.KEY:
            plan.keys[number] = [each.build_key() for each in own]
            if check.measure is CheckMeasure.KEY:
                nulls = " OR ".join(f"{each.present} IS NULL" for each in own)
                plan.matches[number] = f"({nulls})"
        case _:
            plan.matches[number] = "true"


def _count(session: Session, plan: _Plan, rows: str) -> int:
    """Add the results of what is planned, and return the number of rows."""
    if plan.keys:
        rows = _keep_marks(session, plan, rows)
        conditions = {
            number: f"(w{place // BITS} & {1 << place % BITS}) <> 0"
            for place, number in enumerate(plan.matches)
        }
        newest = {number: f"max(a{number})" for number in plan.newest}
        parameters: Mapping[str, object] = {}
    else:
        conditions, newest, parameters = plan.matches, plan.newest, plan.parameters
    aggregates = ["count(*)"]
    aggregates += [f"count(*) FILTER (WHERE {each})" for each in conditions.values()]
    aggregates += newest.values()
    [(total, *found)] = session.fetch_rows(
        f"SELECT {', '.join(aggregates)} FROM ({rows}) AS cells", parameters
    )
    values = iter(found)
    for number, value in zip([*conditions, *newest], values, strict=True):
        failing = None if number in newest else int(value)
        plan.counts[number] = CheckCount(None if value is None else int(value), failing)
    for number, (repeated, spanned) in _count_repeated(session, plan):
        nulls = plan.counts.get(number, CheckCount(0, 0))
        plan.counts[number] = CheckCount(
            (nulls.measured or 0) + repeated, (nulls.failing_rows or 0) + spanned
        )
    return int(total)


def _keep_marks(session: Session, plan: _Plan, rows: str) -> str:
    """Keep of each row the conditions that it meets and its keys; return the query of that."""
    places = [*plan.matches.values()]
    words = []
    for number in range(0, len(places), BITS):
        bits = [
            f"CASE WHEN {each} THEN {1 << place} ELSE 0 END"
            for place, each in enumerate(places[number : number + BITS])
        ]
        words.append(f"CAST({' + '.join(bits)} AS BIGINT) AS w{number // BITS}")
    keys = dict.fromkeys(key for each in plan.keys.values() for key in each)
    kept = [f"{key} AS k{place}" for place, key in enumerate(keys)]
    moments = [f"{each.removeprefix('max')} AS a{n}" for n, each in plan.newest.items()]
    session.fetch_rows(
        f"CREATE TEMP TABLE marks AS SELECT {', '.join([*words, *kept, *moments])}"
        f" FROM ({rows}) AS cells",
        plan.parameters,
    )
    return "SELECT * FROM marks"


def _count_repeated(session: Session, plan: _Plan) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield of each check how many keys are in more than one row, and in how many rows they are."""
    places = {
        key: place
        for place, key in enumerate(dict.fromkeys(k for each in plan.keys.values() for k in each))
    }
    for number, keys in plan.keys.items():
        names = [f"k{places[key]}" for key in dict.fromkeys(keys)]
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        [(repeated, spanned)] = session.fetch_rows(
            "SELECT count(*), coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM marks"
            f" WHERE {present} GROUP BY {', '.join(names)} HAVING count(*) > 1)"
        )
        yield number, (int(repeated), int(spanned))
