"""What differs between two moments of the registry."""

from pydantic import BaseModel, Field, JsonValue

from datamesh.models.lineage import LineageEntry
from datamesh.models.products import Product
from datamesh.models.values import Timestamp


class FieldChange(BaseModel):
    before: JsonValue
    after: JsonValue


class Changed(BaseModel):
    """Something that is there at both moments, and not the same."""

    fields: dict[str, FieldChange] = Field(description="Only those that differ.")


class ChangedProduct(Changed):
    name: str


class ChangedEntry(Changed):
    id: str
    source: str
    target: str


class ProductChanges(BaseModel):
    added: list[Product]
    removed: list[Product]
    changed: list[ChangedProduct]


class LineageChanges(BaseModel):
    added: list[LineageEntry]
    removed: list[LineageEntry]
    changed: list[ChangedEntry]


class Changes(BaseModel):
    since: Timestamp
    until: Timestamp
    truncated: bool = Field(description="Whether a list was cut to `limit`.")
    products: ProductChanges
    lineage: LineageChanges
