"""The types of a product's schema: how they are named, and which values they have.

A schema's types are free text. A type that is not recognised is served and not judged; it can be
neither filtered nor ordered by.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from math import isfinite

type Value = str | int | Decimal | float | bool | date | datetime | time

MAX_TEXT_LENGTH = 1000
DECIMAL_DIGITS = 38
"""How many digits a decimal number has at most in Parquet, Arrow and DuckDB."""

CALENDAR_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
RFC_3339_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
"""A moment as the API's own parameters take it: whole, and with a zone."""
PARTIAL_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
"""A moment as data and its filters have it: zone, seconds and even the time may be left out."""
TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
INTEGER = re.compile(r"-?[0-9]{1,38}")
DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?")
DOUBLE = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?([eE][+-]?[0-9]{1,3})?")
BOOLEAN = re.compile("true|false")


class Kind(StrEnum):
    """A type without its parameters and synonyms: `VARCHAR(20)` and `string` are TEXT."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    OTHER = "other"
    """A type that is not recognised, or is nested."""


DESCRIPTIONS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "an integer",
    Kind.DECIMAL: "a decimal number",
    Kind.DOUBLE: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date, YYYY-MM-DD",
    Kind.TIMESTAMP: "a date and time, YYYY-MM-DDThh:mm:ss with or without a zone",
    Kind.TIME: "a time, hh:mm:ss",
    Kind.OTHER: "of a type that has no order",
}
"""What error messages call a value of the kind."""

TYPE_NAMES = {
    Kind.TEXT: "string text varchar char character str utf8 enum",
    Kind.INTEGER: "integer int bigint smallint tinyint long short int8 int16 int32 int64 uint8 "
    "uint16 uint32 uint64 hugeint uhugeint ubigint uinteger usmallint utinyint",
    Kind.DECIMAL: "decimal numeric money bignum",
    Kind.DOUBLE: "double float real number float32 float64 double_precision",
    Kind.BOOLEAN: "boolean bool",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp datetime timestamptz timestamp_tz timestamp_ntz timestamp_s "
    "timestamp_ms timestamp_ns timestamp_with_time_zone timestamp_without_time_zone",
    Kind.TIME: "time",
}
KINDS_BY_NAME = {name: kind for kind, names in TYPE_NAMES.items() for name in names.split()}
TYPE = re.compile(
    r"([a-z0-9_]+(?: +[a-z0-9_]+)*)\s*(?:\(\s*([0-9]{1,4})\s*(?:,\s*([0-9]{1,4})\s*)?\))?"
)
"""A type in lower case, without blanks around it. Its groups are the name, the precision and the
scale. No two neighbours in it match the same letters, so that it takes linear time."""


def find_kind(type_name: str) -> Kind:
    """Return the kind of a type as a schema or DuckDB names it: `DECIMAL(9, 2)` -> DECIMAL."""
    match = TYPE.fullmatch(type_name.strip().lower())
    return KINDS_BY_NAME.get("_".join(match[1].split()), Kind.OTHER) if match else Kind.OTHER


def parse_value(kind: Kind, text: str) -> Value:
    """Return the value that a client, or the name of a folder, writes as text.

    A timestamp without a zone is in UTC. Raises ValueError, whose text says what it must be.
    """
    try:
        return PARSERS[kind](text)
    except (ValueError, ArithmeticError):
        raise ValueError(f"must be {DESCRIPTIONS[kind]}") from None


def _parse_text(text: str) -> str:
    if len(text) > MAX_TEXT_LENGTH or "\0" in text:
        raise ValueError
    text.encode()  # refuses lone surrogates
    return text


def _require_match(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _parse_decimal(text: str) -> Decimal:
    number = Decimal(_require_match(DECIMAL, text))
    if len(number.as_tuple().digits) > DECIMAL_DIGITS:
        raise ValueError
    return number


def _parse_double(text: str) -> float:
    number = float(_require_match(DOUBLE, text))
    if not isfinite(number):
        raise ValueError
    return number


def _parse_timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(_require_match(PARTIAL_TIMESTAMP, text))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _refuse_value(text: str) -> str:
    raise ValueError


PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: _parse_text,
    Kind.INTEGER: lambda text: int(_require_match(INTEGER, text)),
    Kind.DECIMAL: _parse_decimal,
    Kind.DOUBLE: _parse_double,
    Kind.BOOLEAN: lambda text: _require_match(BOOLEAN, text) == "true",
    Kind.DATE: lambda text: date.fromisoformat(_require_match(CALENDAR_DATE, text)),
    Kind.TIMESTAMP: _parse_timestamp,
    Kind.TIME: lambda text: time.fromisoformat(_require_match(TIME_OF_DAY, text)),
    Kind.OTHER: _refuse_value,
}
