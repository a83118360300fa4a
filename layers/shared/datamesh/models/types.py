"""The values of a schema's types: how clients, and the names of folders, write them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite

from datamesh.models.far_dates import FarMoment, parse_far_moment
from datamesh.models.fine_times import FineTime, FineTimestamp, find_nanosecond
from datamesh.models.type_names import Kind as Kind
from datamesh.models.type_names import find_kind as find_kind

type Value = str | int | Decimal | float | bool | date | datetime | time | FarMoment

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
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
"""A moment as data and its filters have it: zone, seconds and even the time may be left out."""
TIME_OF_DAY = re.compile(
    r"T?[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2}|:[0-9]{2}:[0-9]{2})?)?"
)
INTEGER = re.compile(r"-?[0-9]{1,38}")
DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?")
DOUBLE = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?([eE][+-]?[0-9]{1,3})?")
INFINITIES = ("Infinity", "-Infinity")
BOOLEAN = re.compile("true|false")


DESCRIPTIONS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "an integer",
    Kind.DECIMAL: "a decimal number",
    Kind.DOUBLE: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "a date, YYYY-MM-DD",
    Kind.TIMESTAMP: "a date and time, YYYY-MM-DDThh:mm:ss with or without a zone",
    Kind.TIME: "a time, hh:mm:ss with or without a zone",
    Kind.OTHER: "of a type that has no order",
}
"""The words of error messages for a value of the kind."""


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
    if text in INFINITIES:
        return float(text)
    number = float(_require_match(DOUBLE, text))
    if not isfinite(number):
        raise ValueError
    return number


def _parse_date(text: str) -> date | FarMoment:
    def parse_near(text: str) -> datetime:
        return datetime.combine(_parse_near_date(text), time(), UTC)

    return parse_far_moment(text, parse_near) or _parse_near_date(text)


def _parse_near_date(text: str) -> date:
    return date.fromisoformat(_require_match(CALENDAR_DATE, text))


def _parse_timestamp(text: str) -> datetime | FarMoment:
    def parse_near(text: str) -> datetime:
        moment = _parse_near_timestamp(text)
        if isinstance(moment, FineTimestamp):
            raise ValueError  # no column has nanoseconds of such a year
        return moment

    return parse_far_moment(text, parse_near) or _parse_near_timestamp(text)


def _parse_near_timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(_require_match(PARTIAL_TIMESTAMP, text))
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    nanosecond = find_nanosecond(text)
    return FineTimestamp.combine_with(utc, nanosecond) if nanosecond else utc


def _parse_time(text: str) -> time:
    found = time.fromisoformat(_require_match(TIME_OF_DAY, text))
    nanosecond = find_nanosecond(text)
    return FineTime.combine_with(found, nanosecond) if nanosecond else found


def _refuse_value(text: str) -> str:
    raise ValueError


PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: _parse_text,
    Kind.INTEGER: lambda text: int(_require_match(INTEGER, text)),
    Kind.DECIMAL: _parse_decimal,
    Kind.DOUBLE: _parse_double,
    Kind.BOOLEAN: lambda text: _require_match(BOOLEAN, text) == "true",
    Kind.DATE: _parse_date,
    Kind.TIMESTAMP: _parse_timestamp,
    Kind.TIME: _parse_time,
    Kind.OTHER: _refuse_value,
}
