"""Lines of a CSV file before its header or first row, which DuckDB is not to see.

DuckDB takes an empty line for the header, and then the header for a row. Of the lines to skip it
takes several for one if a cell in quotes joins them, so that a quote in a title would hide rows.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from datamesh.models.csv_dialect import CsvDialect

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_END = re.compile(rb"\r\n?|\n")
NEWLINES = (b"\r", b"\n")


class TooFewLines(Exception):
    """A file ends before the lines that its output port says to skip."""

    def __init__(self, lines: int, skip: int) -> None:
        super().__init__(f"it has {lines} lines, fewer than the {skip} to `skip` (csv.skip)")


def has_empty_first_line(text: bytes) -> bool:
    """Return True if a text in UTF-8 has nothing in its first line."""
    return text.removeprefix(BYTE_ORDER_MARK).startswith(NEWLINES)


def drop_preamble(
    pieces: Iterator[bytes], dialect: CsvDialect, count: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield a text in UTF-8 without the lines to skip, and without empty ones before a header.

    `count` is told how many those are. Raises TooFewLines.
    """
    text, lines = b"", 0
    while len(text) < len(BYTE_ORDER_MARK) and (piece := next(pieces, b"")):
        text += piece
    text = text.removeprefix(BYTE_ORDER_MARK)
    while True:
        begin, lines = _find_end(text, lines, dialect)
        text = text[begin:]
        if lines < dialect.skip:
            text = text[-1:]  # the rest of a line that is skipped, but that it may end with `\r`
        elif text and not (dialect.header and text.startswith(NEWLINES)):
            break
        if not (piece := next(pieces, b"")):
            break
        text += piece
    if lines < dialect.skip and text:
        text, lines = b"", lines + 1
    if lines < dialect.skip:
        raise TooFewLines(lines, dialect.skip)
    count(lines)
    yield text
    yield from pieces


def describe_hidden_lines(lines: Sequence[str | None], dialect: CsvDialect) -> str | None:
    """Return why the first lines of a file cannot be left to DuckDB; None if they can be.

    `lines` are those to skip and the next one; None is an empty line.
    """
    if dialect.header and len(lines) > dialect.skip and not lines[-1]:
        return f"line {len(lines)}: an empty line stands before the header"
    if dialect.quote and any(dialect.quote in (line or "") for line in lines[: dialect.skip]):
        return "the lines to `skip` have quotes in them"
    return None


def _find_end(text: bytes, lines: int, dialect: CsvDialect) -> tuple[int, int]:
    r"""Return where the lines end that are not to be seen, and how many there are by then.

    `lines` are those before the text. A `\r` at its end waits for what follows.
    """
    begin = 0
    for end in LINE_END.finditer(text):
        is_empty = end.start() == begin
        may_go_on = end[0] == b"\r" and end.end() == len(text)
        if may_go_on or not (lines < dialect.skip or (dialect.header and is_empty)):
            break
        begin, lines = end.end(), lines + 1
    return begin, lines
