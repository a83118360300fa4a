"""JSON Schema in words."""

from collections.abc import Mapping
from typing import Any

type Schema = Mapping[str, Any]

ANSWER_OF_A_WRITE = "Written_"
"""How the schemas of answers begin whose `data` is what was written."""


def find_type_name(reference: str) -> str:
    """Return the name of the schema that a `$ref` leads to."""
    return reference.rpartition("/")[2]


def describe_type(schema: Schema, page: str = "") -> str:
    """Return a short type such as "array of [Product](types.md#product)"; links lead to `page`."""
    if reference := schema.get("$ref"):
        return _render_link(find_type_name(reference), page)
    if options := schema.get("anyOf"):
        return " or ".join(describe_type(each, page) for each in options)
    if "const" in schema:
        return f"always `{_render_literal(schema['const'])}`"
    if values := schema.get("enum"):
        return " or ".join(f"`{value}`" for value in values)
    match schema.get("type"):
        case "array":
            return f"array of {describe_type(schema.get('items', {}), page)}"
        case "object" if isinstance(values := schema.get("additionalProperties"), Mapping):
            return f"object of {describe_type(values, page)}"
        case [kind, "null"]:
            return f"{describe_type({**schema, 'type': kind}, page)} or null"
        case [*kinds]:
            return " or ".join(map(str, kinds))
        case None:
            return "anything"
        case kind:
            return str(schema.get("format", kind))


def _render_link(name: str, page: str) -> str:
    if name.startswith(ANSWER_OF_A_WRITE):
        written = name.removeprefix(ANSWER_OF_A_WRITE).rstrip("_")
        return f"`success`, `message` and, as `data`, {_render_link(written, page)}"
    return f"[{name}]({page}#{name.lower()})"


def describe_bounds(schema: Schema) -> str:
    """Return the bounds of a value, such as "1 to 1000" or "at most 100 characters"."""
    for option in schema.get("anyOf", []):
        if found := describe_bounds(option):
            return found
    bounds = [
        _render_range(schema.get("minimum"), schema.get("maximum"), ""),
        _render_range(schema.get("minLength"), schema.get("maxLength"), " characters"),
        _render_range(schema.get("minItems"), schema.get("maxItems"), " items"),
        _render_range(schema.get("minProperties"), schema.get("maxProperties"), " fields"),
    ]
    if "pattern" in schema and len(schema["pattern"]) < 40 and schema["pattern"] != "\\S":
        bounds.append(f"`{schema['pattern']}`")
    return ", ".join(filter(None, bounds))


def _render_range(low: float | None, high: float | None, unit: str) -> str:
    match low, high:
        case None, None:
            return ""
        case None, _:
            return f"at most {high}{unit}"
        case _, None:
            return f"at least {low}{unit}"
    return f"{low} to {high}{unit}"


def describe_default(schema: Schema) -> str:
    """Return the default as it would stand in JSON, or nothing if there is none."""
    default = schema.get("default")
    return "" if default is None else f"`{_render_literal(default)}`"


def _render_literal(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case [] | {}:
            return "[]" if isinstance(value, list) else "{}"
    return str(value)
