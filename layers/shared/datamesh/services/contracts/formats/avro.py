"""A product as an Avro schema: a record with a field for each column."""

from typing import Any

from datamesh.models.described_columns import DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import Kind
from datamesh.services.contracts.formats.shapes import (
    Shape,
    assign_names,
    find_digits,
    find_items,
    find_shape,
    find_type,
    is_nullable,
    list_columns,
    normalise_word,
)

type AvroType = str | list[Any] | dict[str, Any]

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9}
"""A decimal of which nobody has said how many digits it has."""
_PLAIN: dict[Kind, AvroType] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "long",
    Kind.DOUBLE: "double",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: {"type": "int", "logicalType": "date"},
    Kind.TIME: {"type": "long", "logicalType": "time-micros"},
}


def build_avro_schema(product: StoredProduct) -> dict[str, Any]:
    """Return the schema; names that Avro does not have are rewritten, and told in `doc`."""
    namespace = normalise_word(product.domain)
    record = _RecordBuilder().build_record(normalise_word(product.name), list_columns(product))
    return {**record, "namespace": namespace, "doc": product.description}


class _RecordBuilder:
    """Builds a schema, in which the name of each record occurs once."""

    def __init__(self) -> None:
        self._records: set[str] = set()

    def build_record(self, name: str, columns: list[DescribedColumn]) -> dict[str, Any]:
        """Return a record of columns."""
        whole, number = name, 1
        while whole in self._records:
            number += 1
            whole = f"{name}_{number}"
        self._records.add(whole)
        names = assign_names((each.name for each in columns), normalise_word)
        fields = [
            self._build_field(whole, word, each) for word, each in zip(names, columns, strict=True)
        ]
        return {"type": "record", "name": whole, "fields": fields}

    def _build_field(self, record: str, name: str, column: DescribedColumn) -> dict[str, Any]:
        field: dict[str, Any] = {"name": name, "type": self._build_type(record, name, column)}
        if is_nullable(column):
            field["default"] = None
        texts = [column.description or "", f"Column {column.name}" if name != column.name else ""]
        if doc := ". ".join(text for text in texts if text):
            field["doc"] = doc
        return field

    def _build_type(self, record: str, name: str, column: DescribedColumn) -> AvroType:
        found = self._build_values(f"{record}_{name}", column)
        return ["null", found] if is_nullable(column) else found

    def _build_values(self, path: str, column: DescribedColumn) -> AvroType:
        shape = find_shape(column)
        if shape is Shape.OBJECT:
            return self.build_record(path, column.columns)
        if shape is Shape.ARRAY:
            items = find_items(column)
            inner = self._build_type(path, "item", items) if items else ["null", "string"]
            return {"type": "array", "items": inner}
        if shape is Shape.MAP:
            return {"type": "map", "values": ["null", "string"]}
        if shape is Shape.BYTES:
            return "bytes"
        if shape is Shape.ANY:
            return "string"
        return _build_plain(column)


def _build_plain(column: DescribedColumn) -> AvroType:
    found = find_type(column)
    if found.kind is Kind.TIMESTAMP:
        logical = "timestamp-micros" if found.is_zoned else "local-timestamp-micros"
        return {"type": "long", "logicalType": logical}
    if found.kind is Kind.DECIMAL:
        digits = find_digits(found)
        return {**DECIMAL, "precision": digits[0], "scale": digits[1]} if digits else {**DECIMAL}
    return _PLAIN[found.kind]
