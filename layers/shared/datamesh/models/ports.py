"""Output ports: where the data of a product lies, and in which form."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from datamesh.models.csv_dialect import CsvDialect
from datamesh.models.values import show_example

MAX_PARTITIONS = 8
LOCATION_SEGMENT = r"[A-Za-z0-9_=+-]+(\.[A-Za-z0-9_=+-]+)*"
"""A part of a location: no blank, no `..`, nothing that a URL or a policy has to escape."""
BUCKET_NAME = r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*"
OWN_LOCATION = rf"domains(/{LOCATION_SEGMENT}){{2,8}}/"
OTHER_BUCKET_LOCATION = rf"s3://{BUCKET_NAME}(/{LOCATION_SEGMENT}){{0,8}}/"
GRANTED_LOCATION = rf"(domains|s3://{BUCKET_NAME})(/{LOCATION_SEGMENT}){{0,8}}/"
"""The locations that an operator may grant to a domain: a folder of the catalog's bucket or of
another."""
S3_SCHEME = "s3://"
DELTA_LOG_FOLDER = "_delta_log/"
"""Where the log of a Delta table lies in its folder."""


class DataFormat(StrEnum):
    """The formats of data that the registry can read.

    A Delta Lake table is Parquet files of which its log says which are current.
    """

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    DELTA = "delta"


def refuse_unread_tables(value: object) -> object:
    """Return the format. Raises ValueError for one of tables that are not read."""
    if isinstance(value, str) and value.casefold() in ("iceberg", "hudi"):
        raise ValueError(
            f"{value} tables are not read: their folder does not tell which files are current."
            " Write the current rows to a folder of Parquet files, or to a Delta table"
        )
    return value


ReadFormat = Annotated[DataFormat, BeforeValidator(refuse_unread_tables)]


def refuse_repetitions(names: list[str]) -> list[str]:
    """Return the names. Raises ValueError if two are equal, whatever the case."""
    if len({name.casefold() for name in names}) != len(names):
        raise ValueError("partitions must differ")
    return names


Location = Annotated[
    str,
    StringConstraints(max_length=500, pattern=rf"^({OWN_LOCATION}|{OTHER_BUCKET_LOCATION})$"),
    Field(
        description="Below `domains/<domain of the product>/` in the catalog's bucket, or below a"
        " location that is granted to the domain (DataLocations). Ends with a slash."
    ),
]
PARTITION_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$"
Partition = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=PARTITION_PATTERN)
]
Partitions = Annotated[
    list[Partition],
    AfterValidator(refuse_repetitions),
    Field(
        max_length=MAX_PARTITIONS,
        json_schema_extra={"uniqueItems": True},
        description="Columns that folders hold, outermost first: `order_date=2023-07-01/`. Their "
        "types are those of the schema; one that is not in the schema is text. None for a Delta"
        " table, whose log names them.",
    ),
]


class OutputPort(BaseModel):
    """The files of a product. Their names tell the compression: `.gz`, `.zst`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=show_example(
            {
                "location": "domains/sales/orders/",
                "format": "parquet",
                "partitions": ["order_date"],
            }
        ),
    )

    location: Location
    format: ReadFormat
    partitions: Partitions = []
    csv: CsvDialect | None = Field(
        default=None,
        exclude_if=lambda dialect: dialect is None,
        description="The form of CSV files, where it is not that of RFC 4180 with a header.",
    )

    @model_validator(mode="after")
    def refuse_dialect_of_other_formats(self) -> Self:
        """Refuse the form of CSV files for files that are not CSV."""
        if self.csv and self.format is not DataFormat.CSV:
            raise ValueError(f"leave out `csv`: it is for the format csv, not for {self.format}")
        return self

    @model_validator(mode="after")
    def refuse_partitions_of_log(self) -> Self:
        """Refuse partitions of a table whose log names them."""
        if self.format is DataFormat.DELTA and self.partitions:
            raise ValueError("leave out `partitions`: the log of a Delta table names its own")
        return self
