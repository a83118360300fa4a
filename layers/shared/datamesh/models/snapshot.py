"""Daily snapshots: counts over the registry, and the usage of the API."""

import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from datamesh.models.lineage import LineageType
from datamesh.models.products import ProductStatus
from datamesh.models.values import Timestamp

MAX_LISTED_NAMES = 100
"""The most names in a list of a snapshot. The count beside the list covers all."""


class Completeness(BaseModel):
    """How many products have an owner, a description and so on."""

    owner: int = Field(description="Products with an owner other than `unowned`.")
    description: int
    schema_: int = Field(alias="schema", description="Products with at least one field.")
    tags: int
    quality: int = Field(description="Products with a result of a check.")


class Named(BaseModel):
    """How many products there are of some kind, and the names of the first."""

    count: int
    names: list[str] = Field(description=f"The first {MAX_LISTED_NAMES}, by name.")


class ProductFigures(BaseModel):
    """Counts over the products."""

    total: int
    by_domain: dict[str, int]
    by_status: dict[ProductStatus, int]
    by_owner: dict[str, int]
    complete: Completeness
    stale: Named = Field(description="Products not updated for `stale_days`.")
    stale_days: int


class Dependence(BaseModel):
    """How many products depend on a product, and on how many it depends."""

    name: str
    downstream: int = Field(description="Products made of it directly.")
    upstream: int = Field(description="Products that it is made of directly.")
    reach: int = Field(description="Products made of it, directly or not, without itself.")


class Ranking(StrEnum):
    """The field of a Dependence that products are ranked by."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    REACH = "reach"


class LineageFigures(BaseModel):
    """Counts over the lineage entries, and what the graph looks like."""

    total: int
    by_type: dict[LineageType, int]
    mean_confidence: float | None = Field(description="Null without lineage.")
    lowest_confidence: float | None
    orphans: Named = Field(description="Products without any lineage.")
    cycles: int = Field(
        description="Groups of products that all feed each other, and those that feed themselves."
    )
    most_depended_upon: list[Dependence] = Field(description="The first 20 by reach, then by name.")


class FileFigures(BaseModel):
    """The revision of a file of the registry, and the size of what everybody sees of it."""

    revision: int
    bytes: int = Field(description="Gzip-encoded, without private products and their lineage.")


class StorageFigures(BaseModel):
    """The files of the registry."""

    products: FileFigures
    lineage: FileFigures


class RouteUsage(BaseModel):
    """The requests of a route, or of all of them, in a day."""

    route: str
    requests: int
    client_errors: int
    server_errors: int
    p50_ms: float | None
    p99_ms: float | None


class Usage(BaseModel):
    """The requests of a whole day (UTC), as CloudWatch counted them."""

    day: datetime.date
    total: RouteUsage
    routes: list[RouteUsage] = Field(
        description="One for each route; empty unless the API's detailed metrics are on."
    )


class Snapshot(BaseModel):
    """The registry and its usage, as the scheduled run of a day found them."""

    date: datetime.date
    at: Timestamp = Field(description="When the run was due.")
    products: ProductFigures
    lineage: LineageFigures
    storage: StorageFigures
    usage: Usage | None = Field(
        description="Usage of the day before, the last whole one. Null where there is no "
        "CloudWatch."
    )
    pruned_lineage_entries: int = Field(description="Removed by the runs of the day so far.")

    def add_earlier_run(self, earlier: Self) -> Self:
        """Return the snapshot with what an earlier run of the same day pruned added to its own."""
        pruned = earlier.pruned_lineage_entries + self.pruned_lineage_entries
        return self.model_copy(update={"pruned_lineage_entries": pruned})


class Metric(StrEnum):
    """The numbers of a snapshot that have a trend. A value is the path to the number."""

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
        """The attributes to follow from the snapshot to the number: `schema` is `schema_` there."""
        return [f"{name}_" if name == "schema" else name for name in self.split(".")]


class TrendPoint(BaseModel):
    """A metric on one day."""

    date: datetime.date
    value: float | None = Field(description="Null if that day's snapshot has no such number.")


class Trend(BaseModel):
    """A metric over time."""

    metric: Metric
    points: list[TrendPoint] = Field(
        description="Oldest first; days without a snapshot are left out."
    )
