"""Single lines of CSV files, read without DuckDB where it cannot say what is wrong with a file."""

import csv

from datamesh.models.csv_dialect import CsvDialect


def count_cells(line: str, dialect: CsvDialect) -> int:
    """Return how many cells a line has: `1;"a;b"` -> 2. Raises csv.Error."""
    quote, escape = dialect.quote, dialect.escape
    is_escaped = escape is not None and escape != quote
    reader = csv.reader(
        [line],
        delimiter=dialect.delimiter,
        quotechar=quote,
        doublequote=not is_escaped,
        escapechar=escape if is_escaped else None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    return len(next(reader, []))
