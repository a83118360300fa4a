"""Searches of products, and what they find."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field

from datamesh.models.products import ProductStatus
from datamesh.models.values import Timestamp

MAX_SEARCH_PAGE = 100
MAX_FACET_VALUES = 50
"""How many values of a facet are listed, those with most products first."""
MAX_MATCHES = 5
"""How many places of a product are told that match."""


class ResultOrder(StrEnum):
    """The order of what was found."""

    RELEVANCE = "relevance"
    NAME = "name"
    UPDATED = "updated"


class QualityState(StrEnum):
    """The result of the latest checks of a product's data."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ProductType(StrEnum):
    """The form of a product's data."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    DELTA = "delta"
    NONE = "none"


class SearchedField(StrEnum):
    """A field of a product that is searched."""

    NAME = "name"
    TITLE = "title"
    DATASET = "dataset"
    TAG = "tag"
    OWNER = "owner"
    COLUMN = "column"
    DESCRIPTION = "description"
    COLUMN_DESCRIPTION = "column_description"


class SearchMatch(BaseModel):
    """A place where a product has what was searched for."""

    field: SearchedField
    text: str = Field(description="The text there; of a long one the part around the match.")
    column: str | None = Field(
        default=None,
        exclude_if=lambda column: column is None,
        description="The column that a description is of.",
    )


class SearchResult(BaseModel):
    """A product that was found."""

    name: str
    domain: str
    owner: str
    title: str | None = Field(default=None, exclude_if=lambda title: title is None)
    description: str
    status: ProductStatus
    version: str
    tags: list[str]
    quality: QualityState
    type: ProductType
    updated_at: Timestamp
    matched: list[SearchMatch]


class FacetCount(BaseModel):
    """How many of the products found have a value."""

    value: str
    count: int


type FacetName = Literal["domain", "owner", "tag", "status", "quality", "type"]


class SearchPage(BaseModel):
    """A page of what was found."""

    total: int = Field(description="How many products were found, on all pages.")
    results: list[SearchResult]
    facets: dict[FacetName, list[FacetCount]] = Field(
        description="Facet -> its values with how many products have them, most first, at most"
        f" {MAX_FACET_VALUES}. The filter of the facet itself does not count."
    )
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")
