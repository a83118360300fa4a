"""What the API answers besides products and entries."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from datamesh.models.lineage import LineageType


class Written[T](BaseModel):
    """The answer to every write."""

    success: Literal[True] = True
    message: str
    data: T


class DeletedProduct(BaseModel):
    name: str
    lineage_entries_removed: int | None = Field(
        description="How many entries named the product. Null when storage failed after the "
        "product was removed: the entries are invisible, and the scheduled run removes them."
    )


class LineageStats(BaseModel):
    total_entries: int
    unique_sources: int
    unique_targets: int
    lineage_types: dict[LineageType, int] = Field(description="All three types, zeros included.")


class Health(BaseModel):
    status: Literal["healthy"] = "healthy"
    timestamp: datetime
    version: str
    total_products: int
    total_lineage_entries: int


class FieldProblem(BaseModel):
    field: str = Field(description="Dotted path of the field, or the parameter's name.")
    location: Literal["body", "query", "path", "header", "cookie"]
    message: str


class Problem(BaseModel):
    """The body of every error that a function answers."""

    success: Literal[False] = False
    message: str
    errors: list[FieldProblem] | None = Field(
        default=None, description="Present when fields or parameters were refused."
    )


class GatewayProblem(BaseModel):
    """The body of the errors that API Gateway answers before a function is called."""

    message: str
