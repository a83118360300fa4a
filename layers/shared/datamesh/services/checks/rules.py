"""Checks that a contract of the Open Data Contract Standard asks for, from its parsed document.

`quality` of a schema object or a property, and `slaProperties`. What cannot be run is a check that
says why.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from datamesh.models.checks import (
    MAX_LISTED_VALUES,
    MAX_NAME_LENGTH,
    MAX_PATTERN_LENGTH,
    BoundOperator,
    Check,
    CheckMeasure,
    Scalar,
    Threshold,
    ValueCondition,
    ValueRule,
    skip_check,
)
from datamesh.services.checks.durations import measure_duration

type Entry = Mapping[str, object]
"""An entry of a parsed document."""

PERCENT_UNITS = ("percent", "percentage", "%")
OLD_METRICS = {"duplicateCount": "duplicateValues", "rowCount": "rowCount"}
"""The rules of ODCS 3.0 -> what they are called since."""
AGES = ("freshness", "latency")
MAX_SEVERITY_LENGTH = 50


class NotRunnable(Exception):
    """A rule cannot be run; the text says why."""


def map_quality(entries: object, column: str | None = None) -> list[Check]:
    """Return the checks of `quality`: of a property if its column is named, else of the object."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return []
    return [_map_rule(each, column) for each in entries if isinstance(each, Mapping)]


def map_service_levels(
    entries: object, names: Sequence[str] = (), default: object = None
) -> list[Check]:
    """Return the checks of `slaProperties`: those of freshness and latency.

    `names` are those of the object whose elements are meant: `orders.updated_at` or `updated_at`.
    `default` is the element of levels that name none.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return []
    found = []
    for each in entries:
        kind = str(each.get("property") or "").strip().lower() if isinstance(each, Mapping) else ""
        if kind in AGES:
            found += _map_level(kind, each, names, each.get("element") or default)
    return found


def check_age(kind: str, seconds: Decimal, column: str | None, name: str = "") -> Check:
    """Return the check that the newest value of a column, or the newest file, is not too old."""
    shown = name or (f"{kind} of {column}" if column else f"{kind} of the newest file")
    return Check(
        shown[:MAX_NAME_LENGTH],
        kind,
        CheckMeasure.AGE,
        (column,) if column else (),
        thresholds=(Threshold(BoundOperator.LESS_THAN, (seconds,)),),
    )


def _map_rule(entry: Entry, column: str | None) -> Check:
    kind = str(entry.get("type") or "library")
    metric = entry.get("metric")
    if metric is None and isinstance(entry.get("rule"), str):
        metric = OLD_METRICS.get(str(entry["rule"]), entry["rule"])
    shown = str(metric) if kind == "library" and metric else kind
    name = _choose_name(entry, shown, column)
    severity = entry.get("severity")
    severity = severity.lower()[:MAX_SEVERITY_LENGTH] if isinstance(severity, str) else None
    columns = (column,) if column else ()
    try:
        if kind != "library":
            raise NotRunnable(f"checks of type '{kind[:50]}' are not run")
        if metric is None:
            raise NotRunnable("it has no metric")
        return _map_metric(entry, str(metric), name, column, severity)
    except NotRunnable as error:
        return skip_check(name, shown[:100], columns, str(error), severity)


def _choose_name(entry: Entry, shown: str, column: str | None) -> str:
    for key in ("name", "id", "description"):
        if isinstance(entry.get(key), str) and entry[key]:
            return str(entry[key])[:MAX_NAME_LENGTH]
    return (f"{shown} of {column}" if column else shown)[:MAX_NAME_LENGTH]


def _map_metric(
    entry: Entry, metric: str, name: str, column: str | None, severity: str | None
) -> Check:
    found = METRICS.get(metric)
    if found is None:
        raise NotRunnable(f"the metric '{metric[:100]}' is unknown")
    measure, build = found
    arguments = entry.get("arguments")
    given = arguments if isinstance(arguments, Mapping) else {}
    unit = str(entry.get("unit") or "rows").strip().lower()
    if unit in PERCENT_UNITS and measure is CheckMeasure.ROWS:
        raise NotRunnable("a count of all rows has no share of them")
    columns, conditions, missing = build(given, column)
    return Check(
        name,
        metric,
        measure,
        columns,
        conditions,
        missing,
        _read_thresholds(entry),
        is_percent=unit in PERCENT_UNITS,
        severity=severity,
    )


type Parts = tuple[tuple[str, ...], tuple[ValueCondition, ...], tuple[Scalar, ...]]
"""The columns of a check, the conditions of their values, and the values that stand for none."""


def _build_row_count(arguments: Entry, column: str | None) -> Parts:
    if column is not None:
        raise NotRunnable("rows are counted of a whole dataset, not of a column")
    return (), (), ()


def _build_nulls(arguments: Entry, column: str | None) -> Parts:
    return (_require_column(column),), (), ()


def _build_missing(arguments: Entry, column: str | None) -> Parts:
    values = _read_values(arguments, "missingValues", are_needed=False)
    return (_require_column(column),), (), values


def _build_invalid(arguments: Entry, column: str | None) -> Parts:
    own = _require_column(column)
    conditions = []
    if arguments.get("validValues") is not None:
        values = _read_values(arguments, "validValues", are_needed=True)
        conditions.append(ValueCondition(ValueRule.ENUM, values))
    pattern = arguments.get("pattern")
    if pattern is not None:
        if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN_LENGTH:
            raise NotRunnable(f"pattern must be text of at most {MAX_PATTERN_LENGTH} characters")
        conditions.append(ValueCondition(ValueRule.PATTERN, (pattern,)))
    if not conditions:
        raise NotRunnable("it has neither validValues nor a pattern")
    return (own,), tuple(conditions), ()


def _build_duplicates(arguments: Entry, column: str | None) -> Parts:
    if column is not None:
        return (column,), (), ()
    names = arguments.get("properties")
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        raise NotRunnable("it names no properties")
    if not all(isinstance(name, str) for name in names) or len(names) > MAX_LISTED_VALUES:
        raise NotRunnable(f"properties must be at most {MAX_LISTED_VALUES} names")
    return tuple(dict.fromkeys(str(name) for name in names)), (), ()


type BuildParts = Callable[[Entry, str | None], Parts]

METRICS: dict[str, tuple[CheckMeasure, BuildParts]] = {
    "rowCount": (CheckMeasure.ROWS, _build_row_count),
    "nullValues": (CheckMeasure.NULLS, _build_nulls),
    "missingValues": (CheckMeasure.NULLS, _build_missing),
    "invalidValues": (CheckMeasure.INVALID, _build_invalid),
    "duplicateValues": (CheckMeasure.DUPLICATES, _build_duplicates),
}
"""Metric of the library -> what it counts, and what reads its arguments."""


def _require_column(column: str | None) -> str:
    if column is None:
        raise NotRunnable("it is a check of a column, not of a whole dataset")
    return column


def _read_values(arguments: Entry, name: str, *, are_needed: bool) -> tuple[Scalar, ...]:
    """Return the values of an argument without nulls, which are missing in any case."""
    values = arguments.get(name)
    if values is None and not are_needed:
        return ()
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise NotRunnable(f"{name} must be a list")
    if len(values) > MAX_LISTED_VALUES:
        raise NotRunnable(f"{name} has {len(values)} values, more than {MAX_LISTED_VALUES}")
    if not all(each is None or isinstance(each, Scalar.__value__) for each in values):
        raise NotRunnable(f"{name} must have plain values")
    return tuple(each for each in values if each is not None)


def _read_thresholds(entry: Entry) -> tuple[Threshold, ...]:
    found = []
    for operator in BoundOperator:
        bounds = entry.get(operator)
        if bounds is None:
            continue
        is_range = operator in (BoundOperator.BETWEEN, BoundOperator.NOT_BETWEEN)
        listed = bounds if is_range and isinstance(bounds, list | tuple) else [bounds]
        if len(listed) != (2 if is_range else 1):
            raise NotRunnable(f"{operator} needs two numbers")
        found.append(Threshold(operator, tuple(_read_number(each, operator) for each in listed)))
    if not found:
        raise NotRunnable("it does not say what must be")
    return tuple(found)


def _read_number(value: object, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise NotRunnable(f"{name} must be a number")
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        raise NotRunnable(f"{name} must be a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise NotRunnable(f"{name} must be a number of at most 30 digits")
    return number


def _map_level(kind: str, entry: Entry, objects: Sequence[str], element: object) -> list[Check]:
    """Return the checks of a service level; none if it is for another object."""
    own_tables = {each.rpartition(".")[2] for each in objects}
    names = [each.strip() for each in element.split(",")] if isinstance(element, str) else [""]
    found = []
    for name in names:
        table, _, column = name.rpartition(".")
        if table and objects and table.rpartition(".")[2] not in own_tables:
            continue
        own = column or None
        shown = f"{kind} of {own}" if own else f"{kind} of the newest file"
        try:
            seconds = measure_duration(entry.get("value"), entry.get("unit"))
        except ValueError as error:
            columns = (own,) if own else ()
            found.append(skip_check(shown[:MAX_NAME_LENGTH], kind, columns, str(error)))
            continue
        found.append(check_age(kind, seconds, own))
    return found
