"""What the API answers about domains and their data, besides rows."""

from pydantic import BaseModel, Field

from datamesh.models.products import QualityFailure


class DomainSummary(BaseModel):
    domain: str = Field(description="As its oldest product spells it; compared whatever the case.")
    products: int
    output_ports: int = Field(description="How many of the products name where their data lies.")


class ColumnProfile(BaseModel):
    """Of a column that is registered, or that the files have, or both."""

    name: str
    registered: str | None = Field(description="The schema's type; null if it has no such column.")
    type: str | None = Field(
        description="What the files hold; for CSV and JSON Lines the registered type if every "
        "value reads as it. Null if no file has the column."
    )
    nulls: int
    distinct: int | None = Field(description="Approximate (HyperLogLog); null if not comparable.")
    min: str | None
    max: str | None


class DatasetProfile(BaseModel):
    product: str
    location: str
    rows: int
    files: int
    bytes: int = Field(description="What the files weigh in storage.")
    columns: list[ColumnProfile]
    failures: list[QualityFailure] = Field(
        description="Where the files are not what the schema says: `column_is_missing`, "
        "`column_is_not_registered`, `column_has_another_type`."
    )
