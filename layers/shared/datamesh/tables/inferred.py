"""The columns that files turn out to have, and the narrowest type that holds those of several."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from datamesh.models.types import DECIMAL_DIGITS

DECIMAL_TYPE = re.compile(r"decimal\(([0-9]+),([0-9]+)\)")
SIGNED = ("tinyint", "smallint", "integer", "bigint", "hugeint")
UNSIGNED = ("utinyint", "usmallint", "uinteger", "ubigint")
DIGITS: Mapping[str, int] = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "utinyint": 3,
    "usmallint": 5,
    "uinteger": 10,
    "ubigint": 20,
}
"""Type of integers -> how many digits the longest has."""
FLOATS = ("float", "double")
EXACT_AS_DOUBLE = ("tinyint", "smallint", "integer", "utinyint", "usmallint", "uinteger")
"""The types of integers that a double holds exactly."""
NULL = "null"
"""The type of a column in which a file has nothing but nulls."""
AS_TEXT = ("string", "uuid", "json")
"""Types whose values are text that a string column shows as it is."""


@dataclass(frozen=True)
class FileColumn:
    """A column of a file, or of several."""

    name: str
    type: str
    """The type as a schema names it, such as `decimal(9,2)`."""
    nullable: bool
    durations_within: tuple[str, ...] = ()
    """The durations in a nested column, which no type of ours tells, by their names in it."""


def widen_types(types: Iterable[str]) -> str | None:
    """Return the narrowest type that holds all values of all types exactly; None if there is none.

    `widen_types(["integer", "decimal(9,2)"])` is `decimal(12,2)`; of `bigint` and `double`, or of
    `date` and `timestamp`, there is none.
    """
    found: str | None = NULL
    for each in types:
        found = found and _widen_pair(found, each)
    return found


def _widen_pair(one: str, other: str) -> str | None:
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    pair = {one, other}
    if pair <= {*SIGNED, *UNSIGNED}:
        return _widen_integers(one, other)
    if pair <= {*FLOATS, *EXACT_AS_DOUBLE}:
        return "double"
    if pair <= set(AS_TEXT):
        return "string"
    for plain in ("timestamp", "timestamptz", "time", "timetz"):
        if pair == {plain, f"{plain}_ns"}:
            return f"{plain}_ns"
    return _widen_decimals(one, other)


def _widen_integers(one: str, other: str) -> str:
    if one in UNSIGNED and other in UNSIGNED:
        return max(one, other, key=UNSIGNED.index)
    return SIGNED[max(_rank_signed(one), _rank_signed(other))]


def _rank_signed(name: str) -> int:
    """Return the index in SIGNED of the shortest type that holds the integers of this one."""
    return SIGNED.index(name) if name in SIGNED else UNSIGNED.index(name) + 1


def _widen_decimals(one: str, other: str) -> str | None:
    before = behind = 0
    for name in (one, other):
        match = DECIMAL_TYPE.fullmatch(name)
        precision = int(match[1]) if match else DIGITS.get(name)
        if precision is None:
            return None
        scale = int(match[2]) if match else 0
        before, behind = max(before, precision - scale), max(behind, scale)
    digits = before + behind
    return f"decimal({digits},{behind})" if digits <= DECIMAL_DIGITS else None
