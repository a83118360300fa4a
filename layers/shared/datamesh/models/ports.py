"""Output ports: where the data of a product lies, and in which form."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from datamesh.models.values import example

MAX_PARTITIONS = 8
SEGMENT = r"[A-Za-z0-9_=+-]+(\.[A-Za-z0-9_=+-]+)*"
"""Of a location: no blank, no `..`, nothing that a URL or a policy would have to escape."""
BUCKET = r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*"
OWN = rf"domains(/{SEGMENT}){{2,8}}/"
OTHER = rf"s3://{BUCKET}(/{SEGMENT}){{0,8}}/"
OTHER_BUCKETS = "s3://"


class DataFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


def refuse_repetitions(names: list[str]) -> list[str]:
    if len({name.casefold() for name in names}) != len(names):
        raise ValueError("partitions must differ")
    return names


Location = Annotated[
    str,
    StringConstraints(max_length=500, pattern=rf"^({OWN}|{OTHER})$"),
    Field(
        description="`domains/<domain>/<dataset>/` in the catalog's bucket, or `s3://<bucket>/...`"
        " in a bucket that the stack may read (DataBucketArns). Ends with a slash."
    ),
]
Partition = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$")
]
Partitions = Annotated[
    list[Partition],
    AfterValidator(refuse_repetitions),
    Field(
        max_length=MAX_PARTITIONS,
        json_schema_extra={"uniqueItems": True},
        description="Columns that folders hold, outermost first: `order_date=2023-07-01/`. Their "
        "types are those of the schema; one that is not in the schema is text.",
    ),
]


class OutputPort(BaseModel):
    """The files of a product. Compression is told by their names: `.gz`, `.zst`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=example(
            {
                "location": "domains/sales/orders/",
                "format": "parquet",
                "partitions": ["order_date"],
            }
        ),
    )

    location: Location
    format: DataFormat
    partitions: Partitions = []
