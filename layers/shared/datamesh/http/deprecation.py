"""Headers that say of a product that it is deprecated, on reads of it and of its rows.

Routes add them to each read whose path names a product (`http.app`); what reads the rows of a
moment, or of a product that the path does not name, adds them itself.

`Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a `Link` to the same read of what replaces it.
"""

from email.utils import format_datetime
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from datamesh.http.errors import Responses
from datamesh.http.redirects import PRODUCT_PARAMETERS
from datamesh.models.products import Product, ProductStatus
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

DEPRECATION_HEADERS: dict[str, Any] = {
    "Deprecation": {
        "description": "Since when the product is deprecated, or will be: `@` and seconds of Unix"
        " (RFC 9745). Absent if it is not.",
        "schema": {"type": "string"},
        "required": False,
    },
    "Sunset": {
        "description": "When it will be gone, as an HTTP date (RFC 8594).",
        "schema": {"type": "string"},
        "required": False,
    },
    "Link": {
        "description": 'The same of the product that replaces it: `rel="successor-version"`.',
        "schema": {"type": "string"},
        "required": False,
    },
}
DEPRECATED_RESPONSE: Responses = {200: {"headers": DEPRECATION_HEADERS}}
"""The part of the API's document about the answer to a read of a product."""


def is_read_of_product(path: str) -> bool:
    """Tell whether a route's path names a product, or the dataset of one."""
    segments = path.split("/")
    return "{namespace}" not in segments and any(
        f"{{{name}}}" in segments for name in PRODUCT_PARAMETERS
    )


def document_deprecation(responses: Responses) -> Responses:
    """Return the responses of a read of a product with the headers of a deprecated one."""
    found = responses.get(200, {})
    headers = {**found.get("headers", {}), **DEPRECATION_HEADERS}
    return {**responses, 200: {**found, "headers": headers}}


def add_path_deprecation(request: Request, response: Response) -> None:
    """Add the headers of a deprecated product to the answer of a read whose path names it.

    It asks storage for nothing: the endpoint has just read the version that is in memory.
    """
    state = request.state
    if getattr(state, "is_deprecation_told", False):
        return
    context: RequestContext = state.context
    past: Registry | None = getattr(state, "past_registry", None)
    known = request.app.state.resources.registry.products.get_known()
    file: ProductsFile | None = past.products.read(context.deadline) if past else known
    name = next(
        request.path_params[key] for key in PRODUCT_PARAMETERS if key in request.path_params
    )
    record = file.products.get(name) if file else None
    if record and is_deprecated(record):
        registry = past or state.resources.registry
        add_deprecation_headers(request, response, context, registry, record.to_model())


def is_deprecated(record: ProductRecord) -> bool:
    """Tell whether a product may be deprecated, without parsing it: if so, its headers are made."""
    return record.status is ProductStatus.DEPRECATED or b'"deprecation":' in bytes(record.json)


def add_deprecation_headers(
    request: Request,
    response: Response,
    context: RequestContext,
    registry: Registry,
    product: Product,
) -> Response:
    """Return the response with the headers of a deprecated product; as it is for another one.

    One whose status alone says so has been deprecated when it was last changed, at the latest.
    """
    request.state.is_deprecation_told = True
    ends = product.deprecation
    if ends is None and product.status is not ProductStatus.DEPRECATED:
        return response
    since = ends.since if ends else product.updated_at
    response.headers["Deprecation"] = f"@{int(since.timestamp())}"
    if ends and ends.sunset:
        response.headers["Sunset"] = format_datetime(ends.sunset, usegmt=True)
    if ends and ends.replacement:
        successor = _find_successor(context, registry, ends.replacement)
        if successor:
            path = _build_path(request, successor)
            response.headers["Link"] = f'<{path}>; rel="successor-version"'
    return response


def _find_successor(
    context: RequestContext, registry: Registry, replacement: str
) -> ProductRecord | None:
    """Return the replacement, by its name of now; None if it is gone, or not for the caller."""
    file = registry.products.read(context.deadline)
    found = file.products.get(find_new_name(file, replacement) or replacement)
    return found if found and context.permissions.can_see(found) else None


def _build_path(request: Request, successor: ProductRecord) -> str:
    """Return the address of the same read of the successor, relative to the one asked for.

    It holds below whatever prefix a stage or a proxy has put before the path. A path that names no
    product leads to the successor itself: `/sales/orders` -> `../product/new`. What else a path
    names is the old product's: `/product/old/versions/1.0.0` -> `../../../product/new/versions`.
    """
    template = request.scope["route"].path_format.split("/")
    named = [f"{{{name}}}" for name in PRODUCT_PARAMETERS]
    if not any(segment in named for segment in template):
        return "../" * (len(template) - 2) + f"product/{successor.name}"
    known = [*named, "{domain}"]
    same = takewhile(lambda each: each[:1] != "{" or each in known, template[1:])
    parts = [
        successor.name
        if segment in named
        else quote(successor.domain, safe="")
        if segment == "{domain}"
        else segment
        for segment in same
    ]
    return "../" * (len(template) - 2) + "/".join(parts)
