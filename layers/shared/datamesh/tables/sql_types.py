"""The SQL types that the text of a file is read as."""

from datamesh.models.types import DECIMAL_DIGITS, TYPE, Kind, kind_of


def stored_as(type_name: str) -> str:
    """The SQL type that text of a file is read as.

    A decimal whose schema tells no scale keeps 18 digits behind the point and 20 before it.
    """
    kind = kind_of(type_name)
    if kind is not Kind.DECIMAL:
        return SQL_TYPES[kind]
    match = TYPE.fullmatch(type_name.strip().lower())
    precision, scale = int((match and match[2]) or 0), int((match and match[3]) or 0)
    if 1 <= precision <= DECIMAL_DIGITS and scale <= precision:
        return f"DECIMAL({precision},{scale})"
    return "DECIMAL(38,18)"


def is_scaled(type_name: str) -> bool:
    """False for a decimal of which the schema tells no scale."""
    return stored_as(type_name) != "DECIMAL(38,18)"


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
