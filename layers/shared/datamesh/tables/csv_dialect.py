"""The dialect and the columns of CSV files, guessed by their first lines."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.csv_dialect import CsvDialect
from datamesh.tables.csv_lines import find_uneven_line, split_lines
from datamesh.tables.guesses import CellGuess, guess_type
from datamesh.tables.inferred import FileColumn
from datamesh.tables.transcoding import UTF_32_IS_NOT_READ, UTF_32_MARKS

DELIMITERS = (",", ";", "\t", "|")
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MAX_DIALECT_ROWS = 200
"""How many rows a delimiter is judged by."""
MIN_ROWS = 20
"""How many rows are looked at however many columns there are."""


@dataclass(frozen=True)
class SampledDialect:
    """The form of a CSV file."""

    delimiter: str = ","
    has_header: bool = True
    encoding: str = "utf-8"

    def describe(self) -> str:
        """Return the dialect in words for messages."""
        header = "a header" if self.has_header else "no header"
        return f"{self.encoding} with {self.delimiter!r} between cells and {header}"


@dataclass
class CsvSampler:
    """The first rows of files that have one dialect."""

    max_cells: int
    """How many cells of a file are looked at."""
    given: CsvDialect | None = None
    """The dialect, if it is known."""
    dialect: SampledDialect | None = None
    """The dialect of the first file."""
    guesses: dict[str, CellGuess] = field(default_factory=dict)
    files: int = 0
    in_files: dict[str, int] = field(default_factory=dict)
    """Column -> how many files have it."""
    repeated: set[str] = field(default_factory=set)
    """The names that several columns of a file have."""

    def add_content(self, content: bytes, *, whole: bool) -> None:
        """Add the beginning of a file, or all of it if `whole`.

        Raises UnreadableDataset, whose text is a reason that does not name the file.
        """
        given = self.given
        text, encoding = _decode_as(content, given) if given else decode_text(content, whole=whole)
        form = given or CsvDialect(delimiter=find_delimiter(text))
        try:
            rows = read_csv_rows(text, form, whole=whole)
        except csv.Error:
            raise UnreadableDataset("not CSV with closed quotes") from None
        if not rows:
            raise UnreadableDataset("has no rows")
        rows = rows[: max(MIN_ROWS, self.max_cells // len(rows[0]))]
        has_header = given.header if given else has_header_row(rows)
        dialect = SampledDialect(form.delimiter, has_header, encoding)
        self.dialect = self.dialect or dialect
        if dialect != self.dialect:
            raise UnreadableDataset(f"is {dialect.describe()}, unlike the files before it")
        if len({len(row) for row in rows}) > 1:
            raise UnreadableDataset(_describe_uneven_line(text, form))
        self._add_rows(rows, dialect)

    def _add_rows(self, rows: Sequence[Sequence[str]], dialect: SampledDialect) -> None:
        cells = rows[0] if dialect.has_header else [""] * len(rows[0])
        # A column without a name is called by its place, as where rows are read.
        names = [name if name.strip() else f"column{place}" for place, name in enumerate(cells)]
        nulls = self.given.nulls if self.given else []
        below = [["" if cell in nulls else cell for cell in row] for row in rows] if nulls else rows
        found = guess_columns(below[dialect.has_header :], len(names))
        for name, guess in zip(names, found, strict=True):
            self.guesses.setdefault(name, CellGuess()).merge(guess)
        for name, times in Counter(names).items():
            self.in_files[name] = self.in_files.get(name, 0) + 1
            if times > 1:
                self.repeated.add(name)
        self.files += 1

    def build_columns(self) -> list[FileColumn]:
        """Return the columns of all files, in the order of their first ones."""
        return [
            FileColumn(name, guess.type, guess.is_nullable or self.in_files[name] < self.files)
            for name, guess in self.guesses.items()
        ]

    def find_null_markers(self) -> list[str]:
        """Return what stands for a null in columns of numbers, dates and the like."""
        found = {
            marker
            for guess in self.guesses.values()
            if guess.type != "string"
            for marker in guess.markers
        }
        return sorted(found)


def _describe_uneven_line(text: str, form: CsvDialect) -> str:
    """Return which line of a text without those to skip differs from the first one, and how."""
    uneven = find_uneven_line(io.StringIO(text, newline=""), form)
    if uneven is None:
        return "its lines differ in their numbers of cells"
    line, expected, actual = uneven
    return f"line {line + form.skip}: expected {expected} columns, found {actual}"


def guess_columns(rows: Sequence[Sequence[str]], count: int) -> list[CellGuess]:
    """Return the guesses of the first `count` columns of rows."""
    found = [CellGuess() for _ in range(count)]
    for guess, cells in zip(found, zip(*rows, strict=False), strict=False):
        for cell in set(cells):
            guess.add_cell(cell)
    return found


def decode_text(content: bytes, *, whole: bool) -> tuple[str, str]:
    """Return the text of the beginning of a file, and its encoding as an output port names it."""
    if content.startswith(UTF_32_MARKS):
        raise UnreadableDataset(UTF_32_IS_NOT_READ)
    if content.startswith(UTF_16_MARKS):
        return content.decode("utf-16", "ignore"), "utf-16"
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        if not whole and error.end >= len(content) - 3:  # the sample ends within a character
            return content[: error.start].decode("utf-8-sig"), "utf-8"
    try:
        return content.decode("windows-1252"), "windows-1252"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _decode_as(content: bytes, given: CsvDialect) -> tuple[str, str]:
    """Return the text below the lines to skip, and the encoding."""
    text = content.decode(given.encoding, "replace").removeprefix("\ufeff")
    lines = io.StringIO(text, newline="")
    for _ in range(given.skip):
        lines.readline()
    return lines.read(), given.encoding


def find_delimiter(text: str) -> str:
    """Return the delimiter that gives the most columns, all rows alike if possible."""
    best, score = DELIMITERS[0], (0.0, 1)
    for delimiter in DELIMITERS:
        try:
            form = CsvDialect(delimiter=delimiter)
            rows = read_csv_rows(text, form, whole=False, most=MAX_DIALECT_ROWS)
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows) / max(len(rows), 1)
        if width > 1 and (alike, width) > score:
            best, score = delimiter, (alike, width)
    return best


def has_header_row(rows: Sequence[Sequence[str]]) -> bool:
    """Return False if the first row is like those below it, and they are not text alone."""
    first, below = rows[0], rows[1:MAX_DIALECT_ROWS]
    guesses = guess_columns(below, len(first))
    typed = [
        guess_type(cell)
        for cell, guess in zip(first, guesses, strict=True)
        if guess.type != "string"
    ]
    # Names of a pivot table are numbers too, but not all of them.
    if not typed:
        return any(guess_type(cell) == "string" for cell in first)
    return "string" in typed


def read_csv_rows(
    text: str, form: CsvDialect, *, whole: bool, most: int | None = None
) -> list[list[str]]:
    """Return the rows of a file or, unless it is `whole`, those before the one that is cut off.

    Raises csv.Error.
    """
    rows: list[list[str]] = []
    try:
        for row in split_lines(io.StringIO(text, newline=""), form, strict=True):
            if row:
                rows.append(row)
            if most is not None and len(rows) >= most:
                return rows
    except csv.Error:
        if whole or not rows:
            raise
        return rows
    return rows if whole else rows[:-1] or rows
