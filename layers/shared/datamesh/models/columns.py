"""Names of columns: which of them nobody can tell apart."""

from collections.abc import Iterable


def fold_case(name: str) -> str:
    """Return the name as DuckDB compares it: with ASCII letters, and no others, in lower case."""
    return name.encode().lower().decode()


def find_clash(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two names that differ by upper and lower case alone; None if there are no such.

    DuckDB, Spark and Athena take such names for one.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(fold_case(name), name)
        if other != name:
            return other, name
    return None
