"""The faults of a file that DuckDB's errors name, in words of our own.

DuckDB quotes the row or the value that it stumbles over, columns included that nobody may see. So
nothing of its text reaches a reader but numbers: file, line or row, and how many columns.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datamesh.errors.datasets import UnreadableDataset
from datamesh.tables.filesystem import PROTOCOL, build_path
from datamesh.tables.json_sample import NOT_AN_OBJECT, NOT_JSON
from datamesh.tables.sql import quote_literal

MAX_LOGGED = 200
UNREADABLE_CELL = "unreadable cell"
"""How the message of `refuse_cell` begins."""
NOT_CSV = (
    "not CSV as its output port describes it (csv; if it does not: in UTF-8 with a header, commas"
    " and double quotes), with quotes closed, one kind of newline and as many cells in each line as"
    " in the first"
)
INVALID_STATE = "The CSV Parser state machine reached an invalid state"
UNTERMINATED_QUOTE = "Value with unterminated quote found"
LONG_LINE = "Maximum line size of "
SUM_OVERFLOWS = ("Overflow in SUM of DECIMAL", "Overflow in HUGEINT addition")
"""The messages of DuckDB about a sum that its type does not hold."""
WIDE_SUM = (
    "A sum is too large: of integers and decimals it has at most 38 digits, of doubles it is at"
    " most 1.8e308; filter the rows, or group by more columns"
)
MAY_BE_UNEVEN = (INVALID_STATE, UNTERMINATED_QUOTE)
"""The messages of DuckDB about lines that end in several ways, and about some that are no CSV."""
NOT_UTF_8 = "not UTF-8; its output port can name another encoding (`csv.encoding`)"
CANNOT_SNIFF = re.compile(rf'Invalid Input Error: Error when sniffing file "{PROTOCOL}://([0-9]+)"')
CSV_LINE = re.compile(r"Invalid Input Error: CSV Error on Line: ([0-9]+)\n")
CSV_COLUMNS = re.compile(r"^Expected Number of Columns: ([0-9]+) Found: ([0-9]+)$", re.MULTILINE)
FILE_PATH = re.compile(rf"{PROTOCOL}://([0-9]+)")
FILE_AT_END = re.compile(rf"^  file = {PROTOCOL}://([0-9]+)$", re.MULTILINE)
VALUE = re.compile(r"""['"\[{]|Original Line|[Vv]alue""")
"""The words that may stand before a value in a text of DuckDB's."""


@dataclass(frozen=True)
class Fault:
    """A fault of the data, and where it is."""

    reason: str
    file: int | None = None
    """The index of the file in the scan; None if DuckDB does not name it."""
    place: str = ""
    """The row, and the column, as far as they are known."""
    line: int | None = None
    """The line as DuckDB counts them, if that is known in place of the row."""

    def describe(self, file: str, lines_before: int = 0) -> str:
        """Return the message for a file's name: `a.csv, line 3: expected 2 columns, found 3`.

        `lines_before` are those of the file that DuckDB has not seen.
        """
        place = self.place if self.line is None else f"line {self.line + lines_before}"
        return f"{', '.join(filter(None, (file, place)))}: {self.reason}"


class UnevenNewlines(Exception):
    """Lines of a CSV file may end in several ways. It is to be read again with one of them."""

    def __init__(self, fault: UnreadableDataset) -> None:
        super().__init__(str(fault))
        self.fault = fault
        """The error if that is no way out."""


class LongLines(Exception):
    """Lines of a CSV file are too long for small buffers. It is to be read again with others."""

    def __init__(self, fault: UnreadableDataset | None) -> None:
        super().__init__()
        self.fault = fault
        """The error if that is no way out; None if it is that of the bounds."""


def refuse_cell(file: str, row: str, column: str, problem: str) -> str:
    """Return the expression that ends a query because of a cell; `file` and `row` are expressions.

    `row` counts from 0, and is negative if no row is to be named. `problem` says what is wrong,
    and must not hold any data.
    """
    tail = quote_literal(f" column '{' '.join(column.split())}': {problem}")
    return f"error({quote_literal(f'{UNREADABLE_CELL} ')} || ({file}) || ' ' || ({row}) || {tail})"


def describe_fault(text: str) -> Fault:
    """Return what the text of an error of DuckDB means for whoever wrote the data."""
    for pattern, describe in FAULTS:
        found = pattern.match(text)
        if found:
            return describe(found, text)
    named = FILE_PATH.search(text)
    reason = next((reason for words, reason in REASONS if words in text), "cannot be read")
    return Fault(reason, int(named[1]) if named else None)


def find_unsniffed_file(text: str) -> int | None:
    """Return the index of a CSV file whose form DuckDB could not guess; None for other errors."""
    found = CANNOT_SNIFF.match(text)
    if not found and LONG_LINE in text:
        found = FILE_AT_END.search(text)
    return int(found[1]) if found else None


def write_csv_error(file: int, line: int, expected: int, actual: int) -> str:
    """Return DuckDB's text of a line of a CSV file that has another number of cells."""
    return (
        f"Invalid Input Error: CSV Error on Line: {line}\n"
        f"Expected Number of Columns: {expected} Found: {actual}\n  file = {build_path(file)}"
    )


def cut_text(text: str) -> str:
    """Return the beginning of an error's text, up to where a value may follow, without numbers."""
    first = VALUE.split(text.partition("\n")[0], maxsplit=1)[0]
    return re.sub(r"[0-9]+", "#", first)[:MAX_LOGGED].strip()


def _describe_cell(found: re.Match[str], text: str) -> Fault:
    row = int(found[2])
    column, end, reason = found[3].rpartition("': ")
    places = (f"row {row + 1}" if row >= 0 else "", column + end[:1])
    return Fault(reason, int(found[1]), ", ".join(filter(None, places)))


def _describe_csv_line(found: re.Match[str], text: str) -> Fault:
    """Describe a bad line. The text quotes it, and says behind it what is wrong."""
    file = FILE_AT_END.findall(text)
    counts = CSV_COLUMNS.findall(text)
    if counts:
        expected, actual = counts[-1]
        reason = f"expected {expected} columns, found {actual}"
    else:
        tail = text[found.end() :]
        reason = next((reason for words, reason in CSV_REASONS if words in tail), NOT_CSV)
    return Fault(reason, int(file[-1]) if file else None, line=int(found[1]))


def _describe_json(found: re.Match[str], text: str) -> Fault:
    # DuckDB counts the rows before this one, the row itself, and one more.
    place = f"row {max(1, int(found[3]) - 1)}, byte {found[2]}"
    return Fault("not UTF-8" if "UTF-8" in text else NOT_JSON, int(found[1]), place)


def _describe_json_type(found: re.Match[str], text: str) -> Fault:
    return Fault(NOT_AN_OBJECT, int(found[1]), f"row {found[2]}")


FAULTS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], str], Fault]]] = (
    (
        re.compile(rf"Invalid Input Error: {UNREADABLE_CELL} ([0-9]+) (-?[0-9]+) (.*)"),
        _describe_cell,
    ),
    (CSV_LINE, _describe_csv_line),
    (CANNOT_SNIFF, lambda found, text: Fault(NOT_CSV, int(found[1]))),
    (
        re.compile(
            r'Invalid Input Error: Malformed JSON in file "mesh://([0-9]+)", at byte ([0-9]+)'
            r" in line ([0-9]+)"
        ),
        _describe_json,
    ),
    (
        re.compile(
            r'Invalid Input Error: JSON transform error in file "mesh://([0-9]+)",'
            r" in line ([0-9]+): Expected OBJECT"
        ),
        _describe_json_type,
    ),
    (
        re.compile(
            r'Invalid Input Error: JSON transform error in file "mesh://([0-9]+)",'
            r" in line ([0-9]+): Object .* has duplicate key ",
            re.DOTALL,
        ),
        lambda found, text: Fault("the same key twice", int(found[1]), f"row {found[2]}"),
    ),
)
"""Errors of which more is known than their kind, by how their text begins."""

CSV_REASONS = (
    (LONG_LINE, "the line is longer than 2000000 bytes"),
    ("Invalid unicode (byte sequence mismatch) detected", NOT_UTF_8),
    (UNTERMINATED_QUOTE, "a quote is not closed, or not doubled within text"),
)
ENCRYPTED = "it is encrypted, wholly or in part, which is not read"
REASONS = (
    ("Input is not a GZIP stream", "not gzip, though its name says so"),
    ("GZIP stream", "its gzip stream is damaged, or ends early"),
    ("Failed to decode gzip stream", "its gzip stream is damaged, or ends early"),
    ("Unknown frame descriptor", "not zstd, though its name says so"),
    ("maximum_object_size", "a row is longer than 16777216 bytes"),
    ("File is encrypted", ENCRYPTED),
    ("is encrypted, but", ENCRYPTED),
    (
        "BYTE_STREAM_SPLIT encoding is only supported",
        "a column has the encoding BYTE_STREAM_SPLIT, which is read of integers, floats and doubles"
        " alone",
    ),
    ("No magic bytes found", "not a Parquet file, or cut off"),
    ("too small to be a Parquet file", "not a Parquet file, or cut off"),
    ("Failed to read file", "damaged"),
    (INVALID_STATE, NOT_CSV),
    ("Conversion Error", "a value cannot be read as the type that its column has elsewhere"),
)
"""Words in the text of an error -> what they mean."""
