"""Lineage entries: what a client sends, what it gets back, what is stored."""

from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)
from pydantic_core import to_json

from datamesh.models.values import NOT_BLANK, ShortText, Timestamp, example


class LineageType(StrEnum):
    DIRECT = "direct"
    DERIVED = "derived"
    AGGREGATED = "aggregated"


LINEAGE_EXAMPLE: dict[str, JsonValue] = {
    "source": "orders",
    "target": "daily_revenue",
    "transformation": "SUM(amount) GROUP BY order_date",
    "lineage_type": "aggregated",
    "confidence": 0.95,
    "metadata": {"job": "nightly", "owner": "finance"},
}


MAX_METADATA_BYTES = 32 * 1024
"""Every reader of lineage gets it, and the registry's file holds that of every entry."""


def bounded(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(to_json(metadata))
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"at most {MAX_METADATA_BYTES} bytes of JSON, got {size}")
    return metadata


class LineageRegistration(BaseModel):
    """The body of `POST /register_lineage`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(LINEAGE_EXAMPLE))

    source: ShortText = Field(description="Name of a registered product.")
    target: ShortText = Field(description="Name of a registered product.")
    transformation: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), NOT_BLANK
    ]
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = Field(default=1.0, ge=0, le=1, strict=True)
    metadata: Annotated[dict[str, JsonValue], AfterValidator(bounded)] = Field(
        default={}, description=f"Any object of at most {MAX_METADATA_BYTES} bytes of JSON."
    )


class LineageEntry(BaseModel):
    """A registered entry as readers see it."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra=example(LINEAGE_EXAMPLE | {"timestamp": "2026-01-31T09:30:00Z"}),
    )

    source: str
    target: str
    transformation: str
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = 1.0
    metadata: dict[str, JsonValue] = {}
    timestamp: Timestamp


class StoredLineageEntry(LineageEntry):
    """An entry as `lineage.json` holds it; fields that this version does not know are kept."""

    model_config = ConfigDict(extra="allow")

    products_revision: int = 0
    """The revision of `products.json` in which both ends were seen. 0 in files of before the
    envelope."""
