"""Columns of aggregates: how each is computed of rows, and then of the groups of some files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from datamesh.models.types import Kind
from datamesh.tables.conditions import SortKey, TypedColumn
from datamesh.tables.measures import Aggregate, Aggregation, Measure
from datamesh.tables.source import Source
from datamesh.tables.sql import drop_nan
from datamesh.tables.sql_types import has_scale
from datamesh.tables.table import Column

GREATEST = 10**38 - 1
"""The greatest integer of 38 digits, as many as decimals have in Parquet and Arrow."""


@dataclass
class ResultColumn:
    """A column of the result: how it is computed of rows, and then of the groups of some files."""

    column: Column
    partial: list[str]
    """Expressions with names of the groups of some files."""
    value: str
    """The expression of the value that is shown."""
    key: str
    """The expression of what groups are ordered by."""
    text: str | None = None
    """The expression of what the value is shown as, if it is not what the value is."""
    overflow: str | None = None
    """The condition, on groups of files, that their sum is no number that can be shown."""
    is_json: bool = False
    """The text is JSON."""


def build_result(
    aggregation: Aggregation, columns: Sequence[Column], source: Source
) -> list[ResultColumn]:
    """Return the columns of a result; `columns` are those of the source.

    The values that rows are grouped by are `key0`, `key1`, ... of the groups of some files.
    """
    places = {column.name: number for number, column in enumerate(columns)}
    found = []
    for number, name in enumerate(aggregation.group_by):
        found.append(_build_group(number, columns[places[name]], source, places[name]))
    for number, measure in enumerate(aggregation.measures):
        if not measure.column:
            found.append(_build_count(number))
            continue
        place = places[measure.column]
        build = BUILDERS[measure.aggregate]
        found.append(build(number, measure, columns[place], source, place))
    return found


def _build_key(place: int, source: Source) -> str:
    """Return the expression that values of a source's column are compared by."""
    return SortKey(TypedColumn(f"c{place}", source.types[place]), False).build_expression()


def _build_group(number: int, column: Column, source: Source, place: int) -> ResultColumn:
    """Return a column that rows are grouped by. A null is a group of its own."""
    key = _build_key(place, source)
    partial = [f"{key} AS key{number}"]
    value = text = None
    if key != f"c{place}":
        partial.append(f"any_value(c{place}) AS value{number}")
        value = f"any_value(value{number})"
    if place in source.written:
        partial.append(f"min(t{place}) AS text{number}")
        text = f"min(text{number})"
    return ResultColumn(
        column,
        partial,
        value or f"key{number}",
        f"key{number}",
        text,
        is_json=place in source.written_as_json,
    )


def _build_count(number: int) -> ResultColumn:
    """Return the number of rows."""
    column = Column(str(Aggregate.COUNT), "bigint")
    total = f"CAST(sum(count{number}) AS BIGINT)"
    return ResultColumn(column, [f"count(*) AS count{number}"], total, total)


def _build_extreme(
    number: int, measure: Measure, column: Column, source: Source, place: int
) -> ResultColumn:
    """Return the least or greatest value, shown as it is in its row."""
    function, key = measure.aggregate, _build_key(place, source)
    extreme = f"{function}(extreme{number})"
    partial = [f"{function}({key}) AS extreme{number}"]
    value, text = extreme, None
    if key != f"c{place}":
        partial.append(f"arg_{function}(c{place}, {key}) AS value_of{number}")
        value = f"arg_{function}(value_of{number}, extreme{number})"
    if place in source.written:
        partial.append(f"arg_{function}(t{place}, {key}) AS text_of{number}")
        text = f"arg_{function}(text_of{number}, extreme{number})"
    return ResultColumn(
        replace(column, name=measure.name),
        partial,
        value,
        extreme,
        text,
        is_json=place in source.written_as_json,
    )


def _build_sum(
    number: int, measure: Measure, column: Column, source: Source, place: int
) -> ResultColumn:
    """Return the sum: exact of integers and decimals, and a double of doubles."""
    partial, overflow = _add_values(number, column, source, place)
    total = f"sum(sum{number})"
    registered = "hugeint"
    if column.kind is Kind.DOUBLE:
        registered, total = "double", drop_nan(total)
    elif column.kind is Kind.DECIMAL:
        scale = source.types[place].rpartition(",")[2].rstrip(")")
        is_scaled = has_scale(column.registered_type)
        registered = f"decimal(38,{scale})" if is_scaled else column.registered_type
    return ResultColumn(Column(measure.name, registered), partial, total, total, overflow=overflow)


def _build_average(
    number: int, measure: Measure, column: Column, source: Source, place: int
) -> ResultColumn:
    """Return the average of the values that are not null, as a double."""
    partial, overflow = _add_values(number, column, source, place)
    partial.append(f"count(c{place}) AS values{number}")
    quotient = f"CAST(sum(sum{number}) AS DOUBLE) / nullif(sum(values{number}), 0)"
    average = drop_nan(f"({quotient})")
    return ResultColumn(
        Column(measure.name, "double"), partial, average, average, overflow=overflow
    )


def _add_values(
    number: int, column: Column, source: Source, place: int
) -> tuple[list[str], str | None]:
    """Return the partial sums of a column, and when they are too large."""
    cell, total = f"c{place}", f"sum{number}"
    if column.kind is Kind.DOUBLE:
        cells = f"CAST({cell} AS DOUBLE)"
        partial = [
            f"sum({cells}) AS {total}",
            f"count(*) FILTER (isinf({cells})) AS infinite{number}",
        ]
        return partial, f"(isinf(sum({total})) AND sum(infinite{number}) = 0)"
    if column.kind is Kind.INTEGER:
        exact = f"CAST({cell} AS HUGEINT)"
        return [
            f"sum({exact}) AS {total}"
        ], f"(sum({total}) NOT BETWEEN -{GREATEST} AND {GREATEST})"
    return [f"sum({cell}) AS {total}"], None


BUILDERS = {
    Aggregate.SUM: _build_sum,
    Aggregate.AVG: _build_average,
    Aggregate.MIN: _build_extreme,
    Aggregate.MAX: _build_extreme,
}
"""Function of a column -> what builds its measures."""
