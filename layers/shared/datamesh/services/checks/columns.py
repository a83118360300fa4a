"""Checks that the columns of a product ask for."""

from collections.abc import Sequence
from typing import Protocol

from datamesh.models.checks import (
    MAX_NAME_LENGTH,
    Check,
    CheckMeasure,
    Scalar,
    Step,
    ValueCondition,
    ValueRule,
    skip_check,
    write_path,
)

NESTED_KEY = "keys within columns are not checked"


class ColumnRules(Protocol):
    """The part of a described column that asks for checks."""

    @property
    def name(self) -> str:
        """The name; empty for items of an array."""

    @property
    def type(self) -> str:
        """The type, as a schema has it."""

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
    ValueRule.FORMAT: "has its format",
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
    "format": ValueRule.FORMAT,
}
"""Option of a column -> the rule of its values."""


def map_columns(columns: Sequence[ColumnRules]) -> list[Check]:
    """Return the checks of columns in their order, and behind them that of the primary key.

    The checks of what is within a column follow those of the column.
    """
    found: list[Check] = []
    for column in columns:
        for path, each in _walk_column(column):
            found += _map_column(column.name, path, each)
    key = [column for column in columns if column.primary_key is not None]
    if key:
        key.sort(key=lambda column: column.primary_key or 0)
        names = tuple(column.name for column in key)
        name = f"primary key ({', '.join(names)})"[:MAX_NAME_LENGTH]
        found.append(Check(name, "primaryKey", CheckMeasure.KEY, names))
    return found


def _walk_column(column: ColumnRules) -> list[tuple[tuple[Step, ...], ColumnRules]]:
    """Return a column and all that is within it, each with its path, in their order."""
    found: list[tuple[tuple[Step, ...], ColumnRules]] = []
    pending: list[tuple[tuple[Step, ...], ColumnRules]] = [((), column)]
    while pending:
        path, each = pending.pop()
        found.append((path, each))
        if each.items:
            pending.append(((*path, None), each.items))
        pending += [((*path, nested.name), nested) for nested in reversed(each.columns)]
    return found


def _map_column(name: str, path: tuple[Step, ...], column: ColumnRules) -> list[Check]:
    """Return the checks of a column, or of what a path leads to within the column of the name."""
    own, shown, found = (name,), write_path(name, path), list[Check]()
    if column.required:
        title = _build_name(shown, "is required")
        found.append(Check(title, "required", CheckMeasure.NULLS, own, path=path, type=column.type))
    if column.unique:
        title = _build_name(shown, "is unique")
        found.append(
            Check(title, "unique", CheckMeasure.DUPLICATES, own, path=path, type=column.type)
        )
    if path and column.primary_key is not None:
        title = _build_name(shown, "is a primary key")
        found.append(skip_check(title, "primaryKey", own, NESTED_KEY, path=path))
    conditions = [ValueCondition(ValueRule.ENUM, tuple(column.enum))] if column.enum else []
    for option, rule in OPTIONS.items():
        value = getattr(column.options, option, None)
        if value is not None and value is not False:
            conditions.append(ValueCondition(rule, (value,)))
    for each in conditions:
        title = _build_name(shown, PHRASES[each.rule])
        found.append(
            Check(
                title,
                each.rule,
                CheckMeasure.INVALID,
                own,
                (each,),
                path=path,
                type=column.type,
            )
        )
    return found


def _build_name(column: str, phrase: str) -> str:
    return f"{column[: MAX_NAME_LENGTH - 50]} {phrase}"
