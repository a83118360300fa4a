"""SQL of the conditions that checks count rows by. Every value is bound."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from datamesh.models.checks import Check, Scalar, ValueCondition, ValueRule, write_scalar
from datamesh.models.types import Kind, Value, find_kind, parse_value
from datamesh.tables.check_formats import (
    build_date_pattern,
    find_integer_bounds,
    match_text_format,
)
from datamesh.tables.common_types import EPOCH_NANOSECONDS
from datamesh.tables.conditions import Parameters, TypedColumn, build_conditions
from datamesh.tables.exact_casts import NANOSECOND_TYPES
from datamesh.tables.query import Comparison, Filter
from datamesh.tables.session import Session
from datamesh.tables.table import Column

BOUNDS = {
    ValueRule.MINIMUM: Comparison.GE,
    ValueRule.MAXIMUM: Comparison.LE,
    ValueRule.EXCLUSIVE_MINIMUM: Comparison.GT,
    ValueRule.EXCLUSIVE_MAXIMUM: Comparison.LT,
}
LENGTHS = {
    ValueRule.MIN_LENGTH: ">=",
    ValueRule.MAX_LENGTH: "<=",
    ValueRule.MIN_ITEMS: ">=",
    ValueRule.MAX_ITEMS: "<=",
}
NUMBERS = (Kind.INTEGER, Kind.DECIMAL)
ORDERED = (*NUMBERS, Kind.DOUBLE, Kind.DATE, Kind.TIMESTAMP, Kind.TIME)
CODE_UNIT = re.compile(r"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})")
"""A character as patterns of JavaScript name it; RE2 has `\\x{00e9}`."""


class NotCheckable(Exception):
    """A check does not fit its column; the text says why."""


@dataclass(frozen=True)
class CheckedColumn:
    """A column of files, as expressions of a row of them."""

    column: Column
    value: str
    """The value in its type; null if the cell is not of it."""
    cell: str
    """The expression that is null where the file has no value."""
    type: str
    """The type of the value as DuckDB names it."""
    name: str
    """The name of the value behind the expression."""
    present: str
    """The name of the cell behind the expression."""
    is_text: bool = False
    """The cell is text that the value is read from."""

    @property
    def kind(self) -> Kind:
        """The kind of the registered type, or else of the type that the files have."""
        kind = self.column.kind
        return find_kind(self.type) if kind is Kind.OTHER and self.type != "JSON" else kind

    @property
    def text(self) -> str:
        """The expression of the text of a value."""
        return TypedColumn(self.name, self.type).write_text()

    def build_key(self) -> str:
        """Return the expression of what is the same for equal values, and null without one."""
        if find_kind(self.type) is Kind.DOUBLE and not self.is_text:
            return f"({self.name} + 0.0)"  # -0.0 is 0.0
        if self.is_text and self.type != "VARCHAR":
            value = f"{self.name} + 0.0" if self.type == "DOUBLE" else self.name
            return f"md5_number(coalesce(CAST({value} AS VARCHAR), 'text ' || {self.present}))"
        if find_kind(self.type) in (Kind.TEXT, Kind.OTHER):
            return f"md5_number({self.text})"
        return self.name


def match_missing(column: CheckedColumn, check: Check, prefix: str, parameters: Parameters) -> str:
    """Return the condition of the rows without a value, or with one that stands for none."""
    absent = f"{column.present} IS NULL"
    if not check.missing:
        return absent
    listed = _match_listed(column, check.missing, prefix, parameters)
    return f"({absent} OR coalesce({listed}, false))"


def match_invalid(
    session: Session, column: CheckedColumn, check: Check, prefix: str, parameters: Parameters
) -> str:
    """Return the condition of the rows with a value that does not meet all conditions of a check.

    Raises NotCheckable if a condition does not fit the column.
    """
    met = [
        BUILDERS[each.rule](_Asked(session, column, each, f"{prefix}_{number}_", parameters))
        for number, each in enumerate(check.conditions)
    ]
    return f"({column.present} IS NOT NULL AND NOT coalesce({' AND '.join(met)}, false))"


def measure_newest(column: CheckedColumn) -> str:
    """Return the aggregate of the newest moment, in microseconds since 1970.

    One without a zone is in UTC, and a date is its midnight. Raises NotCheckable.
    """
    is_counted = column.type == EPOCH_NANOSECONDS and column.kind is Kind.TIMESTAMP
    if not {find_kind(column.type), column.kind} & {Kind.DATE, Kind.TIMESTAMP}:
        raise NotCheckable("the column has no dates or timestamps")
    if is_counted:
        return f"max({column.name} // 1000)"
    if column.type in NANOSECOND_TYPES:
        return f"max(TRY(epoch_ns({column.name})) // 1000)"
    moment = f"TRY_CAST({column.name} AS TIMESTAMP WITH TIME ZONE)"
    return f"max(CASE WHEN isfinite({moment}) THEN epoch_us({moment}) END)"


@dataclass(frozen=True)
class _Asked:
    """A condition that values of a column are to meet."""

    session: Session
    column: CheckedColumn
    condition: ValueCondition
    prefix: str
    """The text that the names of its parameters begin with."""
    parameters: Parameters

    @property
    def rule(self) -> ValueRule:
        return self.condition.rule

    @property
    def value(self) -> Scalar:
        """The value that the rule compares with, or the first of them."""
        return self.condition.values[0]

    def compare(self, comparison: Comparison, value: Value, name: str = "") -> str:
        """Return the comparison with a value, which `name` tells from others of the condition."""
        prefix = f"{self.prefix}{name}"
        return _compare(self.column, comparison, (value,), prefix, self.parameters)

    def require_text(self) -> str:
        """Return the expression of the value's text. Raises NotCheckable if it has none."""
        type_ = self.column.type
        if type_.endswith(("]", ")")) and find_kind(type_) is not Kind.DECIMAL:
            raise NotCheckable(f"{self.rule} is for text")
        return self.column.text

    def read_count(self) -> int:
        """Return the value, a count. Raises NotCheckable if it is none."""
        value = self.value
        try:
            count = int(value) if isinstance(value, int | float | Decimal) else -1
        except (ValueError, OverflowError):
            count = -1
        if count < 0 or count != value or count >= 2**63:
            raise NotCheckable(f"{self.rule} is not an integer of 0 or more")
        return count


def _match_listed(
    column: CheckedColumn, values: tuple[Scalar, ...], prefix: str, parameters: Parameters
) -> str:
    """Return the condition that a value is one of these; those of another type never are."""
    kind = column.kind
    if kind in (Kind.TEXT, Kind.OTHER):
        if kind is Kind.OTHER and column.type not in ("VARCHAR", "JSON"):
            raise NotCheckable("the type of the column has no values to compare")
        parameters[f"{prefix}list"] = [write_scalar(each) for each in values]
        return f"list_contains(CAST(${prefix}list AS VARCHAR[]), {column.text})"
    found = [value for each in values if (value := _find_value(kind, each)) is not None]
    if not found:
        return "false"
    return _compare(column, Comparison.IN, tuple(found), prefix, parameters)


def _build_enumeration(asked: _Asked) -> str:
    return _match_listed(asked.column, asked.condition.values, asked.prefix, asked.parameters)


def _build_bound(asked: _Asked) -> str:
    if asked.column.kind not in ORDERED:
        raise NotCheckable(f"{asked.rule} is for numbers, dates and times")
    value = _find_value(asked.column.kind, asked.value)
    if value is None:
        raise NotCheckable(f"{asked.rule} is not of the column's type")
    return asked.compare(BOUNDS[asked.rule], value)


def _build_pattern(asked: _Asked) -> str:
    pattern = CODE_UNIT.sub(r"\1\\x{\2}", str(asked.value))
    if not asked.session.can_match(pattern):
        raise NotCheckable("the pattern is none of RE2: it has no look-around or back-references")
    asked.parameters[f"{asked.prefix}pattern"] = pattern
    return f"regexp_matches({asked.require_text()}, ${asked.prefix}pattern)"


def _build_length(asked: _Asked) -> str:
    return f"length({asked.require_text()}) {LENGTHS[asked.rule]} {asked.read_count()}"


def _build_items(asked: _Asked) -> str:
    if not asked.column.type.endswith("[]"):
        raise NotCheckable(f"{asked.rule} is for lists of Parquet files")
    if asked.rule is ValueRule.UNIQUE_ITEMS:
        nulls = f"len(list_filter({asked.column.name}, lambda item: item IS NULL))"
        distinct = f"len(list_distinct({asked.column.name})) + least({nulls}, 1)"
        return f"(len({asked.column.name}) = {distinct})"
    return f"len({asked.column.name}) {LENGTHS[asked.rule]} {asked.read_count()}"


def _build_multiple(asked: _Asked) -> str:
    divisor = _find_value(Kind.DECIMAL, asked.value)
    if find_kind(asked.column.type) is not Kind.INTEGER or not isinstance(divisor, Decimal):
        raise NotCheckable("multipleOf is checked of integers")
    if divisor <= 0 or divisor != divisor.to_integral_value() or divisor >= 2**63:
        raise NotCheckable("multipleOf is checked with integers above 0")
    return f"{asked.column.name} % {int(divisor)} = 0"


def _build_format(asked: _Asked) -> str:
    name, kind = str(asked.value), asked.column.kind
    if kind is Kind.INTEGER:
        return _build_integer_format(asked, name)
    if kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIME):
        return _build_date_format(asked, name)
    if kind is not Kind.TEXT:
        raise NotCheckable("formats are those of text, integers, dates and times")
    found = match_text_format(name, asked.column.text, f"{asked.prefix}format", asked.parameters)
    if found is None:
        raise NotCheckable(f"the format '{name[:50]}' says nothing that a text can be checked by")
    return found


def _build_integer_format(asked: _Asked, name: str) -> str:
    bounds = find_integer_bounds(name)
    if bounds is None:
        raise NotCheckable(f"the format '{name[:50]}' of integers is unknown")
    least, most = map(Decimal, bounds)
    low = asked.compare(Comparison.GE, least, "low_")
    return f"{low} AND {asked.compare(Comparison.LE, most, 'high_')}"


def _build_date_format(asked: _Asked, name: str) -> str:
    if not asked.column.is_text:
        raise NotCheckable("dates and times of these files are no text that has a format")
    pattern = build_date_pattern(name)
    if pattern is None:
        raise NotCheckable(f"the format '{name[:50]}' of dates is unknown")
    asked.parameters[f"{asked.prefix}format"] = pattern
    written = f"regexp_full_match({asked.column.present}, ${asked.prefix}format)"
    return f"{written} AND {asked.column.name} IS NOT NULL"


BUILDERS: dict[ValueRule, Callable[[_Asked], str]] = {
    ValueRule.ENUM: _build_enumeration,
    ValueRule.PATTERN: _build_pattern,
    ValueRule.MULTIPLE_OF: _build_multiple,
    ValueRule.FORMAT: _build_format,
    **dict.fromkeys(BOUNDS, _build_bound),
    **dict.fromkeys((ValueRule.MIN_LENGTH, ValueRule.MAX_LENGTH), _build_length),
    **dict.fromkeys(
        (ValueRule.MIN_ITEMS, ValueRule.MAX_ITEMS, ValueRule.UNIQUE_ITEMS), _build_items
    ),
}
"""Rule -> what builds the condition that a value meets it."""


def _compare(
    column: CheckedColumn,
    comparison: Comparison,
    values: tuple[Value, ...],
    prefix: str,
    parameters: Parameters,
) -> str:
    """Return the comparison as filters of rows make it: exactly, whatever the type holds."""
    own: Parameters = {}
    [condition] = build_conditions(
        [Filter("value", comparison, values)],
        {"value": column.kind},
        {"value": TypedColumn(column.name, column.type)},
        own,
    )
    for name in sorted(own, key=len, reverse=True):
        condition = re.sub(rf"\${name}\b", f"${prefix}{name}", condition)
    parameters.update({f"{prefix}{name}": value for name, value in own.items()})
    return f"({condition})"


def _find_value(kind: Kind, value: Scalar) -> Value | None:
    """Return the value in a kind; None if it is not of it."""
    if isinstance(value, bool) is not (kind is Kind.BOOLEAN) and not isinstance(value, str):
        return None
    try:
        text = write_scalar(value)
        return parse_value(Kind.DECIMAL if kind in NUMBERS else kind, text)
    except (ValueError, ArithmeticError):
        return None
