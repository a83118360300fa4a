"""The differences between two moments of the registry."""

from typing import Literal

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


class Commit(BaseModel):
    """A commit of products or of lineage, and what it has changed."""

    commit: str | None = Field(description="Its id; null where the document kept none.")
    document: Literal["products.json", "lineage.json"]
    revision: int = Field(description="The revision of the document that it made.")
    time: Timestamp
    since: Timestamp = Field(description="The time of the revision before.")
    truncated: bool = Field(
        description="Whether its changes take more bytes than one commit may: the rest is in"
        " `/changes` from `since` until `time`."
    )
    products: ProductChanges
    lineage: LineageChanges


class Feed(BaseModel):
    """A page of the feed: commits in the order of their documents, each once."""

    commits: list[Commit]
    next_cursor: str = Field(description="Send it as `after` to go on, also if nothing is new.")
