"""Columns of a product as other languages need them: of which shape, and under which names."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from datamesh.models.described_columns import ColumnValue, DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import Kind, RegisteredType, parse_type

MAX_ARRAYS = 8
"""How many pairs of brackets of a type, as in `int[][]`, are taken for arrays."""
MAX_DIGITS = 38
"""The most digits of a decimal that databases agree on."""
BYTES = frozenset(
    "binary blob bytea bytes varbinary large_binary fixed_size_binary image rowversion".split()  # noqa: SIM905
)
_HEAD = re.compile(r"[a-z0-9_]+")


class Shape(StrEnum):
    """The parts that the values of a column are made of."""

    PLAIN = "plain"
    OBJECT = "object"
    ARRAY = "array"
    MAP = "map"
    BYTES = "bytes"
    ANY = "any"
    """A type that is not recognised, or nested without a word of how."""


def list_columns(product: StoredProduct) -> list[DescribedColumn]:
    """Return all columns of a product, in the order of its schema."""
    described = {each.name: each for each in product.columns}
    return [
        described.get(name) or DescribedColumn(name=name, type=kind)
        for name, kind in product.schema_.items()
    ]


def list_key(columns: Sequence[DescribedColumn]) -> list[DescribedColumn]:
    """Return the columns of the primary key, in its order."""
    keys = [each for each in columns if each.primary_key is not None]
    return sorted(keys, key=lambda each: each.primary_key or 0)


def is_nullable(column: DescribedColumn) -> bool:
    """Tell whether a column may be null: neither required nor in the primary key."""
    return not column.required and column.primary_key is None


def find_shape(column: DescribedColumn) -> Shape:
    """Return the shape of a column."""
    text = column.type.strip().lower()
    found = _HEAD.match(text)
    head = found[0] if found else ""
    if column.columns:
        return Shape.OBJECT
    if column.items or head in ("array", "list", "large_list") or _is_bracketed(text):
        return Shape.ARRAY
    if head == "map":
        return Shape.MAP
    if head in BYTES:
        return Shape.BYTES
    is_plain = head != "object" and find_type(column).kind is not Kind.OTHER
    return Shape.PLAIN if is_plain else Shape.ANY


def find_items(column: DescribedColumn) -> DescribedColumn | None:
    """Return what each value of an array is; None if nobody has said it."""
    text = column.type.strip()
    if column.items:
        return column.items
    if _is_bracketed(text):
        return DescribedColumn(type=text[:-2].strip() or "any")
    return None


def _is_bracketed(text: str) -> bool:
    return text.endswith("[]") and text.count("[]") <= MAX_ARRAYS


def find_type(column: DescribedColumn) -> RegisteredType:
    """Return the type of a column, or its physical one if that says more of the same kind."""
    own = parse_type(column.type)
    if column.physical_type:
        physical = parse_type(column.physical_type)
        is_more = physical.precision is not None or physical.is_zoned is not None
        if physical.kind is own.kind and is_more and own.precision is None:
            return physical
    return own


def find_digits(found: RegisteredType) -> tuple[int, int] | None:
    """Return the precision and scale of a decimal; None if it has none that databases take."""
    if found.precision is None:
        return None
    scale = found.scale or 0
    fits = 0 < found.precision <= MAX_DIGITS and scale <= found.precision
    return (found.precision, scale) if fits else None


def list_fitting_values(column: DescribedColumn) -> list[ColumnValue]:
    """Return the values of an enumeration if all of them are of the column's type."""
    kind = find_type(column).kind
    if kind is Kind.TEXT:
        fits = all(isinstance(each, str) for each in column.enum)
    elif kind in (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE):
        fits = all(
            isinstance(each, int | float) and not isinstance(each, bool) for each in column.enum
        )
    else:
        fits = False
    return [*column.enum] if fits else []


def find_bound(column: DescribedColumn, name: str) -> int | float | None:
    """Return a bound of numbers; None if there is none, or it is a text."""
    value = getattr(column.options, name) if column.options else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    kinds = (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)
    return value if is_number and find_type(column).kind in kinds else None


def normalise_word(text: str) -> str:
    """Return a text as an identifier: `my quantum` -> `my_quantum`, `1st` -> `_1st`."""
    word = re.sub(r"[^A-Za-z0-9_]", "_", text) or "_"
    return f"_{word}" if word[0].isdigit() else word


def assign_names(names: Iterable[str], clean: Callable[[str], str]) -> list[str]:
    """Return the names as another language has them, each once in upper or lower case."""
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    found = []
    for name in names:
        word = whole = clean(name)
        while whole.casefold() in taken:
            numbers[word] = numbers.get(word, 1) + 1
            whole = f"{word}_{numbers[word]}"
        taken.add(whole.casefold())
        found.append(whole)
    return found
