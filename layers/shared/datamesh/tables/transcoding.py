"""Text in other encodings, which is made UTF-8 while DuckDB reads it: it knows no other."""

import codecs
from collections.abc import Iterator
from itertools import chain

from datamesh.models.csv_dialect import CsvEncoding

UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
UTF_32_IS_NOT_READ = "UTF-32, which is not read; write the file in UTF-8"


class UndecodableText(Exception):
    """Bytes are not text in their encoding."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.place = f"line {line}"


def convert_to_utf_8(pieces: Iterator[bytes], encoding: CsvEncoding) -> Iterator[bytes]:
    """Yield a text's bytes in UTF-8. UTF-16 without a byte order mark is little-endian.

    Raises UndecodableText.
    """
    first = next(pieces, b"")
    while len(first) < len(codecs.BOM_UTF32) and (more := next(pieces, b"")):
        first += more
    if reason := _find_other_mark(encoding, first):
        raise UndecodableText(reason, 1)
    decoder = codecs.getincrementaldecoder(_choose_codec(encoding, first))()
    lines = 0
    try:
        for piece in chain([_drop_mark(encoding, first)], pieces):
            text = decoder.decode(piece)
            lines += text.count("\n")
            yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode(error.encoding, "ignore")
        line = lines + good.count("\n") + 1
        raise UndecodableText(f"not {encoding}, as its output port says", line) from None


def _find_other_mark(encoding: CsvEncoding, first: bytes) -> str | None:
    """Return what is wrong if a text begins with the byte order mark of another encoding."""
    if first.startswith(UTF_32_MARKS):
        return UTF_32_IS_NOT_READ
    if first.startswith(codecs.BOM_UTF8):
        return f"not {encoding}, as its output port says: it begins with the mark of utf-8"
    return None


def _choose_codec(encoding: CsvEncoding, first: bytes) -> str:
    """Return the name of Python's codec for a text that begins with these bytes."""
    if encoding is not CsvEncoding.UTF_16:
        return encoding
    return "utf-16-be" if first.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"


def _drop_mark(encoding: CsvEncoding, first: bytes) -> bytes:
    has_mark = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return first[2:] if encoding is CsvEncoding.UTF_16 and has_mark else first
