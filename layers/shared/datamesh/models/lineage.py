"""Lineage entries: what a client sends, what it gets back, and what is stored."""

from enum import IntEnum, StrEnum
from math import isfinite
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from datamesh.models.json_codec import encode_value
from datamesh.models.products import FieldText
from datamesh.models.values import NOT_BLANK, ShortText, Timestamp, show_example


class LineageType(StrEnum):
    """How the target of an entry is made of its source."""

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
    "columns": [{"source": "amount", "target": "revenue", "lineage_type": "aggregated"}],
}

MAX_TRANSFORMATION_LENGTH = 1000
MAX_METADATA_BYTES = 32 * 1024
"""Limited because every reader of lineage receives it, and one file holds that of all entries."""


def check_metadata_size(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the metadata. Raises ValueError if its JSON is larger than MAX_METADATA_BYTES."""
    size = len(encode_value(metadata))
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"at most {MAX_METADATA_BYTES} bytes of JSON, got {size}")
    return metadata


Transformation = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TRANSFORMATION_LENGTH),
    NOT_BLANK,
]


MAX_COLUMN_PAIRS = 1000
MAX_COLUMNS_BYTES = 64 * 1024
"""Limited as metadata is; with short names it is the number of pairs that counts."""


class ColumnRegistration(BaseModel):
    """A column of the source that goes into a column of the target, as a client sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: FieldText = Field(description="Column of the source product.")
    target: FieldText = Field(description="Column of the target product.")
    lineage_type: LineageType = LineageType.DIRECT


def check_column_pairs(columns: list[ColumnRegistration]) -> list[ColumnRegistration]:
    """Return the columns. Raises ValueError if a pair comes twice, or they are too many bytes."""
    seen: dict[tuple[str, str], int] = {}
    for position, each in enumerate(columns):
        first = seen.setdefault((each.source, each.target), position)
        if first != position:
            raise ValueError(f"pairs of columns must differ, but {position} repeats {first}")
    size = len(encode_value([each.model_dump(mode="json") for each in columns]))
    if size > MAX_COLUMNS_BYTES:
        raise ValueError(f"at most {MAX_COLUMNS_BYTES} bytes of JSON, got {size}")
    return columns


class LineageRegistration(BaseModel):
    """The body of `POST /register_lineage`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=show_example(LINEAGE_EXAMPLE))

    source: ShortText = Field(description="Name of a registered product.")
    target: ShortText = Field(description="Name of a registered product.")
    transformation: Transformation
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = Field(default=1.0, ge=0, le=1, strict=True)
    metadata: Annotated[dict[str, JsonValue], AfterValidator(check_metadata_size)] = Field(
        default={}, description=f"Any object of at most {MAX_METADATA_BYTES} bytes of JSON."
    )
    columns: Annotated[list[ColumnRegistration], AfterValidator(check_column_pairs)] = Field(
        default=[],
        max_length=MAX_COLUMN_PAIRS,
        description="The columns that go into columns of the target: of the products' schemas, "
        f"where these have one. At most {MAX_COLUMNS_BYTES} bytes of JSON.",
    )

    def to_attributes(self) -> dict[str, Any]:
        """Return the fields of the entry that is registered."""
        columns = tuple(ColumnLineage(**dict(each)) for each in self.columns)
        return dict(self) | {"columns": columns}


class Job(BaseModel):
    """The OpenLineage job whose events an entry was derived from."""

    model_config = ConfigDict(frozen=True)

    namespace: str
    name: str


class ColumnLineage(BaseModel):
    """A column of the source that goes into a column of the target."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Column of the source product.")
    target: str = Field(description="Column of the target product.")
    lineage_type: LineageType = LineageType.DIRECT


class LineageEntry(BaseModel):
    """A registered entry as readers see it."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra=show_example(
            {"id": "6a1f0c2e9b7d4538", **LINEAGE_EXAMPLE, "timestamp": "2026-01-31T09:30:00Z"}
        ),
    )

    id: str = Field(description="Stays the same for as long as the entry exists.")
    source: str
    target: str
    transformation: str
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = 1.0
    metadata: dict[str, JsonValue] = {}
    job: Job | None = Field(
        default=None, description="The job whose events the entry is derived from; else null."
    )
    columns: tuple[ColumnLineage, ...] = ()
    timestamp: Timestamp


class Evidence(IntEnum):
    """The evidence that an entry is derived from, weakest first."""

    DATASETS = 1
    """The datasets that a run reads and writes."""
    COLUMNS = 2
    """The `columnLineage` facets of a run's outputs."""
    LINEAGE = 3
    """The `lineage` facets of an event."""


def replace_non_finite(confidence: float) -> float:
    """Return the confidence, or 0 for NaN and infinity: old files hold some, and JSON cannot."""
    return confidence if isfinite(confidence) else 0.0


class StoredLineageEntry(LineageEntry):
    """An entry as `lineage.json` holds it. Fields that this version does not know are kept."""

    model_config = ConfigDict(extra="allow")

    id: str = ""
    """Empty in files that are older than ids; `LineageFile` makes an id when it reads them."""
    confidence: Annotated[float, AfterValidator(replace_non_finite)] = 1.0
    products_revision: int = 0
    """The revision of `products.json` in which both ends were found. It is 0 in files that are
    older than the envelope."""
    evidence: Evidence | None = None
    """The evidence that the entry is derived from; None if it was registered by hand."""
    superseded: bool = False
    """True for what is never shown: a `lineage` facet has denied it, or it is no edge."""
