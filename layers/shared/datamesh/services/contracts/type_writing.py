"""Types of columns and their options, in the words that a version of the standard has for them.

What a version has no word for is left out: a document that says it would not be valid.
"""

from collections.abc import Mapping
from typing import Any

type Tree = dict[str, Any]

_SCALARS = ("string", "date", "timestamp", "time", "number", "integer", "boolean")
LOGICAL_TYPES = frozenset({*_SCALARS, "object", "array", "map", "vector"})
TYPES_SINCE = {"time": "v3.1.0", "timestamp": "v3.1.0", "map": "v3.2.0", "vector": "v3.2.0"}
"""Logical type -> the first version of the standard that has it; all others are in each."""
PARTS = {"object": ("properties", "columns"), "array": ("items", "items"), "map": ("map", "map")}
"""Logical type -> the key that says what is within it, and what a column calls that."""
NUMERIC_BOUNDS_SINCE = "v3.1.0"
"""The first version whose exclusive bounds are values; before they mark the other bounds."""

_OPTIONS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "format": "format",
    "min_items": "minItems",
    "max_items": "maxItems",
    "unique_items": "uniqueItems",
}
"""An option of a column -> the `logicalTypeOptions` that says it."""
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_ORDERED = _BOUNDS | {"format"}
_OPTIONS_OF = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "date": _ORDERED,
    "timestamp": _ORDERED | {"timezone", "defaultTimezone"},
    "time": _ORDERED | {"timezone", "defaultTimezone"},
    "integer": _ORDERED | {"multipleOf"},
    "number": _ORDERED | {"multipleOf"},
    "object": frozenset({"maxProperties", "minProperties", "required"}),
    "array": frozenset({"maxItems", "minItems", "uniqueItems"}),
    "vector": frozenset(
        [
            "dimensions",
            "elementType",
            "distanceMetric",
            "embeddingModel",
            "embeddingModelVersion",
            "normalized",
        ]
    ),
}
_FORMATS = {
    "integer": {f"{sign}{bits}" for sign in "iu" for bits in (8, 16, 32, 64, 128)},
    "number": {"f32", "f64"},
}
"""Logical type -> the formats that it may have; all others may have any."""


def write_type(written: Tree, column: Mapping[str, Any], version: str) -> None:
    """Write the type of a column into its property."""
    kind = str(column["type"])
    logical = find_logical_type(kind, version)
    if not _has_needed_parts(written, logical):
        logical = None
    _put(written, "logicalType", logical)
    physical = column.get("physical_type") or (None if logical == kind else kind)
    _put(written, "physicalType", physical)


def drop_parts(written: Tree, column: Mapping[str, Any]) -> None:
    """Drop what is within a property that its new type has not."""
    for logical, (key, name) in PARTS.items():
        if written.get("logicalType") != logical and not (
            can_have_part(written, logical) and column.get(name)
        ):
            written.pop(key, None)


def can_have_part(written: Tree, logical: str) -> bool:
    """Tell whether a property may have what is within a logical type: its own, or of none."""
    return written.get("logicalType") in (None, logical)


def write_options(
    written: Tree, options: Mapping[str, Any], before: Mapping[str, Any], version: str
) -> None:
    """Write the options that were changed, and none that the logical type has not."""
    target = dict(written.get("logicalTypeOptions") or {})
    after, former = _write_options(options, version), _write_options(before, version)
    for key in {**former, **after}:
        if after.get(key) != former.get(key):
            _put(target, key, after.get(key))
    logical = str(written.get("logicalType"))
    kept = {key: value for key, value in target.items() if _can_have(logical, key, value)}
    _put(written, "logicalTypeOptions", kept or None)


def find_logical_type(kind: str, version: str) -> str | None:
    """Return the logical type that a version of the standard has for a type of the registry."""
    # The types of all databases, which most requests do not need.
    from datamesh.models.type_names import Kind, find_kind

    word = kind.strip().casefold()
    if word not in LOGICAL_TYPES:
        word = {
            Kind.INTEGER: "integer",
            Kind.DECIMAL: "number",
            Kind.DOUBLE: "number",
            Kind.BOOLEAN: "boolean",
            Kind.DATE: "date",
            Kind.TIMESTAMP: "timestamp",
            Kind.TIME: "time",
            Kind.TEXT: "string",
        }.get(find_kind(kind), "")
    if version < TYPES_SINCE.get(word, version):
        return {"timestamp": "date", "time": "string"}.get(word)
    return word or None


def _has_needed_parts(written: Tree, logical: str | None) -> bool:
    """Tell whether a property says what its logical type asks for; columns say none of it."""
    if logical == "vector":
        return "dimensions" in (written.get("logicalTypeOptions") or {})
    return logical != "map" or "map" in written


def _write_options(options: Mapping[str, Any], version: str) -> Tree:
    """Return options as `logicalTypeOptions` has them in a version of the standard."""
    spelled = {key: options[name] for name, key in _OPTIONS.items() if name in options}
    if version >= NUMERIC_BOUNDS_SINCE:
        return spelled
    for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if exclusive in spelled:
            spelled |= {plain: spelled[exclusive], exclusive: True}
    return spelled


def _can_have(logical: str, key: str, value: Any) -> bool:
    """Tell whether a logical type has an option, and the option such a value."""
    if key not in _OPTIONS_OF.get(logical, ()):
        return False
    if key == "format":
        return value in _FORMATS.get(logical, (value,))
    if key not in _BOUNDS or isinstance(value, bool):
        return True
    return isinstance(value, str) == (logical not in _FORMATS)


def _put(target: Tree, key: str, value: Any) -> None:
    """Set a key, or remove it if nothing is said any more."""
    if value is None or value is False:
        target.pop(key, None)
    else:
        target[key] = value
