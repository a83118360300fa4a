"""Text that is safe within SQL. Values are bound; only what cannot be bound is quoted here.

Columns of data have the positional names `c0`, `c1`, ... everywhere but where files are opened and
where the result gets its names, so that no name of a schema can meet one of ours.
"""

from datamesh.errors import UnreadableDataset


def identifier(name: str) -> str:
    return f'"{_without_nul(name).replace('"', '""')}"'


def literal(text: str) -> str:
    return f"'{_without_nul(text).replace("'", "''")}'"


def folded(name: str) -> str:
    """DuckDB compares names so: whatever the case of ASCII letters."""
    return name.encode().lower().decode()


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise UnreadableDataset("A column's name holds a NUL character")
    return text
