"""Gzip files of several members (RFC 1952, section 2.2), most of which stay as they were.

Compressing is most of what a commit to a large file costs, and most of such a file has not changed.
So it is compressed in parts, one member each, and a part that was read or written the last time is
not compressed again (docs/adr/0014-rows.md). Of a file that was written the last time, what has not
changed is not even encoded again.
"""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from operator import is_

from datamesh.errors.storage import StorageUnavailable

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of any gzip file."""
GZIP_WBITS = 31
"""zlib's `wbits`: the largest window, with gzip's header and check."""
COMPRESSION_LEVEL = 6
"""A fifth smaller than the fastest level, for files that are kept for a year and read many times.
It takes twice as long, which few parts of a version do."""
CHUNK_BYTES = 1 << 16
"""How much of a file is decompressed at once."""
PIECE_BYTES = 1 << 18
"""How much it is decompressed to at once, at most."""


@dataclass(frozen=True)
class FileChunk:
    """A piece of a file, such as a thousand records, that is encoded when it has changed."""

    encode: Callable[[], Iterable[bytes]]
    """Returns the parts to compress."""
    sources: Sequence[object] | None = None
    """The objects that it is encoded from: the very same ones, at the same place of the file, give
    equal bytes. None if it is encoded each time."""


@dataclass(frozen=True)
class PackedChunk:
    """A chunk as it was packed."""

    members: dict[bytes, bytes]
    """SHA-256 digest of a part -> the gzip member that holds it."""
    body: bytes
    size: int
    """How many bytes it takes before compression."""
    sources: Sequence[object] | None = None


class GzipMemberCache:
    """Packs and unpacks the versions of one file; remembers the members of the latest one."""

    def __init__(self) -> None:
        self._members: dict[bytes, bytes] = {}
        """SHA-256 digest of a part -> the gzip member that holds it."""
        self._chunks: list[PackedChunk] = []
        """The chunks of the version that was packed the last time, if none was unpacked since."""

    def pack(self, parts: Iterable[bytes]) -> bytes:
        """Compress each part as a gzip member and return the whole file.

        Equal parts give equal bytes, whatever was packed before.
        """
        return b"".join(each.body for each in self.pack_chunks([FileChunk(lambda: parts)]))

    def pack_chunks(self, chunks: Iterable[FileChunk]) -> list[PackedChunk]:
        """Compress the chunks of a file as `pack` does, one after the other."""
        former = self._chunks
        packed = []
        for place, chunk in enumerate(chunks):
            known = former[place] if place < len(former) else None
            if known and _is_identical(chunk.sources, known.sources):
                packed.append(known)
            else:
                packed.append(self._pack_chunk(chunk))
        self._chunks = packed
        self._members = {}
        for each in packed:
            self._members |= each.members
        return packed

    def _pack_chunk(self, chunk: FileChunk) -> PackedChunk:
        members = {}
        bodies, size = [], 0
        for part in chunk.encode():
            digest = sha256(part).digest()
            member = self._members.get(digest) or _compress_member(part)
            members[digest] = member
            bodies.append(member)
            size += len(part)
        return PackedChunk(members, b"".join(bodies), size, chunk.sources)

    def unpack(self, body: bytes) -> bytes:
        """Return the content of a gzip file, all members together.

        Raises EOFError if the file is cut short, and zlib.error if it is damaged.
        """
        self._members, self._chunks = {}, []
        text, view, position = BytesIO(), memoryview(body), 0
        while position < len(body):
            digest, end = _unpack_member(view, position, text)
            self._members[digest] = bytes(view[position:end])
            position = end
        return text.getvalue()


def _is_identical(first: Sequence[object] | None, second: Sequence[object] | None) -> bool:
    if first is None or second is None or len(first) != len(second):
        return False
    return all(map(is_, first, second))


def unpack_body(body: bytes, name: str = "An object") -> bytes:
    """Return the content of a stored object, which may be compressed.

    Raises StorageUnavailable if it is damaged.
    """
    if not body.startswith(GZIP_MAGIC):
        return body
    import gzip  # by those who read other objects than registry files

    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageUnavailable(f"{name} cannot be read: {error}") from error


def _compress_member(part: bytes) -> bytes:
    compressor = zlib.compressobj(level=COMPRESSION_LEVEL, wbits=GZIP_WBITS)
    return compressor.compress(part) + compressor.flush()


def _unpack_member(body: memoryview, start: int, text: BytesIO) -> tuple[bytes, int]:
    """Append the content of a member to `text`; return its SHA-256 digest, and where it ends.

    Nothing else holds the content: a file may have one member, such as one written by hand.
    Raises EOFError and zlib.error.
    """
    position, decompressor, digest = start, zlib.decompressobj(GZIP_WBITS), sha256()
    while not decompressor.eof:
        chunk = decompressor.unconsumed_tail
        if not chunk:
            chunk = bytes(body[position : position + CHUNK_BYTES])
            position += len(chunk)
        piece = decompressor.decompress(chunk, PIECE_BYTES)
        if not (chunk or piece or decompressor.eof):
            raise EOFError("it ends within a gzip member")
        text.write(piece)
        digest.update(piece)
    return digest.digest(), position - len(decompressor.unused_data)
