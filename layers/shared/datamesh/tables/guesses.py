"""The types of text, guessed by a sample of cells.

A type is guessed only if each cell of the sample is written as that type is shown: `007` is text
and no integer, for its zeros would be lost. Nothing of the cells is kept.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import isfinite

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
LONG_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,37})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,6})?")
"""A decimal has up to six digits behind the point; a number of more was computed, and is a
double."""
DOUBLE = re.compile(
    r"-?(0|[1-9][0-9]{0,14}|(0|[1-9][0-9]{0,37})\.[0-9]{1,38})([eE][+-]?[0-9]{1,3})?|-?Infinity"
)
"""An integer of more digits could not be held exactly."""
NOT_ZERO = re.compile("[^eE]*[1-9]")
BOOLEAN = re.compile("true|false", re.IGNORECASE)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")
NULL_MARKERS = ("NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", r"\N", "-")
"""The texts that writers put for a null; only in a column of numbers, dates and the like is it
one."""
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def _is_integer(cell: str) -> bool:
    return bool(INTEGER.fullmatch(cell)) and MIN_INTEGER <= int(cell) <= MAX_INTEGER


def _is_double(cell: str) -> bool:
    """Return True for a number that a double is near to: not for 1e400, nor for 1e-400."""
    if not DOUBLE.fullmatch(cell):
        return False
    if cell.endswith("Infinity"):
        return True
    return isfinite(float(cell)) and (float(cell) != 0 or not NOT_ZERO.match(cell))


def _is_read_by(pattern: re.Pattern[str], parse: Callable[[str], object], cell: str) -> bool:
    with suppress(ValueError):
        return bool(pattern.fullmatch(cell)) and parse(cell) is not None
    return False


TESTS: Mapping[str, Callable[[str], bool]] = {
    "boolean": lambda cell: bool(BOOLEAN.fullmatch(cell)),
    "bigint": _is_integer,
    "decimal(38,0)": lambda cell: bool(LONG_INTEGER.fullmatch(cell)),
    "decimal": lambda cell: bool(DECIMAL.fullmatch(cell)),
    "double": _is_double,
    "date": lambda cell: _is_read_by(DATE, date.fromisoformat, cell),
    "timestamp": lambda cell: _is_read_by(TIMESTAMP, datetime.fromisoformat, cell),
    "time": lambda cell: _is_read_by(TIME, time.fromisoformat, cell),
}
"""Type -> the test that a cell is written as it is shown, in the order of preference."""


@dataclass
class CellGuess:
    """The cells of a column, one after the other."""

    possible: list[str] = field(default_factory=lambda: list(TESTS))
    """The types that every cell so far is of."""
    cells: int = 0
    """How many were neither empty nor null markers."""
    empty: int = 0
    """How many were empty."""
    markers: set[str] = field(default_factory=set)
    """The null markers that there were."""

    def add_cell(self, cell: str) -> None:
        """Take another cell into account."""
        if not cell:
            self.empty += 1
        elif cell in NULL_MARKERS:
            self.markers.add(cell)
        else:
            self.cells += 1
            if self.possible:
                self.possible = [name for name in self.possible if TESTS[name](cell)]

    def merge(self, other: "CellGuess") -> None:
        """Take the cells of another guess into account."""
        self.possible = [name for name in self.possible if name in other.possible]
        self.cells += other.cells
        self.empty += other.empty
        self.markers |= other.markers

    @property
    def type(self) -> str:
        """The type of all cells; `string` if there were none, or of no other type."""
        return self.possible[0] if self.cells and self.possible else "string"

    @property
    def is_nullable(self) -> bool:
        """Return True if a cell was empty, or a null marker in a column of no text."""
        return self.empty > 0 or (self.type != "string" and bool(self.markers))


def guess_type(cell: str) -> str:
    """Return the type of a cell by itself."""
    guess = CellGuess()
    guess.add_cell(cell)
    return guess.type
