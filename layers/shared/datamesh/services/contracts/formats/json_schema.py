"""A product as JSON Schema 2020-12, which its rows are valid by as the API answers them."""

import re
from typing import Any

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import Kind
from datamesh.services.contracts.formats.shapes import (
    Shape,
    find_bound,
    find_items,
    find_shape,
    find_type,
    is_nullable,
    list_columns,
    list_fitting_values,
)

type Tree = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DECIMAL = r"^[-+]?[0-9]+(\.[0-9]+)?$"
FORMATS = frozenset(["email", "hostname", "ipv4", "ipv6", "uri", "uuid"])
NOT_ECMA = re.compile(r"\(\?(?![:=!])|\\[AzZQEpPCX]|\[\[:|\$\)|\\x\{")
"""Words of RE2 that the regular expressions of JSON Schema do not have."""
_PLAIN: dict[Kind, Tree] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": ["string", "number"], "pattern": DECIMAL},
    Kind.DOUBLE: {"type": ["number", "string"], "pattern": "^-?Infinity$"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIMESTAMP: {"type": "string"},
    Kind.TIME: {"type": "string"},
}


def build_json_schema(product: StoredProduct) -> Tree:
    """Return the schema of one row."""
    columns = list_columns(product)
    return {
        "$schema": DIALECT,
        "title": product.title or product.name,
        "description": product.description,
        **_build_object(columns),
        **({"deprecated": True} if product.status == "deprecated" else {}),
    }


def _build_object(columns: list[DescribedColumn]) -> Tree:
    required = [each.name for each in columns if not is_nullable(each)]
    return {
        "type": "object",
        "properties": {each.name: _build_property(each) for each in columns},
        **({"required": required} if required else {}),
    }


def _build_property(column: DescribedColumn) -> Tree:
    found: Tree = {"description": column.description} if column.description else {}
    if column.deprecated:
        found["deprecated"] = True
    found |= _build_values(column)
    return _allow_null(found) if is_nullable(column) else found


def _build_values(column: DescribedColumn) -> Tree:
    """Return what the values of a column are, but null."""
    shape = find_shape(column)
    if shape is Shape.OBJECT:
        return _build_object(column.columns)
    if shape is Shape.ARRAY:
        return _build_array(column)
    if shape is Shape.MAP:
        return {"type": ["object", "array"]}  # JSON Lines have objects, Parquet lists of pairs
    if shape is Shape.BYTES:
        return {"type": "string"}
    if shape is Shape.ANY:
        return {}
    found = find_type(column)
    plain = dict(_PLAIN[found.kind])
    if found.kind is Kind.TIMESTAMP and found.is_zoned:
        plain["format"] = "date-time"
    return plain | _build_constraints(column)


def _build_array(column: DescribedColumn) -> Tree:
    items = find_items(column)
    found: Tree = {"type": "array"}
    if items:
        found["items"] = _build_property(items)
    if options := column.options:
        for name, key in (("min_items", "minItems"), ("max_items", "maxItems")):
            if getattr(options, name) is not None:
                found[key] = getattr(options, name)
        if options.unique_items:
            found["uniqueItems"] = True
    return found


def _build_constraints(column: DescribedColumn) -> Tree:
    found: Tree = {}
    # Decimals are text with as many digits as their type has, which no value of an enum need have.
    values = list_fitting_values(column)
    if values and find_type(column).kind is not Kind.DECIMAL:
        found["enum"] = values
    for name, key in (
        ("minimum", "minimum"),
        ("maximum", "maximum"),
        ("exclusive_minimum", "exclusiveMinimum"),
        ("exclusive_maximum", "exclusiveMaximum"),
    ):
        if (bound := find_bound(column, name)) is not None:
            found[key] = bound
    if column.options and find_type(column).kind is Kind.TEXT:
        found |= _build_text_constraints(column)
    return found


def _build_text_constraints(column: DescribedColumn) -> Tree:
    options = column.options
    assert options
    found: Tree = {}
    if options.min_length is not None:
        found["minLength"] = options.min_length
    if options.max_length is not None:
        found["maxLength"] = options.max_length
    if options.pattern and is_ecma_pattern(options.pattern):
        found["pattern"] = options.pattern
    if options.format in FORMATS:
        found["format"] = options.format
    return found


def is_ecma_pattern(pattern: str) -> bool:
    """Tell whether a pattern of RE2 means the same in JSON Schema, as far as one can see."""
    return not NOT_ECMA.search(pattern) and pattern.isascii()


def _allow_null(found: Tree) -> Tree:
    kinds = found.get("type")
    if kinds is None:
        return found
    listed = kinds if isinstance(kinds, list) else [kinds]
    values = {"enum": [*found["enum"], None]} if "enum" in found else {}
    return {**found, "type": [*listed, "null"], **values}
