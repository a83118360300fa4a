"""Counts of checks, which services read without DuckDB."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckCount:
    """The number that a check has looked at, or why it has not."""

    measured: int | None = None
    """The rows or values that were counted; for the newest value its age in microseconds, None if
    there is no value."""
    failing_rows: int | None = None
    """The rows that are counted, or that have the values that are."""
    problem: str | None = None
    """Why it could not be counted."""
    is_failure: bool = False
    """The problem is one of the data, not of the check."""
