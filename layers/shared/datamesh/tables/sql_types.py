"""The SQL types that the text of a file is read as."""

from datamesh.models.types import DECIMAL_DIGITS, TYPE, Kind, find_kind

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
UNSCALED_DECIMAL = "DECIMAL(38,18)"
"""The type of a decimal without a scale in the schema: 20 digits before the point, 18 behind it."""


def find_sql_type(type_name: str) -> str:
    """Return the SQL type of a type: `string` -> `VARCHAR`, `money(9, 2)` -> `DECIMAL(9,2)`.

    A decimal without a scale, or with one that DuckDB does not have, is UNSCALED_DECIMAL.
    """
    kind = find_kind(type_name)
    if kind is not Kind.DECIMAL:
        return SQL_TYPES[kind]
    match = TYPE.fullmatch(type_name.strip().lower())
    precision, scale = int((match and match[2]) or 0), int((match and match[3]) or 0)
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
    is_decimal = find_kind(registered) is Kind.DECIMAL
    return is_decimal and not has_scale(registered) and found.endswith(",18)")
