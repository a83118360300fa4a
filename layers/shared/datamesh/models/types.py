"""What the types of a product's schema mean: which values compare with them, and how.

A schema's types are free text. Those that are not recognised are served and not judged; they
cannot be filtered or ordered by.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from math import isfinite

type Value = str | int | Decimal | float | bool | date | datetime | time

MAX_TEXT = 1000
CALENDAR_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
INTEGER = re.compile(r"-?[0-9]{1,38}")
DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?")
DOUBLE = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?([eE][+-]?[0-9]{1,3})?")
DECIMAL_DIGITS = 38
"""Of a decimal number in Parquet, Arrow and DuckDB."""


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "an integer"
    DECIMAL = "a decimal number"
    DOUBLE = "a number"
    BOOLEAN = "true or false"
    DATE = "a date, YYYY-MM-DD"
    TIMESTAMP = "a date and time, YYYY-MM-DDThh:mm:ss with or without a zone"
    TIME = "a time, hh:mm:ss"
    OTHER = "of a type that has no order"


NAMES = {
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
KINDS = {name: kind for kind, names in NAMES.items() for name in names.split()}
TYPE = re.compile(r"([a-z0-9_ ]+?)\s*(?:\(\s*([0-9]{1,4})\s*(?:,\s*([0-9]{1,4})\s*)?\))?")


def kind_of(type_name: str) -> Kind:
    """Of a type that a schema or DuckDB names; OTHER for what is not recognised, or is nested."""
    match = TYPE.fullmatch(type_name.strip().lower())
    return KINDS.get("_".join(match[1].split()), Kind.OTHER) if match else Kind.OTHER


def value_of(kind: Kind, text: str) -> Value:
    """A value that a client or a folder's name gave; times without a zone are in UTC.

    Raises ValueError, whose text says what it must be.
    """
    try:
        return PARSERS[kind](text)
    except (ValueError, ArithmeticError):
        raise ValueError(f"must be {kind}") from None


def _text(text: str) -> str:
    if len(text) > MAX_TEXT or "\0" in text:
        raise ValueError
    text.encode()
    return text


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _decimal(text: str) -> Decimal:
    number = Decimal(_matching(DECIMAL, text))
    if len(number.as_tuple().digits) > DECIMAL_DIGITS:
        raise ValueError
    return number


def _double(text: str) -> float:
    number = float(_matching(DOUBLE, text))
    if not isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[_matching(re.compile("true|false"), text)]


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(_matching(MOMENT, text))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _never(text: str) -> str:
    raise ValueError


PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: lambda text: int(_matching(INTEGER, text)),
    Kind.DECIMAL: _decimal,
    Kind.DOUBLE: _double,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: lambda text: date.fromisoformat(_matching(CALENDAR_DATE, text)),
    Kind.TIMESTAMP: _timestamp,
    Kind.TIME: lambda text: time.fromisoformat(_matching(TIME_OF_DAY, text)),
    Kind.OTHER: _never,
}
