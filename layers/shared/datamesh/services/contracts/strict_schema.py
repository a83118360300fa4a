"""The standard's schemas, made strict: what they list no name for is refused at any depth.

The published files forbid other names here and there alone, so that `requird: true` is taken in
silence. Values of `customProperties`, and other objects of which nothing is listed, stay free.
"""

from collections.abc import Iterator, Sequence
from typing import Any

type Schema = dict[str, Any]

STRICTER = "stricter than published"
"""Marks the schemas that were closed here."""

_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
"""Keywords whose values are names -> schemas."""
_PLACES = ("items", "additionalProperties", "contains", "additionalItems")
"""Keywords whose values are the schema of another value than the one that has them."""
_COMBINED = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("if", "then", "else")
_CLOSING = ("additionalProperties", "unevaluatedProperties")


def make_strict(schema: Schema) -> Schema:
    """Return the schema with `unevaluatedProperties: false` wherever names are listed."""
    return _Strictness(schema).close(schema, is_place=True)


class _Strictness:
    """Closes the places of one schema."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def close(self, schema: Schema, *, is_place: bool) -> Schema:
        """Return a copy in which each place is closed; itself, if it is the schema of one."""
        copy = {key: self._close_keyword(key, value) for key, value in schema.items()}
        if is_place and self._is_open(schema):
            copy |= {"unevaluatedProperties": False, "$comment": STRICTER}
        return copy

    def _close_keyword(self, key: str, value: Any) -> Any:
        if key in _BY_NAME and isinstance(value, dict):
            is_place = key in ("properties", "patternProperties")
            return {name: self._close_any(each, is_place) for name, each in value.items()}
        if key in _PLACES:
            return self._close_any(value, is_place=True)
        if key in _COMBINED:
            return [self._close_any(each, is_place=False) for each in value]
        if key in ("then", "else"):
            return self._close_any(value, is_place=False)
        return value  # `if` and `not` are conditions: strictness would turn them around

    def _close_any(self, value: Any, is_place: bool) -> Any:
        return self.close(value, is_place=is_place) if isinstance(value, dict) else value

    def _is_open(self, schema: Schema) -> bool:
        if any(schema.get(keyword) is not None for keyword in _CLOSING):
            return False
        if "$ref" in schema and len(schema) == 1 and not self._is_open(self.resolve(schema)):
            return False
        return any("properties" in each for each in self.list_parts(schema))

    def list_parts(self, schema: Schema) -> Iterator[Schema]:
        """Return the schema and those that it applies to the same value."""
        yield schema
        if "$ref" in schema:
            yield from self.list_parts(self.resolve(schema))
        for keyword in _COMBINED:
            for part in schema.get(keyword, ()):
                yield from self.list_parts(part)
        for keyword in _CONDITIONAL[1:]:
            if isinstance(part := schema.get(keyword), dict):
                yield from self.list_parts(part)

    def resolve(self, schema: Schema) -> Schema:
        """Return what a `$ref` within the document names."""
        found: Any = self._root
        for token in schema["$ref"].removeprefix("#/").split("/"):
            found = found[token]
        result: Schema = found
        return result


def find_part(root: Schema, path: Sequence[str | int]) -> Schema:
    """Return the schema at a path within a document."""
    schema: Any = root
    for token in path:
        schema = schema[token]
    found: Schema = schema
    return found


def list_names(root: Schema, schema: Schema) -> list[str]:
    """Return the names that a schema of a document lists, under any condition."""
    parts = _Strictness(root).list_parts(schema)
    return list(dict.fromkeys(name for part in parts for name in part.get("properties", ())))
