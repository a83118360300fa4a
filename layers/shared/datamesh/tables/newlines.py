"""Lines of CSV that end in several ways, made to end in one: DuckDB reads no others."""

import re
from collections.abc import Iterator

from datamesh.models.csv_dialect import CsvDialect

MAX_HELD_BYTES = 4 * 1024 * 1024
"""How long a quoted cell may be. DuckDB takes no line of more than 2 MB."""


def normalise_newlines(pieces: Iterator[bytes], dialect: CsvDialect) -> Iterator[bytes]:
    r"""Yield a text in UTF-8 whose lines end with `\n` alone. Newlines in quoted cells are kept."""
    token = _build_token(dialect)
    held, last = b"", b"\n"
    """The bytes that may begin a token, and the one before them."""
    for piece in pieces:
        text = last + held + piece
        done = _find_complete(token, text)
        if len(text) - done > MAX_HELD_BYTES:
            yield text[1:]
            yield from pieces
            return
        if done > 1:
            yield _replace(token, text[:done])[1:]
            last = b"\n" if text[done - 1 : done] == b"\r" else text[done - 1 : done]
        held = text[done:]
    yield _replace(token, last + held)[1:]


def _build_token(dialect: CsvDialect) -> re.Pattern[bytes]:
    r"""Return a pattern of quoted cells, which may end with the text, and of `\r\n` and `\r`."""
    newline = rb"\r\n?"
    if dialect.quote is None:
        return re.compile(newline)
    delimiter, quote = (re.escape(each.encode()) for each in (dialect.delimiter, dialect.quote))
    if dialect.escape in (None, dialect.quote):
        content = rb"[^%b]*(?:%b%b[^%b]*)*" % (quote, quote, quote, quote)
    else:
        escape = re.escape(str(dialect.escape).encode())
        content = rb"[^%b%b]*(?:%b(?:.|\Z)[^%b%b]*)*" % (quote, escape, escape, quote, escape)
    cell = rb"(?<=[\r\n%b])%b%b(?:%b|\Z)" % (delimiter, quote, content, quote)
    return re.compile(cell + b"|" + newline, re.DOTALL)


def _find_complete(token: re.Pattern[bytes], text: bytes) -> int:
    """Return how long the part is that no token crosses, however the text goes on."""
    for found in token.finditer(text):
        if found.end() == len(text):
            return max(found.start(), 1)
    return len(text)


def _replace(token: re.Pattern[bytes], text: bytes) -> bytes:
    return token.sub(lambda found: b"\n" if found[0][:1] == b"\r" else found[0], text)
