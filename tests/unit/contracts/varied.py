"""Products of every kind: all types, each option on each of them, nesting, and all details."""

from typing import Any

VERSIONS = ("v3.0.2", "v3.1.0", "v3.2.0")
"""The versions of the standard that differ."""

TYPES = (
    "string", "varchar(20)", "uuid", "integer", "bigint", "NUMBER(38,0)", "number", "double",
    "decimal", "decimal(9,2)", "boolean", "date", "timestamp", "timestamp with time zone", "time",
    "timetz", "interval", "object", "struct", "struct<a:int>", "record", "variant", "json",
    "array", "array<int>", "list", "int[]", "map", "map<string,int>", "vector", "blob", "bytes",
    "geometry", "My.Type", "unknown",
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "min_length": 1,
    "max_length": 3,
    "pattern": "^a",
    "minimum": 1,
    "maximum": 4,
    "exclusive_minimum": 0,
    "exclusive_maximum": 5,
    "multiple_of": 2,
    "format": "email",
    "min_items": 1,
    "max_items": 3,
    "unique_items": True,
}
TEXT_BOUNDS = {"minimum": "2026-01-01", "exclusive_maximum": "2027-01-01"}
FLAGS: dict[str, Any] = {
    "required": True,
    "unique": True,
    "primary_key": 1,
    "deprecated": True,
    "tags": ["x"],
    "classification": "secret",
    "physical_name": "A.B",
    "physical_type": "VARCHAR(20)",
    "description": "A text: with # signs\n- and lines",
    "enum": ["a", "no", "1"],
}
COLUMNS: dict[str, Any] = {
    **{f"plain.{number}": kind for number, kind in enumerate(TYPES)},
    **{f"all options of {kind}": {"type": kind, "options": OPTIONS} for kind in TYPES},
    **{f"text bounds of {kind}": {"type": kind, "options": TEXT_BOUNDS} for kind in TYPES},
    "flags": {"type": "string", **FLAGS},
    "numbers": {"type": "integer", "enum": [1, 2]},
    "nested": {
        "type": "object",
        "columns": [
            {"name": "a.b", "type": "map"},
            {"name": "list", "type": "array", "items": {"type": "vector"}},
            {"name": "bare", "type": "array"},
        ],
    },
    "objects": {
        "type": "array",
        "items": {"type": "struct", "columns": [{"name": "x", "type": "map", "required": True}]},
    },
}  # fmt: skip
LINKS = [{"title": f"Page {number}", "url": f"https://e.com/{number}"} for number in range(3)]
DETAILS: dict[str, Any] = {
    "title": "All: of it",
    "links": LINKS,
    "contacts": [{"name": "Anna"}, {"name": "Bert", "email": "b@e.com", "role": "steward"}],
    "support": {"channel": "#orders"},
    "sla": {"freshness": "P1D", "latency": "PT1H30M", "retention": "P1Y", "element": "id"},
    "glossary_terms": ["Order", "yes"],
    "custom": {"cost": {"of": [1, None, {"x": False}]}, "empty": None},
    "status": "deprecated",
    "deprecation": {"sunset": "2030-01-01T00:00:00Z", "reason": "Superseded"},
    "tags": ["a", "no"],
    "version": "2.1.0",
    "schema": {"id": "string"},
}
PRODUCTS: dict[str, dict[str, Any]] = {
    "every column": {"schema": COLUMNS},
    "a name with dots": {"name": "sales.eu.orders", "schema": {"a.b": "string", "- x: y": "date"}},
    "every detail": DETAILS,
    **{
        form: {"output_port": {"location": "domains/sales/orders/", "format": form}}
        for form in ("csv", "jsonl", "parquet", "delta")
    },
}
