"""Bodies that are large and come from machines: plain or gzip-encoded, bounded, any JSON."""

import zlib

from fastapi import Request
from pydantic import JsonValue

from datamesh.errors.requests import BodyTooLarge, MalformedBody
from datamesh.models.json_codec import decode_value

MAX_BYTES = 6 * 1024 * 1024
"""The most bytes that Lambda takes; here also the bound of what a body decompresses to."""

MAX_GZIP_MEMBERS = 16
"""How many members a gzip body may have; encoders make one."""

GZIP_MAGIC = b"\x1f\x8b"
"""How every gzip body begins (RFC 1952, section 2.3.1)."""

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's code for gzip alone, with windows of any size."""


async def read_event_json(request: Request) -> JsonValue:
    """Return the body as JSON, decompressed if it is gzip.

    It may be deeper and have more values than `http.strict_json` allows, since it is stored and
    never answered. Raises BodyTooLarge if it has more than MAX_BYTES, compressed or not, and
    MalformedBody if it is neither JSON nor gzip.
    """
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise MalformedBody(f"Content-Encoding is {encoding[:40]!r}, not gzip")
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(MAX_BYTES)
    # Something on the way may decompress a body and leave the header: what it is, it says itself.
    if encoding.endswith("gzip") and body.startswith(GZIP_MAGIC):
        body = decompress_body(body, MAX_BYTES)
    try:
        return decode_value(body)
    except ValueError as error:
        raise MalformedBody(f"The body is not JSON: {error}") from None


def decompress_body(body: bytes, limit: int) -> bytes:
    """Decompress a gzip body, never holding more than `limit` bytes of it.

    Raises BodyTooLarge if there is more, MalformedBody if it is not gzip or is cut off.
    """
    whole = b""
    for _ in range(MAX_GZIP_MEMBERS):
        member = zlib.decompressobj(GZIP_WINDOW_BITS)
        try:
            whole += member.decompress(body, limit + 1 - len(whole))
        except zlib.error as error:
            raise MalformedBody(f"The body is not gzip: {error}") from None
        if len(whole) > limit:
            raise BodyTooLarge(limit)
        if not member.eof:
            raise MalformedBody("The body is not gzip: it breaks off")
        body = member.unused_data
        if not body:
            return whole
    raise MalformedBody(f"The body is gzip of more than {MAX_GZIP_MEMBERS} members")
