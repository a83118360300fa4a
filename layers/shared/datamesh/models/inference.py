"""The columns that files turn out to have, before a product of them is registered."""

from enum import StrEnum
from operator import not_
from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)

from datamesh.models.csv_dialect import CsvDialect
from datamesh.models.ports import DataFormat, Location, Partitions, ReadFormat
from datamesh.models.products import Description, ProductRegistration
from datamesh.models.values import ShortText, declare_optional, show_example


class ColumnOrigin(StrEnum):
    """The places that the values of a column come from."""

    FILES = "files"
    FOLDERS = "folders"


class InferenceRequest(BaseModel):
    """The body of `POST /domains/{domain}/{dataset}/infer`: what is known already."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=show_example(
            {"location": "domains/marketing/campaigns/", "owner": "marketing-team@example.com"}
        ),
    )

    location: Annotated[
        Location,
        Field(
            description="Where the files are. If left out, where the product of this name says or,"
            " without one, `domains/<domain>/<dataset>/`."
        ),
    ] = declare_optional()
    format: Annotated[
        ReadFormat, Field(description="Their format; that of most of their names if left out.")
    ] = declare_optional()
    partitions: Annotated[
        Partitions, Field(description="Columns that folders hold; all that they do if left out.")
    ] = declare_optional()
    csv: Annotated[
        CsvDialect,
        Field(description="The form of CSV files; what their first lines tell if left out."),
    ] = declare_optional()
    owner: Annotated[
        ShortText, Field(description="The owner in the registration; `unowned` if left out.")
    ] = declare_optional()
    description: Annotated[
        Description, Field(description="The description in the registration.")
    ] = declare_optional()


class InferredColumn(BaseModel):
    """A column of the files, or of the folders that they are in.

    What the rows that were read suggest is proposed: other rows may differ.
    """

    name: str
    type: str
    nullable: bool = Field(
        description="False if no sampled file may have a null: Parquet says so, or no sampled row"
        " of a text file had one."
    )
    origin: ColumnOrigin
    description: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="As the files have it: metadata of Arrow, Spark, Iceberg, Avro or pandas.",
    )
    required: bool = Field(
        default=False, exclude_if=not_, description="Proposed: no row that was read had a null."
    )
    unique: bool = Field(
        default=False, exclude_if=not_, description="Proposed: the rows that were read all differ."
    )
    primary_key: int | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Proposed: 1 for the first column that could be the key.",
    )
    enum: list[str | int] = Field(
        default=[],
        exclude_if=not_,
        description="Proposed: the values, where there are few. Only for callers who may read all"
        " columns of the data, and never of a restricted column.",
    )

    def build_request(self) -> JsonValue:
        """Return the column as `schema` of a registration has it."""
        said = self.model_dump(mode="json", exclude={"name", "nullable", "origin"})
        return self.type if said.keys() == {"type"} else said


def show_columns(registration: ProductRegistration, serialize: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
    """Return a registration as it can be sent, with a column in the place of a type."""
    answer = serialize(registration)
    shown = {
        name: column.model_dump(mode="json", exclude_defaults=True)
        for name, column in registration.described_columns.items()
    }
    return {**answer, "schema": {**registration.schema_, **shown}}


class Inference(BaseModel):
    """A dataset as a sample of its files tells it."""

    location: str
    format: DataFormat
    files: int = Field(description="How many files of the format there are.")
    files_read: int = Field(description="Of how many the footer or the first bytes were read.")
    bytes_read: int
    rows_read: int = Field(description="By how many rows columns are proposed.")
    columns: list[InferredColumn]
    warnings: list[str] = Field(
        description="Where files differ, and what is not in `registration` because of it."
    )
    registration: Annotated[ProductRegistration, WrapSerializer(show_columns)] = Field(
        description="The body of `POST /register_product` for a product of these files."
    )
