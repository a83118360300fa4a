"""How much stored data one query may read, and for how long."""

from dataclasses import dataclass

from datamesh.errors.requests import ScanTooLarge

MAX_SECONDS = 15.0
"""How long all statements of a request may take together. A function may take 25 s."""
ADVICE = "filter by a partition, or ask for fewer columns"


@dataclass(frozen=True)
class ScanBudget:
    """The bounds of one query, and how its caller can read of them."""

    max_bytes: int
    """How many stored bytes it may read."""
    max_files: int | None = None
    """How many stored files it may open; None for as many as a dataset may have."""
    max_seconds: float = MAX_SECONDS
    """How long all its statements may take together."""
    settings: str = "MAX_SCAN"
    """The beginning of the names of its settings: `MAX_SCAN` for `MAX_SCAN_BYTES`."""
    caller: str = "one query"
    """The one whom the bounds are for, in words for error messages."""

    def check_total(self, files: int, size: int) -> None:
        """Raise ScanTooLarge if so many files of so many bytes are more than one query may read."""
        if self.max_files is not None and files > self.max_files:
            raise self._refuse(f"The query would read {files} files", f"{self.max_files}", "FILES")
        if size > self.max_bytes:
            would_read = f"The query would read {size} bytes of {files} files"
            raise self._refuse(would_read, f"{self.max_bytes}", "BYTES")

    def check_files(self, number: int) -> None:
        """Raise ScanTooLarge if one query may not open so many files."""
        if self.max_files is not None and number > self.max_files:
            raise self._refuse("The query has to read further files", f"{self.max_files}", "FILES")

    def refuse_bytes(self) -> ScanTooLarge:
        """Return the error of a query that reads more bytes than it may."""
        return self._refuse("The query has to read further bytes", f"{self.max_bytes}", "BYTES")

    def refuse_seconds(self) -> ScanTooLarge:
        """Return the error of a query that takes longer than it may."""
        if self.max_seconds >= MAX_SECONDS:  # a constant, or the time of the whole request
            return ScanTooLarge(f"The query took too long; {ADVICE}")
        return self._refuse("The query took too long", f"{self.max_seconds:g} s", "SECONDS")

    def _refuse(self, found: str, bound: str, measure: str) -> ScanTooLarge:
        return ScanTooLarge(
            f"{found}, more than the {bound} ({self.settings}_{measure})"
            f" that {self.caller} may; {ADVICE}"
        )
