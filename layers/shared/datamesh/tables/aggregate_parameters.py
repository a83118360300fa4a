"""Queries of aggregates: the parameters of a request, checked against a table's schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from datamesh.errors.requests import RefusedParameters
from datamesh.models.columns import fold_case
from datamesh.models.types import DESCRIPTIONS, Kind
from datamesh.tables.measures import MAX_GROUPS, Aggregate, Aggregation, Measure
from datamesh.tables.query import (
    ALL_ROWS,
    Order,
    Query,
    parse_orders,
    parse_query,
    require_comparable,
    require_known,
    split_names,
)

MAX_NAMES = 20
"""How many columns each of the parameters may name."""
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)


@dataclass(frozen=True)
class AggregateParameters:
    """The aggregates that a request asks for, each as it was sent."""

    group_by: str | None = None
    count: bool = False
    sum: str | None = None
    avg: str | None = None
    min: str | None = None
    max: str | None = None

    def is_given(self) -> bool:
        """Return True if the request asks for aggregates, and not for rows."""
        return self != AggregateParameters()

    def list_columns(self) -> list[tuple[Aggregate, str]]:
        """Return the functions of columns that are asked for, each with the text of its columns."""
        asked = [
            (Aggregate.SUM, self.sum),
            (Aggregate.AVG, self.avg),
            (Aggregate.MIN, self.min),
            (Aggregate.MAX, self.max),
        ]
        return [(aggregate, text) for aggregate, text in asked if text is not None]


def parse_aggregates(
    columns: Mapping[str, Kind],
    limit: int,
    cursor: str | None,
    chosen: str | None,
    order_by: str | None,
    filters: Sequence[tuple[str, str]],
    asked: AggregateParameters,
) -> Query:
    """Return the query that parameters of a request state: of rows, if no aggregate is asked for.

    The parameters are those of `parse_query`; under aggregates the columns of `order_by` are those
    of the result. Raises RefusedParameters with all problems.
    """
    if not asked.is_given():
        return parse_query(columns, limit, cursor, chosen, order_by, filters)
    problems: dict[str, str] = {}
    try:
        query = parse_query(columns, ALL_ROWS, None, None, None, filters)
    except RefusedParameters as error:
        problems |= error.problems
    if cursor is not None:
        problems["cursor"] = "does not go with aggregates, which have no pages; use `limit=all`"
    if chosen is not None:
        problems["columns"] = "does not go with aggregates; name columns in `group_by`"
    group_by = _parse_names(columns, "group_by", asked.group_by, problems)
    measures = [Measure(Aggregate.COUNT)] if asked.count else []
    for aggregate, text in asked.list_columns():
        names = _parse_names(columns, aggregate, text, problems)
        measures += [Measure(aggregate, name) for name in names]
    aggregation = Aggregation(group_by, tuple(measures))
    if not problems:
        _check_result(aggregation, problems)
    orders: tuple[Order, ...] = ()
    if order_by is not None and not problems:
        try:
            orders = parse_orders(dict.fromkeys(aggregation.names, Kind.TEXT), order_by)
        except ValueError as error:
            problems["order_by"] = f"{error} (of the answer, such as `count` or `sum_amount`)"
    if problems:
        raise RefusedParameters(problems)
    limit = MAX_GROUPS if limit == ALL_ROWS else limit
    return replace(query, limit=limit, is_whole=False, aggregation=aggregation, orders=orders)


def _parse_names(
    columns: Mapping[str, Kind], parameter: str, text: str | None, problems: dict[str, str]
) -> tuple[str, ...]:
    """Return the columns that a parameter names, or none and note what is wrong with it."""
    if text is None:
        return ()
    names = split_names(columns, text)
    try:
        if len(names) > MAX_NAMES or len(set(names)) != len(names):
            raise ValueError(f"must name at most {MAX_NAMES} columns, each once")
        require_known(columns, names)
        for name in names:
            _require_kind(name, columns[name], parameter)
    except ValueError as error:
        problems[parameter] = str(error)
        return ()
    return names


def _require_kind(name: str, kind: Kind, parameter: str) -> None:
    require_comparable(name, kind)
    if parameter in (Aggregate.SUM, Aggregate.AVG) and kind not in NUMBERS:
        raise ValueError(f"'{name}' is {DESCRIPTIONS[kind]}, and not a number")


def _check_result(aggregation: Aggregation, problems: dict[str, str]) -> None:
    """Note a problem if two columns of the result would have one name."""
    seen = {fold_case(name) for name in aggregation.group_by}
    for measure in aggregation.measures:
        if fold_case(measure.name) in seen:
            problems[measure.aggregate] = f"the result would have two columns '{measure.name}'"
        seen.add(fold_case(measure.name))
