"""The differences between two moments of the registry."""

from pydantic import BaseModel, Field, JsonValue

from datamesh.models.lineage import LineageEntry
from datamesh.models.products import Product
from datamesh.models.values import Timestamp


class FieldChange(BaseModel):
    """The value of a field at both moments."""

    before: JsonValue
    after: JsonValue


class Changed(BaseModel):
    """Base of what exists at both moments, and differs."""

    fields: dict[str, FieldChange] = Field(description="The fields that differ.")


class ChangedProduct(Changed):
    """A product that exists at both moments, and differs."""

    name: str


class ChangedEntry(Changed):
    """A lineage entry that exists at both moments, and differs."""

    id: str
    source: str
    target: str


class ProductChanges(BaseModel):
    """The products that were added, removed or changed."""

    added: list[Product]
    removed: list[Product]
    changed: list[ChangedProduct]


class LineageChanges(BaseModel):
    """The lineage entries that were added, removed or changed."""

    added: list[LineageEntry]
    removed: list[LineageEntry]
    changed: list[ChangedEntry]


class Changes(BaseModel):
    """The differences between the registry at `since` and at `until`."""

    since: Timestamp
    until: Timestamp
    truncated: bool = Field(description="Whether a list goes on after this page.")
    products: ProductChanges
    lineage: LineageChanges
