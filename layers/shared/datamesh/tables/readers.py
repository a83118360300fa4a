"""SQL that calls DuckDB's readers. Files are named by their indexes in the scan."""

from collections.abc import Iterable, Sequence

from datamesh.tables.filesystem import build_path
from datamesh.tables.sql import quote_literal
from datamesh.tables.table import Column

MAX_OBJECT_BYTES = 16 * 1024 * 1024
"""The largest line of a JSON Lines file."""
CSV_FORM = (
    """header = true, delim = ',', quote = '"', escape = '"', comment = '', skip = 0,"""
    " strict_mode = true, null_padding = false, hive_partitioning = false"
)
"""CSV as RFC 4180 has it, with a header."""


def _list_paths(indexes: Iterable[int]) -> str:
    return f"[{', '.join(quote_literal(build_path(index)) for index in indexes)}]"


def read_parquet(count: int, first: int) -> str:
    """Return a table of `count` Parquet files, beginning with the index `first`."""
    paths = _list_paths(range(first, first + count))
    return f"read_parquet({paths}, union_by_name = true, hive_partitioning = false)"


def read_csv(indexes: Sequence[int], compression: str, buffer_bytes: int | None = None) -> str:
    """Return a table of CSV files (RFC 4180, with a header). Cells are text, empty ones null.

    DuckDB reads two buffers before it gives the first row, of 32 MB each unless told otherwise.
    """
    size = f", buffer_size = {buffer_bytes}" if buffer_bytes else ""
    return (
        f"read_csv({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" {CSV_FORM}, all_varchar = true{size})"
    )


def read_csv_lines(index: int, compression: str) -> str:
    """Return a query of the first line of a text file, whatever it holds."""
    return (
        f"SELECT line FROM read_csv({_list_paths([index])}, auto_detect = false, header = false,"
        f" compression = {quote_literal(compression)}, columns = {{'line': 'VARCHAR'}},"
        " delim = '\x01', quote = '', escape = '', strict_mode = false) LIMIT 1"
    )


def read_plain_csv(index: int, compression: str, columns: int) -> str:
    """Return a query that reads a CSV file of so many columns, without guessing its form first."""
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    return (
        f"SELECT count(*) FROM read_csv({_list_paths([index])}, auto_detect = false,"
        f" compression = {quote_literal(compression)}, {CSV_FORM}, columns = {{{types}}})"
    )


def read_json(indexes: Sequence[int], compression: str, columns: Sequence[Column]) -> str:
    """Return a table of these columns of JSON Lines files. Cells are JSON.

    An integer is exact; any other number is the nearest double.
    """
    if not columns:
        return _read_json_objects(indexes, compression)
    types = ", ".join(f"{quote_literal(column.name)}: 'JSON'" for column in columns)
    return (
        f"read_json({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" records = true, format = 'newline_delimited', columns = {{{types}}},"
        f" maximum_object_size = {MAX_OBJECT_BYTES}, hive_partitioning = false)"
    )


def select_json_keys(indexes: Sequence[int], compression: str) -> str:
    """Return a query of the names of all fields in JSON Lines files, sorted."""
    objects = _read_json_objects(indexes, compression)
    return f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {objects} ORDER BY key"


def _read_json_objects(indexes: Sequence[int], compression: str) -> str:
    return (
        f"read_json_objects({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" format = 'newline_delimited', maximum_object_size = {MAX_OBJECT_BYTES})"
    )
