"""What is doubtful about products that are registered all the same."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from datamesh.models.bulk import BulkReport
from datamesh.models.type_names import MAX_WARNINGS, find_unknown_types


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


def _read_type(column: JsonValue) -> str:
    """Return the type of a column, which is sent alone or with the rest of what is known."""
    return str(column["type"] if isinstance(column, Mapping) else column)
