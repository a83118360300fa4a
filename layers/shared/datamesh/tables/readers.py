"""DuckDB's readers of files, which are named by their indexes in the scan."""

from collections.abc import Iterable, Sequence

from datamesh.tables.filesystem import path_of
from datamesh.tables.sql import literal
from datamesh.tables.table import Column

MAX_OBJECT_BYTES = 16 * 1024 * 1024


def _paths(indexes: Iterable[int]) -> str:
    return f"[{', '.join(literal(path_of(index)) for index in indexes)}]"


def read_parquet(count: int, first: int) -> str:
    paths = _paths(range(first, first + count))
    return f"read_parquet({paths}, union_by_name = true, hive_partitioning = false)"


def read_csv(indexes: Sequence[int], compression: str) -> str:
    """RFC 4180 with a header; an empty cell is null."""
    return (
        f"read_csv({_paths(indexes)}, compression = {literal(compression)}, header = true,"
        """ delim = ',', quote = '"', escape = '"', comment = '', skip = 0, all_varchar = true,"""
        " strict_mode = true, null_padding = false, hive_partitioning = false)"
    )


def read_json(indexes: Sequence[int], compression: str, columns: Sequence[Column]) -> str:
    """Every cell as JSON; an integer is exact, another number what a double holds."""
    if not columns:
        return _objects(indexes, compression)
    types = ", ".join(f"{literal(column.name)}: 'JSON'" for column in columns)
    return (
        f"read_json({_paths(indexes)}, compression = {literal(compression)}, records = true,"
        f" format = 'newline_delimited', columns = {{{types}}},"
        f" maximum_object_size = {MAX_OBJECT_BYTES}, hive_partitioning = false)"
    )


def keys(indexes: Sequence[int], compression: str) -> str:
    objects = _objects(indexes, compression)
    return f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM {objects} ORDER BY key"


def _objects(indexes: Sequence[int], compression: str) -> str:
    return (
        f"read_json_objects({_paths(indexes)}, compression = {literal(compression)},"
        f" format = 'newline_delimited', maximum_object_size = {MAX_OBJECT_BYTES})"
    )
