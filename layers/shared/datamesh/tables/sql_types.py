"""The SQL types that data is brought to, by the types of the schema."""

from datamesh.models.type_names import Kind, parse_type
from datamesh.models.types import DECIMAL_DIGITS

SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Kind.TIME: "TIME",
    Kind.OTHER: "VARCHAR",
}
"""The types of all kinds but decimals, which have digits of their own."""
LARGE_INTEGERS = {
    "uint64": "UBIGINT",
    "ubigint": "UBIGINT",
    "bigint_unsigned": "UBIGINT",
    "unsigned_bigint": "UBIGINT",
    "hugeint": "HUGEINT",
    "int128": "HUGEINT",
    "uhugeint": "UHUGEINT",
    "uint128": "UHUGEINT",
}
"""Names of integers that are not within 64 bits and a sign."""
UNSCALED_DECIMAL = "DECIMAL(38,18)"
"""The type of a decimal without a scale in the schema: 20 digits before the point, 18 behind it."""


def find_sql_type(type_name: str) -> str:
    """Return the SQL type of a type: `string` -> `VARCHAR`, `money(9, 2)` -> `DECIMAL(9,2)`.

    A decimal without a scale, or with one that DuckDB does not have, is UNSCALED_DECIMAL.
    """
    found = parse_type(type_name)
    if found.kind is Kind.INTEGER:
        return LARGE_INTEGERS.get(found.name, "BIGINT")
    if found.kind is Kind.TIMESTAMP and found.unit == "ns":
        return "TIMESTAMP_NS" if found.is_zoned is False else "TIMESTAMPTZ_NS"
    if found.kind is Kind.TIMESTAMP and found.is_zoned is False:
        return "TIMESTAMP"
    if found.kind is Kind.TIME and found.is_zoned:
        return "TIME WITH TIME ZONE"
    if found.kind is Kind.TIME and found.unit == "ns":
        return "TIME_NS"
    if found.kind is not Kind.DECIMAL:
        return SQL_TYPES[found.kind]
    precision, scale = found.precision or 0, found.scale or 0
    if 1 <= precision <= DECIMAL_DIGITS and scale <= precision:
        return f"DECIMAL({precision},{scale})"
    return UNSCALED_DECIMAL


def has_scale(type_name: str) -> bool:
    """Return False for a decimal whose schema does not say its scale."""
    return find_sql_type(type_name) != UNSCALED_DECIMAL


def is_padded(registered: str, found: str) -> bool:
    """Return True for a decimal without a scale in the schema that is stored with 18 digits.

    A writer that does not know the scale either, such as Spark, pads every number with zeros.
    """
    is_decimal = parse_type(registered).kind is Kind.DECIMAL
    return is_decimal and not has_scale(registered) and found.endswith(",18)")
