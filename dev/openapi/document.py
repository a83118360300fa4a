"""Merge what the functions document into one OpenAPI document."""

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from datamesh import __version__
from dev.openapi.errors import SHARED, share_response
from dev.openapi.introduction import TAGS, build_info, build_tags
from dev.openapi.plain import (
    describe_operation,
    simplify_answers,
    simplify_parameter,
    simplify_schema,
)

type Part = dict[str, Any]

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "functions" / "platform" / "openapi.json"
AREAS = (
    "products",
    "contracts",
    "lineage",
    "openlineage",
    "marquez",
    "marquez_writes",
    "domains",
    "analytics",
    "access",
    "redactions",
    "audit",
    "search",
    "platform",
)


def merge_documents() -> Part:
    """Return one OpenAPI 3.1 document of all functions, in the order of AREAS."""
    document: Part = {
        "openapi": "3.1.0",
        "info": build_info(__version__),
        "tags": build_tags(),
        "paths": {},
        "components": {"schemas": {}, "responses": {}, "securitySchemes": {}},
    }
    for area in AREAS:
        _add_area(document, _import_app(area).openapi())
    responses = document["components"]["responses"]
    document["components"]["responses"] = dict(sorted(responses.items()))
    return document


def _import_app(area: str) -> Any:
    os.environ.setdefault("CATALOG_BUCKET", "unused")  # importing a function configures it
    return import_module(f"functions.{area}.app").app


def _add_area(document: Part, part: Part) -> None:
    components = document["components"]
    for path, operations in part["paths"].items():
        for operation in operations.values():
            _edit_operation(operation, part["info"]["title"])
            _share_responses(operation["responses"], components)
        document["paths"].setdefault(path, {}).update(operations)
    for section, named in part.get("components", {}).items():
        for name, component in named.items():
            if name in ("HTTPValidationError", "ValidationError"):
                continue
            if section == "schemas":
                simplify_schema(name, component)
            _add_component(components, section, name, component)


def _edit_operation(operation: Part, title: str) -> None:
    operation.setdefault("tags", [title])
    [tag] = operation["tags"]
    assert tag in TAGS, f"the tag '{tag}' has no description"
    describe_operation(operation)
    for parameter in operation.get("parameters", []):
        simplify_parameter(parameter)
    _drop_default_validation_error(operation["responses"])
    simplify_answers(operation["responses"])


def _drop_default_validation_error(responses: Part) -> None:
    """Drop the 422 that FastAPI documents for every route with a parameter: ours are explicit."""
    if "HTTPValidationError" in json.dumps(responses.get("422")):
        del responses["422"]


def _share_responses(responses: Part, components: Part) -> None:
    for status, response in responses.items():
        if status >= "3":
            name, shared = share_response(status, response)
            _add_component(components, "responses", name, shared)
            responses[status] = {"$ref": SHARED + name}


def _add_component(components: Part, section: str, name: str, component: Part) -> None:
    if components[section].setdefault(name, component) != component:
        raise ValueError(f"two functions document another {section[:-1]} '{name}'")


def render_document() -> str:
    """Return the document as the text of its file."""
    return json.dumps(merge_documents(), indent=1, ensure_ascii=False) + "\n"
