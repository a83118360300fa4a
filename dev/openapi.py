"""Merge what the functions document into functions/platform/openapi.json.

    python -m dev.openapi

Committed, so that a change of the API shows in its review and the platform function needs nobody
else's code; a test compares it with the functions.
"""

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from datamesh import __version__

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "functions" / "platform" / "openapi.json"
AREAS = ("products", "lineage", "openlineage", "domains", "analytics", "audit", "platform")


def merge_documents() -> dict[str, Any]:
    """Return one OpenAPI 3.1 document of all functions, in the order of AREAS."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Data mesh registry",
            "summary": "Data products, the lineage between them, and the data of the domains.",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    for area in AREAS:
        _add_area(document, area, _import_app(area).openapi())
    return document


def _import_app(area: str) -> Any:
    os.environ.setdefault("CATALOG_BUCKET", "unused")  # importing a function configures it
    return import_module(f"functions.{area}.app").app


def _add_area(document: dict[str, Any], area: str, part: dict[str, Any]) -> None:
    document["tags"].append({"name": area})
    for path, operations in part["paths"].items():
        for operation in operations.values():
            operation["tags"] = [area]
            _drop_default_validation_error(operation["responses"])
            _document_errors_as_json(operation["responses"])
        document["paths"].setdefault(path, {}).update(operations)
    for name in ("HTTPValidationError", "ValidationError"):
        part.get("components", {}).get("schemas", {}).pop(name, None)
    for section, components in part.get("components", {}).items():
        for name, component in components.items():
            if document["components"][section].setdefault(name, component) != component:
                raise ValueError(f"two functions document another {section[:-1]} '{name}'")


def _drop_default_validation_error(responses: dict[str, Any]) -> None:
    """Drop the 422 that FastAPI documents for every route with a parameter: ours are explicit."""
    if "HTTPValidationError" in json.dumps(responses.get("422")):
        del responses["422"]


def _document_errors_as_json(responses: dict[str, Any]) -> None:
    """Say that errors are JSON, whatever a route answers otherwise."""
    for status, response in responses.items():
        if status[0] in "45":
            [schema] = response["content"].values()
            response["content"] = {"application/json": schema}


def render_document() -> str:
    """Return the document as the text of its file."""
    return json.dumps(merge_documents(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(render_document())
