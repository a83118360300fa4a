"""The warnings about doubtful products, which are registered all the same."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from datamesh.models.bulk import BulkReport
from datamesh.models.products import Product, ProductUpdate
from datamesh.models.type_names import MAX_WARNINGS, find_unknown_types

FULL_VERSION = "v3.2.0"
"""The first version of the Open Data Contract Standard that has a word for all that is said of
columns."""


def list_warnings(items: Sequence[JsonValue], report: BulkReport) -> list[str]:
    """Return the warnings about the registered items of a bulk; of many, the first ones."""
    found: list[str] = []
    for each in report.items:
        item = items[each.index]
        schema = item.get("schema") if isinstance(item, Mapping) else None
        if each.status == "registered" and isinstance(schema, Mapping):
            types = {name: _read_type(column) for name, column in schema.items()}
            found += (f"items.{each.index}: {text}" for text in find_unknown_types(types))
    return found[:MAX_WARNINGS]


def list_unwritten(product: Product, changes: ProductUpdate) -> list[str]:
    """Return what was said of columns that the version of the product's contract has no word for.

    The product has it all the same.
    """
    version = product.contract.api_version if product.contract else FULL_VERSION
    if version >= FULL_VERSION:
        return []
    found: dict[str, list[str]] = {}
    for name, column in changes.described_columns.items():
        said = [*column.list_all()]
        for word in ("enum", "deprecated"):
            if any(getattr(each, word) for each in said):
                found.setdefault(word, []).append(name)
    return [
        f"{', '.join(names[:MAX_WARNINGS])}: the contract does not say `{word}`, which ODCS"
        f" {version} has not; give it as {FULL_VERSION} to have it there"
        for word, names in found.items()
    ]


def _read_type(column: JsonValue) -> str:
    """Return the type of a column, which is sent alone or with the rest of what is known."""
    return str(column["type"] if isinstance(column, Mapping) else column)
