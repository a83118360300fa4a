"""Answers in gzip, for clients that take it (RFC 9110, sections 8.4 and 12.5.3).

API Gateway compresses nothing, and whoever runs the stack pays for every byte that leaves it.
"""

import zlib
from base64 import b64decode, b64encode
from typing import Any

from datamesh.http.conditional import mark_encoded
from datamesh.http.gateway import SAFE_METHODS, GatewayAnswer, ServeRequest, read_header
from datamesh.http.negotiation import parse_qualities
from datamesh.services.context import RequestContext

MIN_SIZE = 1024
"""The shortest body, in letters of the function's answer, that is worth it."""
LEVEL = 5
"""A page of 1,000 rows takes 0.6 ms and a ninth of its bytes; level 1 half of that time and a
quarter more bytes, level 9 four times as long and no fewer bytes."""
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's code for gzip, whose header has no time: equal bodies are equal bytes."""
COMPRESSIBLE_TYPES = (
    "text/",
    "application/json",
    "application/x-ndjson",
    "application/schema+json",
    "application/sql",
    "application/xml",
    "application/yaml",
    "application/vnd.mermaid",
)
"""How the media types begin that shrink. Parquet, Arrow and images are left as they are."""
MAX_KEPT = 8
"""How many files that never change are kept compressed, for one instance of a function."""


def add_compression(serve: ServeRequest) -> ServeRequest:
    """Return a function that answers in gzip where the client takes it and the body is worth it."""
    kept: dict[str, str] = {}

    def serve_compressed(event: Any, lambda_context: Any, context: RequestContext) -> GatewayAnswer:
        answer = serve(event, lambda_context, context)
        if answer["statusCode"] == 304:
            return _answer_unchanged(event, answer)
        if len(answer.get("body") or "") < MIN_SIZE or not _is_compressible(answer["headers"]):
            return answer
        _add_vary(answer["headers"])
        return _compress(event, answer, kept) if is_gzip_accepted(event) else answer

    return serve_compressed


def is_gzip_accepted(event: Any) -> bool:
    """Tell whether a request takes gzip at least as gladly as what is not encoded."""
    header = read_header(event, "accept-encoding")
    if not header:
        return False
    qualities = dict(parse_qualities(header))
    gzip = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0)))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _is_compressible(headers: dict[str, str]) -> bool:
    encoded = "content-encoding" in headers
    return not encoded and headers.get("content-type", "").startswith(COMPRESSIBLE_TYPES)


def _add_vary(headers: dict[str, str]) -> None:
    """Say that the answer depends on what the client takes, also where it is not compressed."""
    headers["vary"] = ", ".join(filter(None, (headers.get("vary"), "Accept-Encoding")))


def _compress(event: Any, answer: GatewayAnswer, kept: dict[str, str]) -> GatewayAnswer:
    headers = answer["headers"]
    etag = headers.get("etag", "")
    never_changes = headers.get("cache-control", "").startswith("public") and etag
    text = kept.get(etag) if never_changes else None
    if text is None:
        text = _encode(answer)
        if never_changes and len(kept) < MAX_KEPT:
            kept[etag] = text
    if len(text) >= len(answer["body"]):  # in base64 it would be no shorter
        return answer
    headers["content-encoding"] = "gzip"
    headers.pop("content-length", None)  # of the body as it was; API Gateway counts for itself
    # Of a read alone: what a write answers as ETag is that of the product, not of the body.
    if etag and event["requestContext"]["http"]["method"] in SAFE_METHODS:
        headers["etag"] = mark_encoded(etag)
    return {**answer, "body": text, "isBase64Encoded": True}


def _encode(answer: GatewayAnswer) -> str:
    text = answer["body"]
    body = b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    return b64encode(zlib.compress(body, LEVEL, GZIP_WINDOW_BITS)).decode()


def _answer_unchanged(event: Any, answer: GatewayAnswer) -> GatewayAnswer:
    """Return a 304 with the ETag of the copy that the client has, compressed or not."""
    headers = answer["headers"]
    encoded = mark_encoded(headers["etag"])
    if encoded in read_header(event, "if-none-match"):
        headers["etag"] = encoded
    _add_vary(headers)
    return answer
