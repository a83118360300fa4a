"""Checks of data: what a product or its contract asks for, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

type Scalar = str | int | float | Decimal | bool | date | datetime
"""A value that a contract compares data with."""

MAX_CHECKS = 1000
"""How many checks of a dataset are run at once; further ones are skipped."""
MAX_LISTED_VALUES = 1000
"""How many values a check compares a column with."""
MAX_PATTERN_LENGTH = 1000
MAX_NAME_LENGTH = 300


class CheckMeasure(StrEnum):
    """The number that a check looks at."""

    NULLS = "nulls"
    """The rows without a value, or with one of those that stand for none."""
    INVALID = "invalid"
    """The rows with a value that does not meet all conditions."""
    DUPLICATES = "duplicates"
    """The values that more than one row has; rows with a null among them do not count."""
    KEY = "key"
    """The same, and the rows with a null too."""
    ROWS = "rows"
    """The number of all rows."""
    AGE = "age"
    """The seconds since the newest value, or the newest file."""


class ValueRule(StrEnum):
    """The conditions that a value can have to meet, by their names in contracts."""

    ENUM = "enum"
    PATTERN = "pattern"
    MIN_LENGTH = "minLength"
    MAX_LENGTH = "maxLength"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    EXCLUSIVE_MINIMUM = "exclusiveMinimum"
    EXCLUSIVE_MAXIMUM = "exclusiveMaximum"
    MULTIPLE_OF = "multipleOf"
    MIN_ITEMS = "minItems"
    MAX_ITEMS = "maxItems"
    UNIQUE_ITEMS = "uniqueItems"
    FORMAT = "format"


type Step = str | None
"""A step into nested values: the name of a field, or None for each item of a list."""


def write_path(column: str, path: Sequence[Step]) -> str:
    """Return the name of what is within a column: `lines[].sku`."""
    return column + "".join("[]" if step is None else f".{step}" for step in path)


@dataclass(frozen=True)
class ValueCondition:
    """A condition that each value of a column has to meet."""

    rule: ValueRule
    values: tuple[Scalar, ...]
    """The values of an enumeration, else one."""


class BoundOperator(StrEnum):
    """The comparisons of a measure with its bounds, by their names in contracts."""

    BE = "mustBe"
    NOT_BE = "mustNotBe"
    GREATER_THAN = "mustBeGreaterThan"
    GREATER_OR_EQUAL = "mustBeGreaterOrEqualTo"
    LESS_THAN = "mustBeLessThan"
    LESS_OR_EQUAL = "mustBeLessOrEqualTo"
    BETWEEN = "mustBeBetween"
    NOT_BETWEEN = "mustNotBeBetween"


@dataclass(frozen=True)
class Threshold:
    """The bounds of the measure of a check. Both ends of a range belong to it."""

    operator: BoundOperator
    bounds: tuple[Decimal, ...]
    """Two for a range, else one."""

    def is_met_by(self, measured: Fraction) -> bool:
        """Return whether a measure is as it has to be."""
        first, last = Fraction(self.bounds[0]), Fraction(self.bounds[-1])
        match self.operator:
            case BoundOperator.BE:
                return measured == first
            case BoundOperator.NOT_BE:
                return measured != first
            case BoundOperator.GREATER_THAN:
                return measured > first
            case BoundOperator.GREATER_OR_EQUAL:
                return measured >= first
            case BoundOperator.LESS_THAN:
                return measured < first
            case BoundOperator.LESS_OR_EQUAL:
                return measured <= first
            case BoundOperator.BETWEEN:
                return first <= measured <= last
            case _:
                return not first <= measured <= last

    def describe(self) -> str:
        """Return the threshold in words: `mustBeBetween 1 and 5`."""
        return f"{self.operator} {' and '.join(f'{bound:f}' for bound in self.bounds)}"


NONE_AT_ALL = (Threshold(BoundOperator.BE, (Decimal(0),)),)
"""The bounds of checks that have none of their own."""


@dataclass(frozen=True)
class Check:
    """One check of a dataset."""

    name: str
    kind: str
    """The name that the contract has for it, such as `required` or `nullValues`."""
    measure: CheckMeasure
    columns: tuple[str, ...] = ()
    """The columns as the schema names them."""
    conditions: tuple[ValueCondition, ...] = ()
    missing: tuple[Scalar, ...] = ()
    """Values that stand for none."""
    thresholds: tuple[Threshold, ...] = NONE_AT_ALL
    """The conditions, all of which have to be met."""
    is_percent: bool = False
    """The thresholds are for the share of all rows, from 0 to 100."""
    severity: str | None = None
    """The meaning of a failure to whoever has written the check; None for an error."""
    problem: str | None = None
    """Why it cannot be run; None if it can be."""
    path: tuple[Step, ...] = ()
    """The way from its one column to the values within that are looked at."""
    type: str = ""
    """The type of the values at the end of the path, as the schema has it."""

    @property
    def column(self) -> str | None:
        """The column, if it is one, or what is within it: `lines[].sku`."""
        return write_path(self.columns[0], self.path) if len(self.columns) == 1 else None

    @property
    def is_fatal(self) -> bool:
        """Tell whether data that fails the check has failed as a whole."""
        return self.severity not in ("warning", "info")

    def describe_expected(self) -> str:
        """Return what is expected, in words."""
        unit = {CheckMeasure.AGE: " seconds"}.get(
            self.measure, " percent" if self.is_percent else ""
        )
        return ", ".join(each.describe() for each in self.thresholds) + unit


def skip_check(
    name: str,
    kind: str,
    columns: Sequence[str],
    problem: str,
    severity: str | None = None,
    path: tuple[Step, ...] = (),
) -> Check:
    """Return a check that cannot be run, and says why."""
    return Check(
        name,
        kind,
        CheckMeasure.ROWS,
        tuple(columns),
        severity=severity,
        problem=problem,
        path=path,
    )


def write_scalar(value: Scalar) -> str:
    """Return the text of a value as files and filters write it: `true`, `1.50`, `2026-01-31`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
