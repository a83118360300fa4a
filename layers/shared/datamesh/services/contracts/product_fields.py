"""The fields of a product that contracts determine, in the form of requests."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from datamesh.models.products import Product
from datamesh.services.contracts.mapping import MappedProduct

DEFAULTS: Mapping[str, JsonValue] = {"status": "active", "version": "1.0.0", "tags": []}
"""The fields of a product if nobody says anything else."""
CONTRACT_FIELDS = (
    "name",
    "domain",
    "owner",
    "description",
    "schema",
    "status",
    "version",
    "tags",
    "output_port",
    "title",
    "links",
    "contacts",
    "support",
    "sla",
    "glossary_terms",
    "custom",
    "deprecation",
)
DETAILS = frozenset(CONTRACT_FIELDS[CONTRACT_FIELDS.index("title") :])
"""The fields that contracts determine since their products keep HAS_DETAILS."""
HAS_DETAILS = "details"
"""Marks, in what a product keeps of its import, that its details were set as well."""


def read_fields(product: Product) -> dict[str, Any]:
    """Return the fields of a product as a request would have them; `schema` has its columns."""
    shown = product.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields = {name: shown.get(name) for name in CONTRACT_FIELDS}
    described = {each.name: each for each in getattr(product, "columns", ())}
    columns: dict[str, Any] = {}
    for name, kind in product.schema_.items():
        column: dict[str, Any] = {"type": kind}
        if name in described:
            known = described[name].model_dump(mode="json", exclude_none=True)
            column |= {k: v for k, v in known.items() if k not in _NOT_OF_CONTRACTS and v != []}
        columns[name] = column
    fields["schema"] = columns
    if port := fields["output_port"]:
        fields["output_port"] = {key: port[key] for key in ("location", "format")}
    return fields


_NOT_OF_CONTRACTS = frozenset({"name", "type", "restricted"})


def find_changed_fields(
    product: Product, mapped: MappedProduct, base: Mapping[str, JsonValue]
) -> dict[str, Any]:
    """Return the fields that were changed since the contract was imported, as they are now."""
    left = () if base.get(HAS_DETAILS) else DETAILS
    known = {name: value for name, value in mapped.fields.items() if name not in left}
    imported = {**DEFAULTS, **known, **base}
    return {
        name: value
        for name, value in read_fields(product).items()
        if not _is_same(value, imported.get(name)) and not (value is None and name not in imported)
    }


def _is_same(value: Any, other: Any) -> bool:
    """Tell whether a field has the same value; columns have an order, too."""
    is_mapping = isinstance(value, dict) and isinstance(other, dict)
    return bool(value == other) and (not is_mapping or [*value] == [*other])


def find_base(fields: Mapping[str, Any], mapped: MappedProduct) -> dict[str, JsonValue]:
    """Return those of a product's fields at its import that the contract did not determine."""
    known = {
        name: value
        for name, value in fields.items()
        if not _is_same(value, mapped.fields.get(name, DEFAULTS.get(name))) and value is not None
    }
    marks: dict[str, JsonValue] = {} if DETAILS.isdisjoint(mapped.fields) else {HAS_DETAILS: True}
    return known | dict.fromkeys(mapped.unused) | marks
