"""A product as `schema.yml` of dbt: a model with its columns and their tests."""

from typing import Any

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.services.contracts.formats.shapes import (
    Shape,
    find_shape,
    is_nullable,
    list_columns,
    list_fitting_values,
    list_key,
    normalise_word,
)
from datamesh.services.contracts.formats.sql import write_type

type Tree = dict[str, Any]


def build_dbt_schema(product: StoredProduct) -> Tree:
    """Return the file; texts are escaped, for dbt renders them with Jinja."""
    columns = list_columns(product)
    key = list_key(columns)
    meta: Tree = {
        "domain": escape_jinja(product.domain),
        "owner": escape_jinja(product.owner),
        "version": product.version,
        "product": product.name,
    }
    if len(key) > 1:
        meta["primary_key"] = [escape_jinja(each.name) for each in key]
    config: Tree = {"meta": meta}
    if product.tags:
        config["tags"] = [escape_jinja(tag) for tag in product.tags]
    model = {
        "name": normalise_word(product.name),
        "description": escape_jinja(product.description),
        "config": config,
        "columns": [_build_column(each, is_key=key == [each]) for each in columns],
    }
    return {"version": 2, "models": [model]}


def _build_column(column: DescribedColumn, *, is_key: bool) -> Tree:
    found: Tree = {"name": escape_jinja(column.name)}
    if column.description:
        found["description"] = escape_jinja(column.description)
    found["data_type"] = escape_jinja(write_type(column))
    if column.tags:
        found["tags"] = [escape_jinja(tag) for tag in column.tags]
    meta: Tree = {}
    if column.classification:
        meta["classification"] = escape_jinja(column.classification)
    if column.deprecated:
        meta["deprecated"] = True
    if meta:
        found["meta"] = meta
    if tests := _list_tests(column, is_key=is_key):
        found["data_tests"] = tests
    return found


def _list_tests(column: DescribedColumn, *, is_key: bool) -> list[str | Tree]:
    tests: list[str | Tree] = [] if is_nullable(column) else ["not_null"]
    if column.unique or is_key:
        tests.append("unique")
    values = list_fitting_values(column)
    if values and find_shape(column) is Shape.PLAIN:
        is_text = isinstance(values[0], str)
        escaped = [escape_jinja(each) if isinstance(each, str) else each for each in values]
        given: Tree = {"values": escaped} if is_text else {"values": escaped, "quote": False}
        tests.append({"accepted_values": given})
    return tests


def escape_jinja(text: str) -> str:
    """Return a text that Jinja renders as it is."""
    parts = []
    index = 0
    while index < len(text):
        pair = text[index : index + 2]
        if pair in ("{{", "{%", "{#"):
            parts.append("{{ '" + pair + "' }}")
            index += 2
        else:
            parts.append(text[index])
            index += 1
    return "".join(parts)
