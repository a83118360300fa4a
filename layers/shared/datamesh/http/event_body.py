"""Bodies that are large and come from machines: plain or gzip-encoded, bounded, any JSON."""

import zlib

from fastapi import Request
from pydantic import JsonValue

from datamesh.errors import BodyTooLarge, MalformedBody
from datamesh.models.json_codec import decode_value
from datamesh.storage.gzip_members import GZIP_MAGIC

MAX_BYTES = 6 * 1024 * 1024
"""What Lambda takes; here also the bound of what a body decompresses to."""

MAX_MEMBERS = 16
"""Of a gzip body; encoders make one."""

GZIP = 16 + zlib.MAX_WBITS


async def large_json(request: Request) -> JsonValue:
    """The body as JSON, without the limits of `http.body`: deep and of any number of values, since
    it is kept and not answered. Raises BodyTooLarge and MalformedBody."""
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise MalformedBody(f"Content-Encoding is {encoding[:40]!r}, not gzip")
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(MAX_BYTES)
    # Something on the way may decompress a body and leave the header: what it is, it says itself.
    if encoding.endswith("gzip") and body.startswith(GZIP_MAGIC):
        body = decompressed(body, MAX_BYTES)
    try:
        return decode_value(body)
    except ValueError as error:
        raise MalformedBody(f"The body is not JSON: {error}") from None


def decompressed(body: bytes, limit: int) -> bytes:
    """Never more than `limit` bytes at a time. Raises BodyTooLarge and MalformedBody."""
    whole = b""
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(GZIP)
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
    raise MalformedBody(f"The body is gzip of more than {MAX_MEMBERS} members")
