"""SQL that calls DuckDB's readers. Files are named by their indexes in the scan."""

from collections.abc import Iterable, Sequence

from datamesh.models.columns import find_clash
from datamesh.models.csv_dialect import CsvDialect
from datamesh.tables.filesystem import build_path
from datamesh.tables.sql import quote_literal
from datamesh.tables.table import Column

MAX_OBJECT_BYTES = 16 * 1024 * 1024
"""The largest line of a JSON Lines file."""
MAX_LINE_BYTES = 2_000_000
"""The longest line of a CSV file. Left to itself, DuckDB takes longer ones with some buffers."""
LINES_IN_BUFFER = 4
"""How many of the longest lines a buffer for CSV holds at least. With fewer, DuckDB takes a line
that two buffers share for several, or for one that is no CSV."""
SAMPLED_ROWS = 100
"""The number of rows of a JSON Lines file in which keys are looked for."""


def _list_paths(indexes: Iterable[int]) -> str:
    return f"[{', '.join(quote_literal(build_path(index)) for index in indexes)}]"


def call_columns_by_place(read: str, count: int) -> str:
    """Return the same table, but its columns are called `col0`, `col1`, ..., whatever their names.

    Columns that DuckDB adds, such as `file_index`, keep their names.
    """
    names = ", ".join(f"col{place}" for place in range(count))
    return f"{read} AS cells({names})" if count else read


def read_parquet(indexes: Iterable[int], *, union_by_name: bool = False) -> str:
    """Return a table of Parquet files, which have the same columns in the same order unless told.

    DuckDB takes names for one that differ by case alone, so columns of data are not found by it.
    """
    union = ", union_by_name = true" if union_by_name else ""
    return f"read_parquet({_list_paths(indexes)}, hive_partitioning = false{union})"


def select_parquet_schema(indexes: Iterable[int]) -> str:
    """Return a query of the parts of Parquet files' schemas, in their order, file by file.

    A row has the file's path, the part's name, how many parts are directly within it, types, and
    the digits of a decimal.
    """
    return (
        "SELECT file_name, name, num_children, type, duckdb_type, converted_type, logical_type,"
        f" precision FROM parquet_schema({_list_paths(indexes)})"
    )


def select_arrow_schemas(indexes: Iterable[int]) -> str:
    """Return a query of the Arrow schemas that writers kept in the footers of Parquet files."""
    return (
        "SELECT CAST(file_name AS VARCHAR), value FROM"
        f" parquet_kv_metadata({_list_paths(indexes)}) WHERE key = 'ARROW:schema'"
    )


def read_parquet_statistics(indexes: Iterable[int]) -> str:
    """Return a table of the statistics in footers: one row a column of a row group."""
    return f"parquet_metadata({_list_paths(indexes)})"


def read_parquet_footers(indexes: Iterable[int]) -> str:
    """Return a table of what footers tell of whole files, such as `created_by`."""
    return f"parquet_file_metadata({_list_paths(indexes)})"


def read_csv(
    indexes: Sequence[int],
    compression: str,
    dialect: CsvDialect,
    buffer_bytes: int | None = None,
) -> str:
    """Return a table of CSV files. Cells are text; no quoted one is null.

    DuckDB reads two buffers before it gives the first row, of 32 MB each unless told otherwise.
    """
    size, longest = "", MAX_LINE_BYTES
    if buffer_bytes:
        size = f", buffer_size = {buffer_bytes}"
        longest = min(MAX_LINE_BYTES, buffer_bytes // LINES_IN_BUFFER)
    return (
        f"read_csv({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" {_describe_dialect(dialect, compression, longest)}, all_varchar = true{size})"
    )


def find_left_skip(dialect: CsvDialect, compression: str) -> int:
    """Return how many lines DuckDB has to skip: of zstd alone it sees them (`preamble`)."""
    return dialect.skip if compression == "zstd" else 0


def _describe_dialect(
    dialect: CsvDialect, compression: str, longest_line: int = MAX_LINE_BYTES
) -> str:
    quote = dialect.quote or ""
    nulls = ", ".join(map(quote_literal, dialect.nulls))
    skip = find_left_skip(dialect, compression)
    return (
        f"header = {dialect.header}, skip = {skip},"
        f" delim = {quote_literal(dialect.delimiter)}, quote = {quote_literal(quote)},"
        f" escape = {quote_literal(dialect.escape or quote)}, comment = '',"
        f" nullstr = [{nulls}], allow_quoted_nulls = false,"
        " strict_mode = true, null_padding = false, hive_partitioning = false,"
        f" max_line_size = {longest_line}"
    )


def select_csv_header(
    index: int, compression: str, dialect: CsvDialect, buffer_bytes: int | None = None
) -> str:
    """Return a query of the cells in the first line of a CSV file, as they are written there."""
    as_rows = dialect.model_copy(update={"header": False, "nulls": [""]})
    read = read_csv([index], compression, as_rows, buffer_bytes)
    return f"SELECT * FROM {read} LIMIT 1"


def read_csv_lines(index: int, compression: str, skip: int = 0, count: int = 1) -> str:
    """Return a query of the first lines of a text file behind `skip` others, whatever they hold."""
    return (
        f"SELECT line FROM read_csv({_list_paths([index])}, auto_detect = false, header = false,"
        f" compression = {quote_literal(compression)}, columns = {{'line': 'VARCHAR'}},"
        f" skip = {skip}, delim = '\x02', quote = '', escape = '', strict_mode = false)"
        f" LIMIT {count}"
    )


def read_plain_csv(index: int, compression: str, dialect: CsvDialect, columns: int) -> str:
    """Return a query that reads a CSV file of so many columns, without guessing its form first."""
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    return (
        f"SELECT count(*) FROM read_csv({_list_paths([index])}, auto_detect = false,"
        f" compression = {quote_literal(compression)}, {_describe_dialect(dialect, compression)},"
        f" columns = {{{types}}})"
    )


def read_json(indexes: Sequence[int], compression: str, columns: Sequence[Column]) -> str:
    """Return a table of these columns of JSON Lines files, as `col0`, ... Cells are JSON.

    An integer is exact; any other number is the nearest double.
    """
    objects = _read_json_objects(indexes, compression)
    names = [column.name for column in columns]
    if not names:
        return objects
    if find_clash(names) or "" in names:
        # DuckDB cannot call columns so. They are keys that are in no schema, for a profile.
        cells = ", ".join(
            f"nullif(json_extract(json, {_quote_pointer(name)}), 'null')" for name in names
        )
        read = f"(SELECT {cells}, file_index FROM {objects})"
        return f"{call_columns_by_place(read, len(names)).removesuffix(')')}, file_index)"
    types = ", ".join(f"{quote_literal(name)}: 'JSON'" for name in names)
    read = (
        f"read_json({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" records = true, format = 'newline_delimited', columns = {{{types}}},"
        f" maximum_object_size = {MAX_OBJECT_BYTES}, hive_partitioning = false)"
    )
    return call_columns_by_place(read, len(names))


def _quote_pointer(key: str) -> str:
    """Return the JSON Pointer (RFC 6901) of a key, as an SQL string: `a/b` -> `'/a~1b'`."""
    return quote_literal(f"/{key.replace('~', '~0').replace('/', '~1')}")


def select_json_keys(indexes: Sequence[int], compression: str) -> str:
    """Return a query of the names of all fields in JSON Lines files, sorted."""
    objects = _read_json_objects(indexes, compression)
    return f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {objects} ORDER BY key"


def select_first_json_keys(indexes: Sequence[int], compression: str) -> str:
    """Return a query of the names of all fields in the first rows of JSON Lines files."""
    objects = _read_json_objects(indexes, compression)
    rows = f"(SELECT json FROM {objects} LIMIT {SAMPLED_ROWS})"
    return f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {rows} ORDER BY key"


def _read_json_objects(indexes: Sequence[int], compression: str) -> str:
    return (
        f"read_json_objects({_list_paths(indexes)}, compression = {quote_literal(compression)},"
        f" format = 'newline_delimited', maximum_object_size = {MAX_OBJECT_BYTES})"
    )
