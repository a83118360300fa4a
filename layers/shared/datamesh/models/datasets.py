"""Answers about domains and their data, besides rows."""

from enum import StrEnum

from pydantic import BaseModel, Field, JsonValue

from datamesh.models.quality import QualityFailure

type Row = dict[str, JsonValue]
"""A row of a legacy view: column -> value."""


class PageFormat(StrEnum):
    """The formats of a page of rows."""

    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    ARROW = "arrow"


class DomainSummary(BaseModel):
    """A domain, and how many products it has."""

    domain: str = Field(description="As its oldest product spells it; compared whatever the case.")
    products: int
    output_ports: int = Field(description="How many of the products have an output port.")


class ColumnProfile(BaseModel):
    """The values of a column that is in the schema, or in the files, or in both."""

    name: str
    registered: str | None = Field(description="The schema's type; null if it has no such column.")
    type: str | None = Field(
        description="The type in the files; for CSV and JSON Lines the registered type if every "
        "value can be read as it. Null if no file has the column."
    )
    nulls: int
    distinct: int | None = Field(
        description="How many different values there are, without nulls; null, as are `min` and "
        "`max`, if the values are not comparable or the column is not registered."
    )
    distinct_is_approximate: bool = Field(
        description="Whether `distinct` is an estimate (HyperLogLog), which is never more than the "
        "values that are not null. Of up to 500,000 cells in files of up to 1 MB it is exact."
    )
    min: str | None
    max: str | None


class DatasetProfile(BaseModel):
    """The content of a dataset's files, and where it differs from the product's schema."""

    product: str
    location: str
    rows: int
    files: int
    bytes: int = Field(description="Size of the files in storage.")
    skipped_files: int = Field(
        default=0,
        description="How many files of the folder are neither data nor hidden.",
    )
    columns: list[ColumnProfile]
    failures: list[QualityFailure] = Field(
        description="The assertions that the files fail: `dataset_has_files`, `column_is_present`, "
        "`column_is_registered`, `column_has_registered_type`."
    )
