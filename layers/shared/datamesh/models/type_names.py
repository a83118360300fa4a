"""The types of a product's schema, by the names that databases and libraries give them.

A schema's types are free text. A type that is not recognised is served and not judged; it can be
neither filtered nor ordered by.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


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


TYPE_NAMES = {
    Kind.TEXT: """
        string text varchar char character str utf8 enum uuid
        nvarchar nchar ntext varchar2 nvarchar2 bpchar clob nclob citext tinytext mediumtext
        longtext character_varying char_varying national_character national_character_varying
        large_string large_utf8 string_view utf8_view category categorical object
        uniqueidentifier guid""",
    Kind.INTEGER: """
        integer int bigint smallint tinyint long short int8 int16 int32 int64 uint8 uint16 uint32
        uint64 hugeint uhugeint ubigint uinteger usmallint utinyint
        int2 int4 mediumint byteint byte serial bigserial smallserial int128 uint128
        integer_unsigned int_unsigned bigint_unsigned smallint_unsigned tinyint_unsigned
        mediumint_unsigned unsigned_integer unsigned_int unsigned_bigint unsigned_smallint
        unsigned_tinyint""",
    Kind.DECIMAL: """
        decimal numeric money bignum dec smallmoney bignumeric
        decimal32 decimal64 decimal128 decimal256""",
    Kind.DOUBLE: """
        double float real number float32 float64 double_precision
        float4 float8 float16 half halffloat half_float binary_float binary_double""",
    Kind.BOOLEAN: "boolean bool bit logical",
    Kind.DATE: "date date32 date64",
    Kind.TIMESTAMP: """
        timestamp datetime timestamptz timestamp_tz timestamp_ntz timestamp_s timestamp_ms
        timestamp_us timestamp_ns timestamp_with_time_zone timestamp_without_time_zone
        timestamp_ltz timestampltz timestampntz timestamp_with_local_time_zone timestamptz_ns
        datetime2 smalldatetime datetimeoffset datetime64 datetimetz""",
    Kind.TIME: """
        time timetz time_tz time_ns time32 time64 time_with_time_zone time_without_time_zone""",
    Kind.OTHER: """
        any array binary blob bytea bytes dictionary duration fixed_size_binary fixed_size_list
        geography geometry image interval json jsonb large_binary large_list list map nested null
        record row rowversion struct super timedelta64 tuple union varbinary variant vector
        void xml""",
}
"""Kind -> the names that are known, with `_` for blanks. Those of OTHER have no order."""
KINDS_BY_NAME = {name: kind for kind, names in TYPE_NAMES.items() for name in names.split()}
ZONED = """
    timestamptz timestamp_tz timestamp_with_time_zone timestamp_ltz timestampltz
    timestamp_with_local_time_zone timestamptz_ns datetimeoffset datetimetz timetz time_tz
    time_with_time_zone""".split()  # noqa: SIM905
NAIVE = ("timestamp_ntz", "timestampntz", "timestamp_without_time_zone", "time_without_time_zone")
UNITS = ("s", "ms", "us", "ns")
UNITS_OF_DIGITS = {3: "ms", 6: "us"}
"""Digits of a second's fraction -> the unit. More than six, as by default in Snowflake, name none:
years beyond 2262 do not fit in nanoseconds."""
HEAD = re.compile(r"[^\[(<]*")
PARAMETER = re.compile(r"([0-9]{1,10})(?: (?:char|byte))?|max")
MAX_PARAMETERS = 2
MAX_WARNINGS = 20


@dataclass(frozen=True)
class RegisteredType:
    """A type of a schema, taken apart."""

    kind: Kind
    name: str = ""
    """The name in lower case, with `_` for blanks, without parameters."""
    is_known: bool = True
    """False for a name that nothing is known of."""
    precision: int | None = None
    scale: int | None = None
    unit: str | None = None
    """The unit of a timestamp, time or duration, one of UNITS, if the name says it."""
    is_zoned: bool | None = None
    """True if a timestamp or time has a zone; None if the name does not say it."""


UNKNOWN = RegisteredType(Kind.OTHER, is_known=False)
NESTED = RegisteredType(Kind.OTHER)


def find_kind(type_name: str) -> Kind:
    """Return the kind of a type as a schema or DuckDB names it: `DECIMAL(9, 2)` -> DECIMAL."""
    return parse_type(type_name).kind


@lru_cache(maxsize=4096)
def parse_type(type_name: str) -> RegisteredType:
    """Return what a schema's type says: `timestamp[ns, tz=UTC]` is a zoned TIMESTAMP of `ns`."""
    text = type_name.strip().lower()
    head = HEAD.match(text)[0]  # type: ignore[index]  # it matches nothing, too
    opening, rest = text[len(head) : len(head) + 1], text[len(head) + 1 :]
    name = _join_words(head)
    if opening == "(":
        inner, closing, tail = rest.partition(")")
        if KINDS_BY_NAME.get(name) is Kind.OTHER or name == "enum":
            return RegisteredType(KINDS_BY_NAME[name], name)
        if tail.strip():
            name = f"{name}_{_join_words(tail)}"
        return _parse_sized(name, inner) if closing else UNKNOWN
    if opening == "[":
        return _parse_bracketed(name, rest)
    if opening == "<":
        if name == "dictionary" and "values=string" in rest:
            return RegisteredType(Kind.TEXT, name)
        return NESTED if KINDS_BY_NAME.get(name) is Kind.OTHER else UNKNOWN
    return _build_type(name)


def _join_words(text: str) -> str:
    return "_".join(word for word in text.strip().split(" ") if word)


def _build_type(
    name: str,
    precision: int | None = None,
    scale: int | None = None,
    unit: str | None = None,
    is_zoned: bool | None = None,
) -> RegisteredType:
    kind = KINDS_BY_NAME.get(name)
    if kind is None:
        return UNKNOWN
    if name == "number" and precision:
        kind = Kind.DECIMAL  # of Snowflake and Oracle; elsewhere it is any number
    if kind in (Kind.TIMESTAMP, Kind.TIME):
        ending = name.rpartition("_")[2]
        unit = unit or (ending if ending in UNITS else None)
        if name in ZONED:
            is_zoned = True
        elif name in NAIVE:
            is_zoned = False
    return RegisteredType(kind, name, True, precision, scale, unit, is_zoned)


def _parse_sized(name: str, inner: str) -> RegisteredType:
    """Return a type with numbers in parentheses: `decimal(9,2)`, `varchar(max)`."""
    sizes = []
    for part in inner.split(","):
        found = PARAMETER.fullmatch(part.strip())
        if not found:
            return UNKNOWN
        sizes.append(int(found[1] or 0))
    if len(sizes) > MAX_PARAMETERS:
        return UNKNOWN
    precision, scale = sizes[0], sizes[1] if len(sizes) == MAX_PARAMETERS else None
    kind = KINDS_BY_NAME.get(name)
    unit = None
    if kind in (Kind.TIMESTAMP, Kind.TIME):
        unit = next((unit for digits, unit in UNITS_OF_DIGITS.items() if precision <= digits), None)
    return _build_type(name, precision, scale, unit)


def _parse_bracketed(name: str, rest: str) -> RegisteredType:
    """Return a type of Arrow, pandas or an array: `date32[day]`, `timestamp[us]`, `text[]`."""
    inner, closing, tail = rest.partition("]")
    known = KINDS_BY_NAME.get(name)
    if known is None or not closing:
        return UNKNOWN
    if name in ("duration", "timedelta64") and inner in UNITS and not tail.strip():
        # Arrow's is what Parquet files hold; pandas writes its own into text files as words.
        kind = Kind.INTEGER if name == "duration" else Kind.OTHER
        return RegisteredType(kind, name, unit=inner)
    if known is Kind.OTHER or not inner.strip() or inner.strip().isdecimal():
        return NESTED  # `int[]`, `fixed_size_binary[16]`, `list[...]`
    if tail.strip():
        return UNKNOWN
    unit, _, zone = (part.strip() for part in inner.partition(","))
    if known in (Kind.TIMESTAMP, Kind.TIME):
        if unit not in UNITS:
            return UNKNOWN
        return _build_type(name, unit=unit, is_zoned=bool(zone))
    return _build_type(name)


def is_known_type(type_name: str) -> bool:
    """Return False for a type whose name nothing is known of."""
    return parse_type(type_name).is_known


def find_unknown_types(schema: Mapping[str, str]) -> list[str]:
    """Return a warning for each column whose type is not known; of many, the first ones."""
    unknown = [(name, kind) for name, kind in schema.items() if not is_known_type(kind)]
    found = [
        f"Column '{name}': the type '{kind}' is not known. It is served as it is stored, and can"
        " be neither filtered nor ordered by, nor checked"
        for name, kind in unknown[:MAX_WARNINGS]
    ]
    if len(unknown) > MAX_WARNINGS:
        found.append(f"{len(unknown) - MAX_WARNINGS} more columns have types that are not known")
    return found
