"""Lineage entries: what a client sends, what it gets back, what is stored."""

from enum import IntEnum, StrEnum
from math import isfinite
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

MAX_TRANSFORMATION_LENGTH = 1000
MAX_METADATA_BYTES = 32 * 1024
"""Every reader of lineage gets it, and the registry's file holds that of every entry."""


def bounded(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(to_json(metadata))
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"at most {MAX_METADATA_BYTES} bytes of JSON, got {size}")
    return metadata


Transformation = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TRANSFORMATION_LENGTH),
    NOT_BLANK,
]


class LineageRegistration(BaseModel):
    """The body of `POST /register_lineage`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example(LINEAGE_EXAMPLE))

    source: ShortText = Field(description="Name of a registered product.")
    target: ShortText = Field(description="Name of a registered product.")
    transformation: Transformation
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = Field(default=1.0, ge=0, le=1, strict=True)
    metadata: Annotated[dict[str, JsonValue], AfterValidator(bounded)] = Field(
        default={}, description=f"Any object of at most {MAX_METADATA_BYTES} bytes of JSON."
    )


class Job(BaseModel):
    """The OpenLineage job whose events an entry was derived from."""

    model_config = ConfigDict(frozen=True)

    namespace: str
    name: str


class ColumnLineage(BaseModel):
    """That a column of the source goes into a column of the target."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Column of the source product.")
    target: str = Field(description="Column of the target product.")
    lineage_type: LineageType = LineageType.DIRECT


class LineageEntry(BaseModel):
    """A registered entry as readers see it."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra=example(
            {"id": "6a1f0c2e9b7d4538", **LINEAGE_EXAMPLE, "timestamp": "2026-01-31T09:30:00Z"}
        ),
    )

    id: str = Field(description="The same for as long as the entry exists.")
    source: str
    target: str
    transformation: str
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = 1.0
    metadata: dict[str, JsonValue] = {}
    job: Job | None = Field(default=None, description="Of an entry that is derived from events.")
    columns: tuple[ColumnLineage, ...] = ()
    timestamp: Timestamp


class Evidence(IntEnum):
    """What an entry is derived from, weakest first: the datasets that a run reads and writes, its
    `columnLineage` facets, its `lineage` facets."""

    DATASETS = 1
    COLUMNS = 2
    LINEAGE = 3


def finite(confidence: float) -> float:
    """Files of old may hold NaN, which JSON cannot: it is no confidence at all."""
    return confidence if isfinite(confidence) else 0.0


class StoredLineageEntry(LineageEntry):
    """An entry as `lineage.json` holds it; fields that this version does not know are kept."""

    model_config = ConfigDict(extra="allow")

    id: str = ""
    """Empty in files of before ids; `LineageFile` gives those theirs as it reads them."""
    confidence: Annotated[float, AfterValidator(finite)] = 1.0
    products_revision: int = 0
    """The revision of `products.json` in which both ends were seen. 0 in files of before the
    envelope."""
    evidence: Evidence | None = None
    """Of an entry that is derived from events; None for one that was registered by hand."""
    superseded: bool = False
    """Whether the entry's job has given better evidence of where its target comes from."""
