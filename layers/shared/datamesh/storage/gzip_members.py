"""A gzip file of several members (RFC 1952, section 2.2), most of which are as they were before.

Compressing is most of what a commit to a large file costs, and most of such a file has not changed.
So it is compressed in parts, and a part that was read or written the last time is not again
(docs/adr/0014-rows.md).
"""

import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256

AS_GZIP = 31
"""zlib's `wbits`: the largest window, with gzip's header and check."""
LEVEL = 6
"""A fifth smaller than the fastest, to be kept for a year and read many times; it takes twice as
long, which few parts of a version do."""
READ_AT_ONCE = 1 << 16


class Members:
    """Packs and unpacks the versions of one file, one after the other."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        """Digest of a part -> the part compressed: those of the latest version."""

    def pack(self, parts: Iterable[bytes]) -> bytes:
        """Equal parts give equal bytes, whatever was packed before."""
        digests = {}
        packed = []
        for part in parts:
            digest = sha256(part).digest()
            member = self._known.get(digest) or _compressed(part)
            digests[digest] = member
            packed.append(member)
        self._known = digests
        return b"".join(packed)

    def unpack(self, body: bytes) -> bytes:
        """All parts together. Raises EOFError and zlib.error."""
        self._known = {}
        parts = []
        for part, member in _members(memoryview(body)):
            parts.append(part)
            self._known[sha256(part).digest()] = member
        return b"".join(parts)


def _compressed(part: bytes) -> bytes:
    packer = zlib.compressobj(level=LEVEL, wbits=AS_GZIP)
    return packer.compress(part) + packer.flush()


def _members(body: memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Each part, and the member that it was."""
    at = 0
    while at < len(body):
        start, unpacker, found = at, zlib.decompressobj(AS_GZIP), []
        while not unpacker.eof:
            if at >= len(body):
                raise EOFError("it ends within a gzip member")
            piece = body[at : at + READ_AT_ONCE]
            found.append(unpacker.decompress(piece))
            at += len(piece) - len(unpacker.unused_data)
        yield b"".join(found), bytes(body[start:at])
