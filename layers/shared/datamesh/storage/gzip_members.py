"""Gzip files of several members (RFC 1952, section 2.2), most of which stay as they were.

Compressing is most of what a commit to a large file costs, and most of such a file has not changed.
So it is compressed in parts, one member each, and a part that was read or written the last time is
not compressed again (docs/adr/0014-rows.md).
"""

import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of any gzip file."""
GZIP_WBITS = 31
"""zlib's `wbits`: the largest window, with gzip's header and check."""
COMPRESSION_LEVEL = 6
"""A fifth smaller than the fastest level, for files that are kept for a year and read many times.
It takes twice as long, which few parts of a version do."""
CHUNK_BYTES = 1 << 16
"""How much is decompressed at once."""


class GzipMemberCache:
    """Packs and unpacks the versions of one file; remembers the members of the latest one."""

    def __init__(self) -> None:
        self._members: dict[bytes, bytes] = {}
        """SHA-256 digest of a part -> the gzip member that holds it."""

    def pack(self, parts: Iterable[bytes]) -> bytes:
        """Compress each part as a gzip member and return the whole file.

        Equal parts give equal bytes, whatever was packed before.
        """
        members = {}
        packed = []
        for part in parts:
            digest = sha256(part).digest()
            member = self._members.get(digest) or _compress_member(part)
            members[digest] = member
            packed.append(member)
        self._members = members
        return b"".join(packed)

    def unpack(self, body: bytes) -> bytes:
        """Return the content of a gzip file, all members together.

        Raises EOFError if the file is cut short, and zlib.error if it is damaged.
        """
        self._members = {}
        text = BytesIO()  # grows in place: a list of the parts would hold everything twice
        for part, member in _split_members(memoryview(body)):
            text.write(part)
            self._members[sha256(part).digest()] = member
        return text.getvalue()


def _compress_member(part: bytes) -> bytes:
    compressor = zlib.compressobj(level=COMPRESSION_LEVEL, wbits=GZIP_WBITS)
    return compressor.compress(part) + compressor.flush()


def _split_members(body: memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Yield the content of each member together with the member itself."""
    position = 0
    while position < len(body):
        start, decompressor, pieces = position, zlib.decompressobj(GZIP_WBITS), []
        while not decompressor.eof:
            if position >= len(body):
                raise EOFError("it ends within a gzip member")
            chunk = body[position : position + CHUNK_BYTES]
            pieces.append(decompressor.decompress(chunk))
            position += len(chunk) - len(decompressor.unused_data)
        yield b"".join(pieces), bytes(body[start:position])
