"""Durations and metadata of the columns of a Parquet file, by the Arrow schema in its footer.

Parquet has no type for durations: it holds integers, and the unit stands in `ARROW:schema` alone,
as does what Arrow's fields carry beside their types. That is a message of Arrow's IPC format
(Message.fbs and Schema.fbs of apache/arrow), encoded as a flatbuffer, of which these few fields are
read.
"""

import base64
import binascii
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

KEY = b"ARROW:schema"
CONTINUATION = b"\xff\xff\xff\xff"
"""Begins messages of today; earlier ones begin with their length."""
HEADER, FIELDS = 2, 1
"""The places of a message's header, and of a schema's fields."""
NAME, TYPE_KIND, TYPE, CHILDREN, METADATA = 0, 2, 3, 5, 6
"""The places of what a field has."""
PAIR_KEY, PAIR_VALUE = 0, 1
"""The places of what a pair of a field's metadata has."""
DURATION = 18
"""The kind of type that a duration is."""
UNITS = ("s", "ms", "us", "ns")
DEFAULT_UNIT = 1
MAX_NESTING = 16
MAX_COLUMNS = 20_000
"""How many columns are looked at, with those within them; and how many pairs of metadata."""

type Durations = dict[tuple[str, ...], str]
"""Path of a column, outermost name first -> the unit that it counts."""


@dataclass(frozen=True)
class _FlatTable:
    """A table of a flatbuffer. Its reads raise what `struct.unpack_from` does."""

    content: bytes
    begin: int

    def _read(self, form: str, place: int) -> int:
        found: int = struct.unpack_from(form, self.content, place)[0]
        return found

    def _find(self, number: int) -> int:
        """Return where a field is; 0 if it is left out."""
        fields = self.begin - self._read("<i", self.begin)
        if 4 + 2 * number >= self._read("<H", fields):
            return 0
        offset = self._read("<H", fields + 4 + 2 * number)
        return offset and self.begin + offset

    def _follow(self, place: int) -> int:
        return place + self._read("<I", place)

    def read_number(self, number: int, form: str, default: int) -> int:
        """Return a number of the form that `struct` calls it by."""
        place = self._find(number)
        return self._read(form, place) if place else default

    def read_text(self, number: int) -> str:
        """Return a text; empty if it is left out."""
        place = self._find(number)
        if not place:
            return ""
        begin = self._follow(place) + 4
        return self.content[begin : begin + self._read("<I", begin - 4)].decode()

    def read_table(self, number: int) -> "_FlatTable | None":
        """Return a table; None if it is left out."""
        place = self._find(number)
        return _FlatTable(self.content, self._follow(place)) if place else None

    def iterate_tables(self, number: int) -> Iterator["_FlatTable"]:
        """Yield the tables of a list."""
        place = self._find(number)
        if place:
            begin = self._follow(place)
            for index in range(self._read("<I", begin)):
                yield _FlatTable(self.content, self._follow(begin + 4 + 4 * index))


def find_arrow_schema(footer: bytes) -> bytes:
    """Return the Arrow schema as a Parquet file's footer has it; empty if there is none.

    It is looked for by its key: what lies before, the statistics of all row groups, is not read.
    """
    _, key, rest = footer.rpartition(KEY)
    if not key or rest[:1] != b"\x18":  # the field after the key, a string
        return b""
    length = shift = 0
    for place, byte in enumerate(rest[1:6], 2):
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return rest[place : place + length]
    return b""


def read_durations(encoded: bytes) -> Durations:
    """Return the durations of an Arrow schema in base64; none if it cannot be read."""
    found: Durations = {}
    try:
        if header := _open_schema(encoded):
            _add_durations(found, header, FIELDS, (), iter(range(MAX_COLUMNS)))
    except DAMAGES:
        return {}
    return found


def read_field_metadata(encoded: bytes) -> dict[str, dict[str, str]]:
    """Return column -> its metadata of an Arrow schema in base64; none if it cannot be read."""
    found: dict[str, dict[str, str]] = {}
    try:
        header = _open_schema(encoded)
        columns = header.iterate_tables(FIELDS) if header else iter(())
        pairs = ((each, pair) for each in columns for pair in each.iterate_tables(METADATA))
        for column, pair in islice(pairs, MAX_COLUMNS):
            metadata = found.setdefault(column.read_text(NAME), {})
            metadata[pair.read_text(PAIR_KEY)] = pair.read_text(PAIR_VALUE)
    except DAMAGES:
        return {}
    return found


DAMAGES = (binascii.Error, struct.error, UnicodeDecodeError, RecursionError)
"""The exceptions that reading something else than a schema raises."""


def _open_schema(encoded: bytes) -> _FlatTable | None:
    """Return the schema of a message in base64. Raises one of DAMAGES."""
    content = base64.b64decode(encoded)
    begin = 8 if content.startswith(CONTINUATION) else 4
    message = content[begin:]
    return _FlatTable(message, struct.unpack_from("<I", message)[0]).read_table(HEADER)


def _add_durations(
    found: Durations,
    table: _FlatTable,
    children: int,
    path: tuple[str, ...],
    budget: Iterator[int],
) -> None:
    """Add the durations among the fields of a table, and within them, as far as the budget goes.

    Offsets may be anything: without it, damage could make a tree without an end.
    """
    for column in table.iterate_tables(children):
        if next(budget, None) is None or len(path) >= MAX_NESTING:
            return
        name = (*path, column.read_text(NAME))
        if column.read_number(TYPE_KIND, "<B", 0) == DURATION:
            kind = column.read_table(TYPE)
            unit = kind.read_number(0, "<h", DEFAULT_UNIT) if kind else DEFAULT_UNIT
            if 0 <= unit < len(UNITS):
                found[name] = UNITS[unit]
        _add_durations(found, column, CHILDREN, name, budget)
