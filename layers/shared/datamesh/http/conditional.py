"""Conditional requests (RFC 9110, section 13): reads have an ETag, changes may name one."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Header, Request, Response

from datamesh.models.products import Product
from datamesh.storage.records import PRODUCT_ADAPTER

ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')
KEPT_WITH_304 = (
    "cache-control",
    "content-security-policy",
    "vary",
    "x-total-count",
    "x-truncated",
)

IfMatch = Annotated[
    str | None,
    Header(description="Do it only if the product still has this ETag; else the answer is 412."),
]

IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "ETags of copies that the client has; if one is current the answer is 304.",
}
NOT_MODIFIED: dict[str, Any] = {"description": "The client's copy is current"}


def product_etag(product: Product) -> str:
    """A strong ETag: equal for equal products, whichever function answers."""
    return etag_of(PRODUCT_ADAPTER.dump_json(product, by_alias=True))


def precondition(if_match: str | None) -> Callable[[Product], bool] | None:
    """What If-Match asks of a product, by strong comparison; None if it was not sent."""
    if if_match is None:
        return None
    tags = ENTITY_TAG.findall(if_match)
    return lambda product: if_match.strip() == "*" or product_etag(product) in tags


def is_current(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the ETag, by weak comparison."""
    wanted = request.headers.get("if-none-match", "")
    tags = {tag.removeprefix("W/") for tag in ENTITY_TAG.findall(wanted)}
    return wanted.strip() == "*" or etag in tags


def revalidated(request: Request, response: Response) -> Response:
    """The response with its ETag, or 304 if the client's copy has that."""
    total = response.headers.get("x-total-count", "")
    etag = response.headers.setdefault("etag", etag_of(total.encode() + bytes(response.body)))
    if not is_current(request, etag):
        return response
    kept = {name: response.headers[name] for name in KEPT_WITH_304 if name in response.headers}
    return Response(status_code=304, headers={"etag": etag, **kept})


def etag_of(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()[:32]}"'
