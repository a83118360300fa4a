"""Lines of CSV files, read without DuckDB where it cannot say what is wrong with a file."""

import csv
from collections.abc import Iterable, Iterator

from datamesh.models.csv_dialect import CsvDialect


def count_cells(line: str, dialect: CsvDialect) -> int:
    """Return how many cells a line has: `1;"a;b"` -> 2. Raises csv.Error."""
    return len(next(split_lines([line], dialect), []))


def find_uneven_line(lines: Iterable[str], dialect: CsvDialect) -> tuple[int, int, int] | None:
    """Return the first row that has another number of cells than the first one.

    That is its last line counted from 1, how many cells the first row has, and how many this one.
    None if there is none; empty lines are no rows. Raises csv.Error.
    """
    read = expected = 0

    def count_lines() -> Iterator[str]:
        nonlocal read
        for line in lines:
            read += 1
            yield line

    for row in split_lines(count_lines(), dialect):
        expected = expected or len(row)
        if row and len(row) != expected:
            return read, expected, len(row)
    return None


def split_lines(
    lines: Iterable[str], dialect: CsvDialect, *, strict: bool = False
) -> Iterator[list[str]]:
    """Yield the cells of each row. Raises csv.Error: if `strict`, of a quote within text too."""
    quote, escape = dialect.quote, dialect.escape
    is_escaped = escape is not None and escape != quote
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=quote,
        doublequote=not is_escaped,
        escapechar=escape if is_escaped else None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=strict,
    )
