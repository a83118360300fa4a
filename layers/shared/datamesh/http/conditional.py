"""Conditional requests (RFC 9110, section 13): reads have an ETag, changes may name one."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Header, Request, Response
from pydantic import TypeAdapter

from datamesh.models.products import Product

PRODUCT_ADAPTER = TypeAdapter(Product)
"""Writes the fields that readers see, also of a stored product, which has more."""

ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')
ENCODED_END = '-gzip"'
"""How the ETag of a compressed answer ends. What a client has is the same all the same."""
HEADERS_OF_304 = (
    "cache-control",
    "content-security-policy",
    "deprecation",
    "link",
    "sunset",
    "vary",
    "x-next-offset",
    "x-total-count",
    "x-truncated",
)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Do it only if the product still has this ETag; else the answer is 412.",
    ),
]

IF_NONE_MATCH_PARAMETER: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "ETags of copies that the client has; if one is current the answer is 304.",
}
NOT_MODIFIED_RESPONSE: dict[str, Any] = {"description": "The client's copy is current"}


def build_product_etag(product: Product) -> str:
    """Return a strong ETag: equal for equal products, whichever function answers."""
    return build_etag(PRODUCT_ADAPTER.dump_json(product, by_alias=True))


def build_precondition(if_match: str | None) -> Callable[[Product], bool] | None:
    """Return the check that If-Match asks for, by strong comparison; None if it was not sent.

    `"1a2b", "3c4d"` holds for a product with one of these ETags, `*` for every product.
    """
    if if_match is None:
        return None
    tags = _parse_tags(if_match)
    return lambda product: if_match.strip() == "*" or build_product_etag(product) in tags


def build_document_precondition(
    if_match: str | None, read: Callable[[], tuple[Product, bytes]]
) -> Callable[[Product], bool] | None:
    """Return the check that If-Match asks for of a document that describes a product.

    It may name the ETag of either; `read` returns both as they are.
    """
    if if_match is None or not (tags := _parse_tags(if_match)):
        return build_precondition(if_match)
    product, document = read()
    etag = build_product_etag(product)
    if build_etag(document) in tags:
        tags.append(etag)
    return build_precondition(", ".join(tags))


def mark_encoded(etag: str) -> str:
    """Return the ETag of an answer once it is compressed: `"1a2b"` -> `"1a2b-gzip"`.

    It is another one, because a strong ETag is of bytes. It stands for the same version.
    """
    return etag.removesuffix('"') + ENCODED_END


def _parse_tags(header: str) -> list[str]:
    """Return the ETags that a header names, as they are without compression."""
    return [
        tag.removesuffix(ENCODED_END) + '"' if tag.endswith(ENCODED_END) else tag
        for tag in ENTITY_TAG.findall(header)
    ]


def is_current(request: Request, etag: str) -> bool:
    """Tell whether If-None-Match names the ETag, by weak comparison."""
    wanted = request.headers.get("if-none-match", "")
    tags = {tag.removeprefix("W/") for tag in _parse_tags(wanted)}
    return wanted.strip() == "*" or etag in tags


def build_unless_current(
    request: Request, version: str, build: Callable[[], Response], vary: str | None = None
) -> Response:
    """Return 304 if the client's copy has the version, or else what `build` returns.

    `version` is known before the work of `build`, which a 304 does not take.
    """
    headers = {"ETag": f'"{version}"'} | ({"Vary": vary} if vary else {})
    if is_current(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response = build()
    response.headers.update(headers)
    return response


def revalidate(request: Request, response: Response) -> Response:
    """Return the response with its ETag, or 304 if the client's copy has that."""
    total = response.headers.get("x-total-count", "")
    etag = response.headers.setdefault("etag", build_etag(total.encode() + bytes(response.body)))
    if not is_current(request, etag):
        return response
    kept = {name: response.headers[name] for name in HEADERS_OF_304 if name in response.headers}
    return Response(status_code=304, headers={"etag": etag, **kept})


def build_etag(content: bytes) -> str:
    """Return a strong ETag of some bytes: 32 hexadecimal digits in quotes."""
    return f'"{sha256(content).hexdigest()[:32]}"'
