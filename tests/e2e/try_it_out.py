"""The request that Swagger UI sends for an operation whose prefilled values nobody has changed.

As `setDefaultValue` of its `parameter-row.jsx` fills parameters (5.x), and as its request editor
fills bodies; compared once with what the page sends in a browser.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

type Schema = Mapping[str, Any]


@dataclass
class Tried:
    """A request, not yet sent."""

    method: str
    path: str
    needs_key: bool
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None


def iterate_requests(document: Schema, **instead: str) -> Iterator[Tried]:
    """Yield the request of each operation, in the order of the page.

    `instead` has values that somebody entered in place of the prefilled ones.
    """
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tried = Tried(method.upper(), path, needs_key="security" in operation)
            for parameter in operation.get("parameters", []):
                _fill_in(tried, parameter, instead)
            tried.body = _find_body(document, operation)
            yield tried


def _fill_in(tried: Tried, parameter: Schema, instead: Mapping[str, str]) -> None:
    name = parameter["name"]
    value = instead.get(name, _find_value(parameter))
    match parameter["in"], value:
        case _, None:
            assert not parameter["required"], f"{tried.method} {tried.path}: {name} is empty"
        case "path", _:
            tried.path = tried.path.replace(f"{{{name}}}", _as_text(value))
        case "query", dict():  # `explode`: each of its fields is a parameter
            tried.query |= {key: _as_text(each) for key, each in value.items()}
        case "query", list():  # one parameter for each
            tried.query[name] = [_as_text(each) for each in value]
        case "query", _:
            tried.query[name] = _as_text(value)
        case "header", _:
            tried.headers[name] = _as_text(value)


def _find_value(parameter: Schema) -> Any:
    schema = parameter["schema"]
    if examples := parameter.get("examples"):
        return next(iter(examples.values()))["value"]
    for owner, key in ((parameter, "example"), (schema, "example"), (schema, "default")):
        if key in owner:
            return owner[key]
    assert schema.get("type") not in ("object", "array"), "a sample is made up and filled in"
    return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _find_body(document: Schema, operation: Schema) -> object:
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]["application/json"]
    schema = content["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return content.get("example", schema["examples"][0])
