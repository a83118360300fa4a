"""Where a request leads that names a product by a name that it has given up."""

from typing import Any
from urllib.parse import quote

from fastapi import Request

from datamesh.errors.products import ProductRenamed

PRODUCT_PARAMETERS = ("name", "product", "product_name", "dataset")
"""The parameters of paths that are a product's name."""

LOCATION_HEADER: dict[str, Any] = {
    "Location": {
        "schema": {"type": "string"},
        "description": "Relative to the path that was asked for, with its query",
    }
}


def build_redirect_headers(location: str) -> dict[str, str]:
    """Return the headers of a redirect, which a client would else keep for good.

    A product may be registered under the old name at any time.
    """
    return {"Location": location, "Cache-Control": "no-cache"}


def find_new_location(request: Request, error: ProductRenamed) -> str | None:
    """Return the address of the same request under the product's new name.

    Returns None if the path does not have the old name, but a parameter of the query.

    It is relative, so that it holds below whatever prefix a stage or a proxy has put before the
    path: `/lineage/columns/old/id?depth=2` -> `../new/id?depth=2`.
    """
    template = request.scope["route"].path_format.split("/")
    parameters = request.path_params
    renamed = _rename_parameters(parameters, error)
    if renamed == parameters:
        return None
    before = [_fill_segment(each, parameters) for each in template]
    after = [_fill_segment(each, renamed) for each in template]
    first = next(at for at, old in enumerate(before) if old != after[at])
    path = "../" * (len(after) - 1 - first) + "/".join(after[first:])
    return f"{path}?{request.url.query}" if request.url.query else path


def _rename_parameters(parameters: dict[str, Any], error: ProductRenamed) -> dict[str, Any]:
    renamed = {
        key: error.new if key in PRODUCT_PARAMETERS and value == error.name else value
        for key, value in parameters.items()
    }
    if error.domain and "domain" in parameters:
        renamed["domain"] = error.domain
    return renamed


def _fill_segment(segment: str, parameters: dict[str, Any]) -> str:
    """Return a segment of a route's path with the value of its parameter, if it is one."""
    if not segment.startswith("{"):
        return segment
    return quote(str(parameters[segment.strip("{}")]), safe="")
