"""Answers of the API besides products and lineage entries."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from datamesh.models.lineage import LineageType


class Written[T](BaseModel):
    """The answer to every write."""

    success: Literal[True] = True
    message: str
    data: T


class WrittenProducts[T](Written[T]):
    """The answer to a write of products, with what is doubtful about them."""

    warnings: list[str] | None = Field(
        default=None,
        description="The columns whose types are not known, and what that means. Absent if there "
        "are none.",
    )

    # A type of what it returns would take the model's place in the API document.
    @model_serializer(mode="wrap")
    def drop_empty_warnings(self, serialize: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        """Return the answer without an empty list of warnings."""
        answer = serialize(self)
        if not self.warnings:
            answer.pop("warnings", None)
        return answer


class DeletedProduct(BaseModel):
    """A product that was deleted, and how much lineage with it."""

    name: str
    lineage_entries_removed: int | None = Field(
        description="How many entries named the product. Null when storage failed after the "
        "product was removed: the entries are invisible, and the scheduled run removes them."
    )


class LineageStats(BaseModel):
    """Counts over the visible lineage entries."""

    total_entries: int
    unique_sources: int
    unique_targets: int
    lineage_types: dict[LineageType, int] = Field(description="All three types, zeros included.")


class Health(BaseModel):
    """The state of the API, and how much it holds."""

    status: Literal["healthy"] = "healthy"
    timestamp: datetime
    version: str
    build: str = Field(
        description="SHA-256 digest of all that was built and deployed together; `local` for "
        "sources that run as they are."
    )
    total_products: int
    total_lineage_entries: int


class FieldProblem(BaseModel):
    """A problem with a field or parameter of a request."""

    field: str = Field(
        description="Dotted path of the field, or the parameter's name. Of a contract it is a JSON"
        " pointer."
    )
    location: Literal["body", "query", "path", "header", "cookie"]
    message: str
    line: int | None = Field(default=None, description="Line of a contract. Absent for all else.")


class Problem(BaseModel):
    """The body of every error from a function."""

    success: Literal[False] = False
    message: str
    errors: list[FieldProblem] | None = Field(
        default=None, description="Present when fields or parameters were refused."
    )


class GatewayProblem(BaseModel):
    """The body of every error from API Gateway itself, before a function is called."""

    message: str
