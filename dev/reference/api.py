"""The page of all operations, from the OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dev.openapi.document import DOCUMENT
from dev.reference.markdown import as_code, join_lines, render_table
from dev.reference.schemas import describe_bounds, describe_default, describe_type

type Operation = Mapping[str, Any]

TYPES = "types.md"
INTRODUCTION = """\
# API

All operations of the HTTP API. Those marked **key** need `Authorization: Bearer <key>`. A running
registry has the same as OpenAPI 3.1 at `/openapi.json`, and as pages to try out at `/docs` and
`/redoc`. [Types](types.md) has the bodies, [errors](errors.md) the statuses, and the
[guides](../guides/products.md) show each operation with its answer."""


def read_document() -> dict[str, Any]:
    """Return the OpenAPI document of all functions."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return document


def render_operations() -> str:
    """Return the page: one section a tag, one part an operation."""
    document = read_document()
    lines = INTRODUCTION.splitlines()
    for tag in document["tags"]:
        lines += ["", f"## {tag['name']}", "", tag["description"]]
        for method, path, operation in _iterate_operations(document, tag["name"]):
            lines += _render_operation(method, path, operation)
    return "\n".join(lines) + "\n"


def _iterate_operations(
    document: Mapping[str, Any], tag: str
) -> Iterator[tuple[str, str, Operation]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if tag in operation["tags"]:
                yield method.upper(), path, operation


def _render_operation(method: str, path: str, operation: Operation) -> list[str]:
    key = " **key**" if operation.get("security") else ""
    lines = ["", f"### `{method} {path}`", "", f"{operation['summary']}.{key}"]
    lines += ["", operation["description"]]
    if parameters := operation.get("parameters"):
        lines += render_table(
            ("parameter", "in", "type", "default", "meaning"),
            map(_render_parameter_row, parameters),
        )
    if body := operation.get("requestBody"):
        lines += ["", f"**Body:** {_describe_content(body)}"]
    return [*lines, "", *_describe_answers(operation["responses"])]


def _render_parameter_row(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    schema = parameter["schema"]
    kind = ", ".join(filter(None, (_describe_required_type(schema), describe_bounds(schema))))
    default = "required" if parameter["required"] else describe_default(schema)
    meaning = join_lines(parameter.get("description", ""))
    return as_code(parameter["name"]), parameter["in"], kind, default, meaning


def _describe_required_type(schema: Mapping[str, Any]) -> str:
    """Return the type of a parameter, which is left out rather than null."""
    return describe_type(schema, TYPES).removesuffix(" or null")


def _describe_content(described: Mapping[str, Any]) -> str:
    by_type: dict[str, list[str]] = {}
    for media_type, content in described.get("content", {}).items():
        kind = describe_type(content.get("schema", {}), TYPES)
        by_type.setdefault(kind, []).append(media_type)
    return "; ".join(
        kind if media_types == ["application/json"] else f"{kind} as {_join(media_types)}"
        for kind, media_types in by_type.items()
    )


def _join(media_types: list[str]) -> str:
    return ", ".join(map(as_code, media_types))


def _describe_answers(responses: Mapping[str, Any]) -> list[str]:
    lines = []
    for status, response in responses.items():
        if status.startswith("2"):
            headers = _join(list(response.get("headers", {})))
            content = _describe_content(response) or "no body"
            lines.append(f"**{status}:** {content}{f'; headers {headers}' if headers else ''}")
    refused = [status for status in sorted(responses) if status >= "4"]
    links = ", ".join(f"[{status}](errors.md#{status})" for status in refused)
    return [*lines, "", f"**Errors:** {links}"]
