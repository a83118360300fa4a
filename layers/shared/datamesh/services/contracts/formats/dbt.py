"""A product as `schema.yml` of dbt: a model with its columns and their tests."""

import re
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

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    "all analyse analyze and any array as asc asymmetric authorization between both case cast check"  # noqa: SIM905
    " collate column constraint create cross current_date current_time current_timestamp"
    " current_user default deferrable delete desc describe distinct do drop else end except exists"
    " false fetch for foreign from full grant group having in initially inner insert intersect into"
    " is join lateral leading left like limit natural not null offset on only or order outer"
    " placing pivot primary qualify references returning right select session_user set show some"
    " summarize symmetric table then to trailing true union unique unpivot update user using values"
    " variadic when where window with".split()
)
"""The words that databases read as no name unless they are quoted."""


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
    if not is_plain_name(column.name):
        found["quote"] = True
    if column.tags:
        found["tags"] = [escape_jinja(tag) for tag in column.tags]
    meta: Tree = {}
    if column.classification:
        meta["classification"] = escape_jinja(column.classification)
    if column.deprecated:
        meta["deprecated"] = True
    if meta:
        found["meta"] = meta
    tests = _list_tests(column, is_key=is_key)
    # dbt quotes a name without doubling the quotes in it: no query could have such a one.
    if tests and '"' not in column.name:
        found["data_tests"] = tests
    return found


def is_plain_name(name: str) -> bool:
    """Tell whether databases take a name without quotes."""
    return bool(_PLAIN_NAME.fullmatch(name)) and name.lower() not in _RESERVED


def _list_tests(column: DescribedColumn, *, is_key: bool) -> list[str | Tree]:
    tests: list[str | Tree] = [] if is_nullable(column) else ["not_null"]
    if column.unique or is_key:
        tests.append("unique")
    values = list_fitting_values(column)
    if values and find_shape(column) is Shape.PLAIN:
        is_text = isinstance(values[0], str)
        escaped = [escape_value(each) if isinstance(each, str) else each for each in values]
        given: Tree = {"values": escaped} if is_text else {"values": escaped, "quote": False}
        tests.append({"accepted_values": given})
    return tests


def escape_value(text: str) -> str:
    """Return a value as `accepted_values` takes it: dbt puts it between apostrophes as it is."""
    return escape_jinja(text.replace("'", "''"))


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
