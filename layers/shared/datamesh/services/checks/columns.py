"""Checks that the columns of a product ask for."""

from collections.abc import Sequence
from typing import Protocol

from datamesh.models.checks import (
    MAX_NAME_LENGTH,
    Check,
    CheckMeasure,
    Scalar,
    ValueCondition,
    ValueRule,
    skip_check,
)

NESTED = "columns within columns are not checked"


class ColumnRules(Protocol):
    """The part of a described column that asks for checks."""

    @property
    def name(self) -> str:
        """The name; empty for items of an array."""

    @property
    def required(self) -> bool:
        """True if no value may be null."""

    @property
    def unique(self) -> bool:
        """True if values differ."""

    @property
    def primary_key(self) -> int | None:
        """The position in the primary key."""

    @property
    def enum(self) -> Sequence[Scalar]:
        """The values that there are."""

    @property
    def options(self) -> object:
        """The constraints on values, by their names with underscores."""

    @property
    def columns(self) -> Sequence["ColumnRules"]:
        """The fields of an object."""

    @property
    def items(self) -> "ColumnRules | None":
        """The elements of an array."""


PHRASES = {
    ValueRule.ENUM: "is one of its values",
    ValueRule.PATTERN: "matches its pattern",
    ValueRule.MIN_LENGTH: "is not too short",
    ValueRule.MAX_LENGTH: "is not too long",
    ValueRule.MINIMUM: "is not too small",
    ValueRule.MAXIMUM: "is not too great",
    ValueRule.EXCLUSIVE_MINIMUM: "is above its bound",
    ValueRule.EXCLUSIVE_MAXIMUM: "is below its bound",
    ValueRule.MULTIPLE_OF: "is a multiple",
    ValueRule.MIN_ITEMS: "has enough items",
    ValueRule.MAX_ITEMS: "has not too many items",
    ValueRule.UNIQUE_ITEMS: "has items that differ",
}
OPTIONS = {
    "pattern": ValueRule.PATTERN,
    "min_length": ValueRule.MIN_LENGTH,
    "max_length": ValueRule.MAX_LENGTH,
    "minimum": ValueRule.MINIMUM,
    "maximum": ValueRule.MAXIMUM,
    "exclusive_minimum": ValueRule.EXCLUSIVE_MINIMUM,
    "exclusive_maximum": ValueRule.EXCLUSIVE_MAXIMUM,
    "multiple_of": ValueRule.MULTIPLE_OF,
    "min_items": ValueRule.MIN_ITEMS,
    "max_items": ValueRule.MAX_ITEMS,
    "unique_items": ValueRule.UNIQUE_ITEMS,
}
"""Option of a column -> the rule of its values."""


def map_columns(columns: Sequence[ColumnRules]) -> list[Check]:
    """Return the checks of columns in their order, and behind them that of the primary key."""
    found = [check for column in columns for check in _map_column(column)]
    key = [column for column in columns if column.primary_key is not None]
    if key:
        key.sort(key=lambda column: column.primary_key or 0)
        names = tuple(column.name for column in key)
        name = f"primary key ({', '.join(names)})"[:MAX_NAME_LENGTH]
        found.append(Check(name, "primaryKey", CheckMeasure.KEY, names))
    return found


def _map_column(column: ColumnRules) -> list[Check]:
    own, found = (column.name,), []
    if column.required:
        name = _build_name(column.name, "is required")
        found.append(Check(name, "required", CheckMeasure.NULLS, own))
    if column.unique:
        name = _build_name(column.name, "is unique")
        found.append(Check(name, "unique", CheckMeasure.DUPLICATES, own))
    conditions = [ValueCondition(ValueRule.ENUM, tuple(column.enum))] if column.enum else []
    for option, rule in OPTIONS.items():
        value = getattr(column.options, option, None)
        if value is not None and value is not False:
            conditions.append(ValueCondition(rule, (value,)))
    for each in conditions:
        name = _build_name(column.name, PHRASES[each.rule])
        found.append(Check(name, each.rule, CheckMeasure.INVALID, own, (each,)))
    if getattr(column.options, "format", None):
        name = _build_name(column.name, "has its format")
        found.append(skip_check(name, "format", own, "formats are not checked"))
    nested = [*column.columns, *([column.items] if column.items else [])]
    if any(_has_rules(each) for each in nested):
        name = _build_name(column.name, "is valid within")
        found.append(skip_check(name, "nested", own, NESTED))
    return found


def _has_rules(column: ColumnRules) -> bool:
    """Return whether a column, or one within it, asks for a check."""
    pending = [column]
    while pending:
        each = pending.pop()
        if each.required or each.unique or each.enum or each.options:
            return True
        pending += [*each.columns, *([each.items] if each.items else [])]
    return False


def _build_name(column: str, phrase: str) -> str:
    return f"{column[: MAX_NAME_LENGTH - 50]} {phrase}"
