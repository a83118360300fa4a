"""Compressed files, checked while DuckDB reads them: to it, one that ends early is whole.

Of gzip, DuckDB checks neither the sums nor the lengths, and it refuses a header's optional fields
and zeros behind the end. So it is handed what zlib has unpacked and checked, in a gzip stream that
is not compressed. Of zstd, it misses only the end of a stream. Text that is not UTF-8, has several
kinds of newlines, or lines before its header, is handed out in such a stream too, compressed or
not.
"""

import io
import zlib
from collections.abc import Generator, Iterator
from functools import partial
from operator import setitem

from datamesh.models.csv_dialect import CsvEncoding
from datamesh.tables.newlines import normalise_newlines
from datamesh.tables.preamble import TooFewLines, drop_preamble
from datamesh.tables.scan import Scan
from datamesh.tables.transcoding import UndecodableText, convert_to_utf_8

CHUNK_BYTES = 1 << 18
"""How much of a stored file is unpacked at once."""
PIECE_BYTES = 1 << 18
"""How many unpacked bytes are held at once, at most."""
GZIP_WBITS = 31
"""zlib's `wbits`: the largest window, with gzip's header and sums."""
NOT_GZIP = "not gzip, though its name says so"
DAMAGED_GZIP = "its gzip stream is damaged, or ends early"
NOT_ZSTD = "not zstd, though its name says so"
DAMAGED_ZSTD = "its zstd stream is damaged, or ends early"
ZSTD_MAGIC = 0xFD2FB528
SKIPPABLE_MAGIC = 0x184D2A50
"""The first of 16 magic numbers of frames that hold no data."""
RESERVED_BLOCK = 3
ZSTD_IS_UTF_8 = "a .zst file is read in utf-8 alone; compress text in another encoding as .gz"


class CompressedFile(io.RawIOBase):
    """A compressed file, or one that is not UTF-8.

    DuckDB reads it from front to back, or again from the beginning.
    """

    def __init__(self, scan: Scan, index: int, compression: str) -> None:
        super().__init__()
        self._scan = scan
        self._index = index
        self._compression = compression
        self._begin_again()

    def _begin_again(self) -> None:
        self._position = 0
        self._buffer = bytearray()
        self._pieces = _open_stream(self._read_chunks(), self._compression, self._scan, self._index)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set where the next read begins: at the beginning, or where it would begin anyway."""
        if whence == io.SEEK_SET and offset == 0:
            self._begin_again()
        elif whence != io.SEEK_SET or offset != self._position:
            raise io.UnsupportedOperation("a compressed file is read from front to back")
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer at the end. Raises what reading the scan raises."""
        try:
            while size < 0 or len(self._buffer) < size:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._buffer += piece
        except (DamagedStream, TooFewLines) as error:
            raise self._scan.refuse_file(self._index, str(error)) from None
        except UndecodableText as error:
            raise self._scan.refuse_file(self._index, str(error), error.place) from None
        content = bytes(self._buffer if size < 0 else self._buffer[:size])
        del self._buffer[: len(content)]
        self._position += len(content)
        return content

    def _read_chunks(self) -> Iterator[bytes]:
        position = 0
        while chunk := self._scan.read(self._index, position, CHUNK_BYTES):
            yield chunk
            position += len(chunk)


class DamagedStream(Exception):
    """A compressed stream is none, is damaged, or ends early; the text says which."""


def _open_stream(
    chunks: Iterator[bytes], compression: str, scan: Scan, index: int
) -> Iterator[bytes]:
    """Yield a file's stream as DuckDB reads it: zstd as it is, and all else as gzip.

    Raises DamagedStream, TooFewLines, UndecodableText.
    """
    encoding = scan.dialect.encoding
    is_utf_8 = encoding is CsvEncoding.UTF_8
    if compression == "zstd":
        if not is_utf_8:
            raise DamagedStream(ZSTD_IS_UTF_8)
        yield from _check_zstd(chunks)
        return
    pieces = _unpack_gzip(chunks) if compression == "gzip" else chunks
    if not is_utf_8:
        pieces = convert_to_utf_8(pieces, encoding)
    if scan.has_dialect:
        pieces = drop_preamble(pieces, scan.dialect, partial(setitem, scan.dropped_lines, index))
    if scan.normalises_newlines:
        pieces = normalise_newlines(pieces, scan.dialect)
    packer = zlib.compressobj(level=0, wbits=GZIP_WBITS)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _unpack_gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content of all members (RFC 1952). Zeros behind a member are ignored, as gzip does.

    Raises DamagedStream.
    """
    member, is_first, is_begun = zlib.decompressobj(GZIP_WBITS), True, False
    for chunk in chunks:
        rest = chunk
        while rest:
            if not is_begun and not is_first:
                rest = rest.lstrip(b"\0")
            if not rest:
                break
            is_begun = True
            try:
                piece = member.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                is_header = is_first and "incorrect header" in str(error)
                raise DamagedStream(NOT_GZIP if is_header else DAMAGED_GZIP) from None
            if piece:
                yield piece
            rest = member.unconsumed_tail
            if member.eof:
                rest = member.unused_data
                member, is_first, is_begun = zlib.decompressobj(GZIP_WBITS), False, False
    if is_begun:
        raise DamagedStream(DAMAGED_GZIP)


def _check_zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes. Raises DamagedStream where they are no frames, or not whole ones."""
    frames, buffer = _walk_frames(), bytearray()
    wanted, at_end = next(frames)
    for chunk in chunks:
        buffer += chunk
        begin = 0
        while begin + wanted <= len(buffer):
            part = bytes(buffer[begin : begin + wanted])
            begin += wanted
            wanted, at_end = frames.send(part)
        del buffer[:begin]
        yield chunk
    if buffer or not at_end:
        raise DamagedStream(DAMAGED_ZSTD)


def _walk_frames() -> Generator[tuple[int, bool], bytes]:
    """Ask for the parts of zstd's frames (RFC 8878, section 3.1) one after the other.

    Yields how many bytes the next part has, and whether the file may end before it. Raises
    DamagedStream.
    """
    is_first = True
    while True:
        magic = int.from_bytes((yield 4, not is_first), "little")
        if magic & ~0xF == SKIPPABLE_MAGIC:
            size = int.from_bytes((yield 4, False), "little")
            yield size, False
        elif magic == ZSTD_MAGIC:
            yield from _walk_frame()
        else:
            raise DamagedStream(NOT_ZSTD if is_first else DAMAGED_ZSTD)
        is_first = False


def _walk_frame() -> Generator[tuple[int, bool], bytes]:
    """Ask for the parts of a frame behind its magic number."""
    [descriptor] = yield 1, False
    is_single = descriptor >> 5 & 1
    content_size = (is_single, 2, 4, 8)[descriptor >> 6]
    yield (1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + content_size, False
    is_last = 0
    while not is_last:
        header = int.from_bytes((yield 3, False), "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == RESERVED_BLOCK:
            raise DamagedStream(DAMAGED_ZSTD)
        yield 1 if kind == 1 else size, False
    if descriptor >> 2 & 1:
        yield 4, False
