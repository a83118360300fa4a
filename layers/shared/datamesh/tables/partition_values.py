"""The values of partition columns, which are text in the names of folders.

They are read by one parser, whether a query shows them or filters by them.
"""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from datamesh.models.type_names import Kind, parse_type
from datamesh.models.types import Value, parse_value
from datamesh.tables.sql_types import find_sql_type

SHORT_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
MIDNIGHT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(:00(\.0{1,9})?)?(Z|[+-]00:00)?")
"""A day as pandas names the folders of a column of moments."""
DECIMAL_SIZE = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)")
INFINITE = re.compile(r"([+-]?)inf(inity)?", re.IGNORECASE)
"""The spellings that text files may have too: Spark writes `Infinity`, pyarrow `inf`."""
WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,15})\.0*")
"""An integer with a point, as pandas writes it beside nulls, as far as doubles hold it."""
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)
INTEGER_BITS = {"BIGINT": (63, 63), "UBIGINT": (0, 64), "HUGEINT": (127, 127), "UHUGEINT": (0, 128)}
"""SQL type -> the powers of two that no value is below, negated, and that all are below."""


@lru_cache(maxsize=4096)
def parse_partition(registered: str, text: str) -> Value:
    """Return the value that a folder's name has for a column of a registered type.

    Raises ValueError if the type cannot hold it exactly.
    """
    kind = parse_type(registered).kind
    if kind is Kind.OTHER:
        return text
    if kind is Kind.BOOLEAN:
        return parse_value(kind, text.lower())
    short = SHORT_DATE.fullmatch(text)
    if kind is Kind.DATE and short and int(short[1]):
        return date(int(short[1]), int(short[2]), int(short[3]))
    if kind is Kind.DATE and (midnight := MIDNIGHT.fullmatch(text)):
        text = midnight[1]
    if kind is Kind.DOUBLE and (infinite := INFINITE.fullmatch(text)):
        return float(f"{infinite[1]}inf")
    if kind is Kind.INTEGER and (whole := WHOLE_NUMBER.fullmatch(text)):
        text = whole[1]
    value = parse_value(kind, text.removeprefix("+") if kind in NUMBERS else text)
    if not _is_held(value, find_sql_type(registered)):
        raise ValueError("is rounded")
    return value


def _is_held(value: Value, sql_type: str) -> bool:
    """Return False for a number that the SQL type would round, or does not reach."""
    size = DECIMAL_SIZE.fullmatch(sql_type)
    if size and isinstance(value, Decimal):
        scaled = value.scaleb(int(size[2]))
        return bool(scaled == scaled.to_integral_value() and abs(scaled) < 10 ** int(size[1]))
    if sql_type in INTEGER_BITS and isinstance(value, int):
        below, above = INTEGER_BITS[sql_type]
        return bool(-(2**below if below else 0) <= value < 2**above)
    return True
