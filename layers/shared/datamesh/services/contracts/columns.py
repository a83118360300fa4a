"""Properties of a contract's object, as columns of a product.

A column has what the registry itself uses; all else stays in the document.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from datamesh.models.column_requests import MAX_COLUMN_DEPTH, MAX_COLUMNS
from datamesh.models.re2_patterns import check_pattern

type Column = dict[str, JsonValue]

MAX_NESTING = MAX_COLUMN_DEPTH - 1
"""How deep columns of columns are taken."""
MAX_DESCRIPTION = 4000
MAX_TEXT = 100
MAX_TYPE = 200
MAX_ENUM = 1000
MAX_BOUND = 100

_OPTIONS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "format": "format",
    "minItems": "min_items",
    "maxItems": "max_items",
    "uniqueItems": "unique_items",
}
"""A `logicalTypeOptions` -> the option of a column."""
_PAIRS = (
    ("min_length", "max_length"),
    ("minimum", "maximum"),
    ("exclusive_minimum", "exclusive_maximum"),
    ("min_items", "max_items"),
)
_MARKED = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
"""A bound, and what marks it as exclusive in versions 3.0 of the standard."""
LARGEST_INTEGER = 2**63 - 1
_EXACT = re.compile(r"(decimal|numeric|number)\s*\(\s*\d+\s*(,\s*\d+\s*)?\)", re.IGNORECASE)
"""Physical types that say more than the logical type `number`."""
UNTYPED = "string"
"""The type of a property of which the contract tells none."""


def map_properties(properties: Sequence[Mapping[str, Any]], depth: int = 0) -> dict[str, Column]:
    """Return name -> column of properties, in their order; of repeated names the first."""
    columns: dict[str, Column] = {}
    positions: list[JsonValue] = []
    keys = sum(1 for each in properties if each.get("primaryKey"))
    for each, (name, is_column) in zip(
        properties, find_column_names(properties, depth), strict=True
    ):
        if is_column:
            columns[name] = map_property(each, keys, depth)
            position = columns[name].get("primary_key")
            if position is not None and position in positions:
                del columns[name]["primary_key"]
            positions.append(position)
    return columns


def find_column_names(
    properties: Sequence[Mapping[str, Any]], depth: int = 0
) -> list[tuple[str, bool]]:
    """Return the name of the column that each property is or repeats, and whether it is one.

    One without a name is none.
    """
    known = {"": ""}
    found: list[tuple[str, bool]] = []
    for each in properties:
        name = str(each["name"]).strip()[:MAX_TYPE]
        key = name.casefold() if depth else name  # in an object no two may differ by case alone
        found.append((known.get(key, name), key not in known))
        known.setdefault(key, name)
    return found


def to_request(columns: Mapping[str, Column]) -> dict[str, JsonValue]:
    """Return columns as the `schema` of a request: one of which only the type is known as that."""
    return {
        name: column["type"] if column.keys() == {"type"} else column
        for name, column in columns.items()
    }


def map_property(found: Mapping[str, Any], keys: int = 0, depth: int = 0) -> Column:
    """Return the column of a property; `keys` are how many of its siblings are in the key."""
    column: Column = {"type": choose_type(found)}
    if text := _read_text(found, "description", MAX_DESCRIPTION):
        column["description"] = text
    for key, name in (("physicalType", "physical_type"), ("physicalName", "physical_name")):
        if text := _read_text(found, key, MAX_TYPE):
            column[name] = text
    for key in ("required", "unique", "deprecated"):
        if found.get(key) is True:
            column[key] = True
    if found.get("primaryKey") is True:
        position = found.get("primaryKeyPosition", -1)
        if 1 <= position <= MAX_COLUMNS:
            column["primary_key"] = int(position)
        elif keys == 1:
            column["primary_key"] = 1  # of several, nobody has said which is the first
    if text := _read_text(found, "classification", MAX_TEXT):
        column["classification"] = text
    if tags := normalise_tags(found.get("tags")):
        column["tags"] = [*tags]
    if values := _read_enum(found.get("enum")):
        column["enum"] = values
    if options := map_options(found.get("logicalTypeOptions")):
        column["options"] = options
    if depth < MAX_NESTING:
        _add_nested(column, found, depth)
    return column


def choose_type(found: Mapping[str, Any]) -> str:
    """Return the type of a property: the logical one, unless the physical one is more exact."""
    logical, physical = found.get("logicalType"), _read_text(found, "physicalType", MAX_TYPE)
    if logical == "number" and physical and _EXACT.fullmatch(physical):
        return physical
    return str(logical or physical or UNTYPED)


def normalise_tags(tags: Any, limit: int = 10) -> list[str]:
    """Return the tags as products have them, the first ones."""
    texts = [str(tag).strip().lower() for tag in tags or ()]
    return list(dict.fromkeys(text for text in texts if text))[:limit]


def map_options(options: Any) -> dict[str, JsonValue]:
    """Return the options that a column has of those that a property has."""
    if not isinstance(options, Mapping):
        return {}
    said = dict(options)
    for bound, mark in _MARKED:
        if said.get(mark) is True:
            said[mark] = said.pop(bound, None)
    mapped = {
        name: said[key]
        for key, name in _OPTIONS.items()
        # Not `in (None, False)`, which a bound of 0 is in.
        if not (said.get(key) is None or said[key] is False) and _is_fitting(said[key], name)
    }
    for least, most in _PAIRS:
        low, high = mapped.get(least), mapped.get(most)
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            del mapped[least], mapped[most]
    return mapped


def _is_fitting(value: Any, name: str) -> bool:
    """Tell whether a column may have the value of an option."""
    if name == "pattern":
        return _is_linear_pattern(value)
    if isinstance(value, str):
        return 0 < len(value.strip()) <= MAX_BOUND and value == value.strip()
    return not isinstance(value, int) or abs(value) <= LARGEST_INTEGER


def _is_linear_pattern(pattern: str) -> bool:
    """Tell whether a pattern can be run on data in linear time."""
    try:
        check_pattern(pattern)
    except ValueError:
        return False
    return bool(pattern)


def _add_nested(column: Column, found: Mapping[str, Any], depth: int) -> None:
    if properties := found.get("properties"):
        nested = map_properties(properties, depth + 1)
        column["columns"] = [{"name": name, **each} for name, each in nested.items()]
    if isinstance(items := found.get("items"), Mapping) and items:
        column["items"] = map_property(items, 0, depth + 1)


def complete_columns(
    columns: Mapping[str, Column], tagged: Mapping[str, object]
) -> dict[str, JsonValue]:
    """Return columns as a request that says all of them: what was said before does not stay.

    `tagged` are the columns that have tags, which stay where none are sent.
    """
    return {
        name: {**column, "tags": column.get("tags", [])} if name in tagged else dict(column)
        for name, column in columns.items()
    }


def _read_text(found: Mapping[str, Any], key: str, limit: int) -> str:
    value = found.get(key)
    return value.strip()[:limit].strip() if isinstance(value, str) else ""


def _read_enum(values: Any) -> list[JsonValue]:
    """Return the plain values of an enumeration; none if it has more than a column may."""
    found = [
        each["value"]
        for each in values or ()
        if isinstance(each, Mapping) and isinstance(each.get("value"), str | int | float)
    ]
    fits = len(found) <= MAX_ENUM and all(
        len(value) <= MAX_ENUM if isinstance(value, str) else abs(value) <= LARGEST_INTEGER
        for value in found
    )
    return found if fits else []
