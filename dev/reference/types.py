"""The page of all types, from the schemas of the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from dev.reference.api import read_document
from dev.reference.markdown import as_code, join_lines, render_table
from dev.reference.schemas import (
    ANSWER_OF_A_WRITE,
    describe_bounds,
    describe_default,
    describe_type,
)

INTRODUCTION = """\
# Types

What goes into and comes out of the [API](api.md), as JSON. A field without "required" may be left
out of a body, and is there in every answer. `date-time` is RFC 3339, in UTC in answers."""


def render_types() -> str:
    """Return the page: one section a type, in alphabetical order."""
    lines = INTRODUCTION.splitlines()
    for name, schema in sorted(read_document()["components"]["schemas"].items()):
        if not name.startswith(ANSWER_OF_A_WRITE):
            lines += ["", f"## {name}", *_render_type(schema)]
    return "\n".join(lines) + "\n"


def _render_type(schema: Mapping[str, Any]) -> list[str]:
    lines = ["", schema["description"].strip()] if "description" in schema else []
    if properties := schema.get("properties"):
        required = schema.get("required", [])
        head = ("field", "type", "default", "meaning")
        return lines + render_table(head, _iterate_rows(properties, required))
    return [*lines, "", describe_type(schema).capitalize()]


def _iterate_rows(properties: Mapping[str, Any], required: list[str]) -> Iterator[tuple[str, ...]]:
    for name, schema in properties.items():
        kind = ", ".join(filter(None, (describe_type(schema), describe_bounds(schema))))
        default = "required" if name in required else describe_default(schema)
        yield as_code(name), kind, default, join_lines(schema.get("description", ""))
