"""What the scheduled run keeps of a day: counts over the registry, and how the API was used."""

import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from datamesh.models.lineage import LineageType
from datamesh.models.products import ProductStatus
from datamesh.models.values import Timestamp

LISTED = 100
"""How many names a list in a snapshot has at most; the count beside it is of all."""


class Completeness(BaseModel):
    """How many products have it."""

    owner: int = Field(description="One other than `unowned`.")
    description: int
    schema_: int = Field(alias="schema", description="At least one field.")
    tags: int
    quality: int = Field(description="A result of a check.")


class Named(BaseModel):
    count: int
    names: list[str] = Field(description=f"The first {LISTED}, by name.")


class ProductFigures(BaseModel):
    total: int
    by_domain: dict[str, int]
    by_status: dict[ProductStatus, int]
    by_owner: dict[str, int]
    complete: Completeness
    stale: Named = Field(description="Not updated for `stale_days`.")
    stale_days: int


class Dependence(BaseModel):
    """How much depends on a product, and on how much it depends."""

    name: str
    downstream: int = Field(description="Products made of it directly.")
    upstream: int = Field(description="Products that it is made of directly.")
    reach: int = Field(description="Products made of it, directly or not; itself not counted.")


class Ranking(StrEnum):
    """The figure of a Dependence that products are ranked by."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    REACH = "reach"


class LineageFigures(BaseModel):
    total: int
    by_type: dict[LineageType, int]
    mean_confidence: float | None = Field(description="Null without lineage.")
    lowest_confidence: float | None
    orphans: Named = Field(description="Products without any lineage.")
    cycles: int = Field(
        description="Groups of products that all feed each other, and those that feed themselves."
    )
    most_depended_upon: list[Dependence] = Field(description="By reach, then by name; 20.")


class FileFigures(BaseModel):
    revision: int
    bytes: int = Field(description="As stored, gzip-encoded.")


class StorageFigures(BaseModel):
    products: FileFigures
    lineage: FileFigures


class RouteUsage(BaseModel):
    route: str
    requests: int
    client_errors: int
    server_errors: int
    p50_ms: float | None
    p99_ms: float | None


class Usage(BaseModel):
    """Of a whole day (UTC), as CloudWatch counted it."""

    day: datetime.date
    total: RouteUsage
    routes: list[RouteUsage] = Field(description="Where the API's detailed metrics are on.")


class Snapshot(BaseModel):
    date: datetime.date
    at: Timestamp = Field(description="When the run was due.")
    products: ProductFigures
    lineage: LineageFigures
    storage: StorageFigures
    usage: Usage | None = Field(
        description="Of the day before, the last whole one. Null where there is no CloudWatch."
    )
    pruned_lineage_entries: int = Field(description="By the runs of the day so far.")

    def after(self, earlier: Self) -> Self:
        """As the snapshot of a day that already has an earlier one."""
        pruned = earlier.pruned_lineage_entries + self.pruned_lineage_entries
        return self.model_copy(update={"pruned_lineage_entries": pruned})


class Metric(StrEnum):
    """A figure of a snapshot that is one number, by its path."""

    PRODUCTS = "products.total"
    STALE = "products.stale.count"
    WITH_OWNER = "products.complete.owner"
    WITH_DESCRIPTION = "products.complete.description"
    WITH_SCHEMA = "products.complete.schema"
    WITH_TAGS = "products.complete.tags"
    WITH_QUALITY = "products.complete.quality"
    LINEAGE = "lineage.total"
    MEAN_CONFIDENCE = "lineage.mean_confidence"
    LOWEST_CONFIDENCE = "lineage.lowest_confidence"
    ORPHANS = "lineage.orphans.count"
    CYCLES = "lineage.cycles"
    PRODUCTS_BYTES = "storage.products.bytes"
    LINEAGE_BYTES = "storage.lineage.bytes"
    REQUESTS = "usage.total.requests"
    CLIENT_ERRORS = "usage.total.client_errors"
    SERVER_ERRORS = "usage.total.server_errors"
    P50 = "usage.total.p50_ms"
    P99 = "usage.total.p99_ms"

    @property
    def attributes(self) -> list[str]:
        """Of the models from the snapshot on."""
        return [f"{name}_" if name == "schema" else name for name in self.split(".")]


class TrendPoint(BaseModel):
    date: datetime.date
    value: float | None = Field(description="Null if that day's snapshot has no such figure.")


class Trend(BaseModel):
    metric: Metric
    points: list[TrendPoint] = Field(
        description="Oldest first; days without a snapshot are left out."
    )
