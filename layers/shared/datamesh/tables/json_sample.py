"""The columns of JSON Lines files, guessed by their first lines."""

import json
from dataclasses import dataclass, field
from math import isinf

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.types import DECIMAL_DIGITS
from datamesh.tables.guesses import MAX_INTEGER, MIN_INTEGER, NULL_MARKERS, CellGuess
from datamesh.tables.inferred import NULL, FileColumn
from datamesh.tables.preamble import BYTE_ORDER_MARK

NOT_JSON = "not valid JSON; each line has to be one object"
NOT_AN_OBJECT = "not a JSON object; each line has to be one"
DATE_TYPES = ("date", "timestamp", "time")
"""The types that text is taken for. A number in quotes was meant to be text."""
MAX_EXACT_DOUBLE = 2**53
SHORT_INTEGER, LONG_INTEGER = "integer", "decimal(38,0)"
"""Integers that a double holds exactly, and those that no bigint holds."""


@dataclass
class _KeyGuess:
    """The values of a key."""

    values: int = 0
    """How many are not null."""
    types: set[str] = field(default_factory=set)
    texts: CellGuess = field(default_factory=CellGuess)

    def add_value(self, value: object) -> None:
        if value is None:
            return
        self.values += 1
        self.types.add(_find_json_type(value))
        if isinstance(value, str):
            # Neither empty text nor NULL_MARKERS are nulls in JSON.
            self.texts.add_cell(" " if value in ("", *NULL_MARKERS) else value)

    def find_type(self) -> str:
        types = self.types
        if not types:
            return NULL
        if types == {"string"}:
            return self.texts.type if self.texts.type in DATE_TYPES else "string"
        if types <= {SHORT_INTEGER, "bigint"}:
            return "bigint"
        if types <= {SHORT_INTEGER, "bigint", LONG_INTEGER}:
            return LONG_INTEGER
        if types == {SHORT_INTEGER, "double"}:
            return "double"
        if len(types) == 1:
            return next(iter(types))
        return "json" if "json" in types else "string"


@dataclass
class JsonSampler:
    """The first rows of files."""

    max_cells: int
    """How many values of a file are looked at."""
    guesses: dict[str, _KeyGuess] = field(default_factory=dict)
    rows: int = 0

    def add_content(self, content: bytes, *, whole: bool) -> None:
        """Add the beginning of a file, or all of it if `whole`.

        Raises UnreadableDataset, whose text is a reason that does not name the file.
        """
        lines = content.removeprefix(BYTE_ORDER_MARK).split(b"\n")
        if not whole and len(lines) == 1:
            raise UnreadableDataset(
                f"its first line is longer than the {len(content)} bytes that are looked at;"
                " register the product with its columns in `schema`"
            )
        cells = 0
        for number, line in enumerate(lines if whole else lines[:-1], 1):
            if not line.strip():
                continue
            row = _parse_row(line, number)
            self.rows += 1
            for name, value in row.items():
                self.guesses.setdefault(name, _KeyGuess()).add_value(value)
            cells += len(row)
            if cells > self.max_cells:
                return

    def build_columns(self) -> list[FileColumn]:
        """Return the columns of all files, in the order of their first rows."""
        return [
            FileColumn(name, guess.find_type(), nullable=guess.values < self.rows)
            for name, guess in self.guesses.items()
        ]


def _parse_row(line: bytes, number: int) -> dict[str, object]:
    try:
        row = json.loads(
            line.decode(),
            parse_constant=_read_constant,
            parse_float=_read_float,
            parse_int=_read_integer,
        )
    except RecursionError:
        raise UnreadableDataset(f"line {number}: nested too deeply to be looked at") from None
    except ValueError:
        raise UnreadableDataset(f"line {number}: {NOT_JSON}") from None
    if row is None:
        return {}  # a row of nulls, as DuckDB reads it
    if not isinstance(row, dict):
        raise UnreadableDataset(f"line {number}: {NOT_AN_OBJECT}")
    return row


def _read_constant(text: str) -> float | None:
    """Return what rows have for a number that is no JSON: null for NaN, or an infinite one."""
    return None if text == "NaN" else float(text)


def _read_float(text: str) -> float | str:
    """Return a number, or its text if it is beyond all doubles: no other type holds it."""
    return text if isinf(float(text)) else float(text)


def _read_integer(text: str) -> int | str:
    """Return an integer, or its text if it has more digits than a decimal: no other type does."""
    return int(text) if len(text.lstrip("-")) <= DECIMAL_DIGITS else text


def _find_json_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        if abs(value) <= MAX_EXACT_DOUBLE:
            return SHORT_INTEGER
        return "bigint" if MIN_INTEGER <= value <= MAX_INTEGER else LONG_INTEGER
    if isinstance(value, float):
        return "double"
    return "string" if isinstance(value, str) else "json"
