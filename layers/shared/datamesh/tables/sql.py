"""Text that is safe within SQL. Values are bound; only what cannot be bound is quoted here.

Columns of data are called `c0`, `c1`, ... everywhere except where files are opened and where the
result gets its names, so that no name of a schema can be taken for a name of these queries.
"""

from datamesh.errors.datasets import UnreadableDataset


def quote_identifier(name: str) -> str:
    """Return the name as an SQL identifier: `a"b` -> `"a""b"`."""
    return f'"{_refuse_nul(name).replace('"', '""')}"'


def quote_literal(text: str) -> str:
    """Return the text as an SQL string: `it's` -> `'it''s'`."""
    return f"'{_refuse_nul(text).replace("'", "''")}'"


def drop_zeros(number: str) -> str:
    """Return the expression of a decimal's text without the zeros at its end."""
    return rf"regexp_replace({number}, '\.?0*$', '')"


def drop_nan(cell: str) -> str:
    """Return the expression of a float that is null for NaN.

    DuckDB would decide `nullif(cell, 'nan')` by the statistics of a Parquet file, which leave NaN
    out, and `isnan(cell)` too if they count no null: a cell of such a file needs
    `hide_statistics`.
    """
    return f"CASE WHEN NOT isnan({cell}) THEN {cell} END"


def hide_statistics(cell: str) -> str:
    """Return the expression of a cell that DuckDB evaluates for each row.

    The cell itself is decided by the footer of a Parquet file: `cell IS NULL` by how many nulls
    are counted there. So are `coalesce(cell, cell)` and the like.
    """
    return f"TRY({cell})"


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise UnreadableDataset("A column's name holds a NUL character")
    return text
