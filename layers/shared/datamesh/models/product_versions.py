"""Versions of a product: what they hold, how they are listed, and how two of them differ."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from datamesh.models.contracts import ContractReference
from datamesh.models.described_columns import DescribedColumn
from datamesh.models.values import Timestamp, show_example

DIGEST_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class VersionBump(StrEnum):
    """The part of a version that a change raises."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


class VersionContent(BaseModel):
    """The promises of a product. Every change of them is a version of the product."""

    model_config = ConfigDict(frozen=True)

    version: str
    schema_: dict[str, str] = Field(alias="schema")
    columns: list[DescribedColumn] = Field(description="As `GET /product/{name}` has them.")
    contract: ContractReference | None = Field(description="Null if it has none.")


class VersionEntry(BaseModel):
    """A version of a product, as it is listed."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {
                "number": 2,
                "version": "1.1.0",
                "digest": DIGEST_EXAMPLE,
                "at": "2026-01-31T09:30:00Z",
                "by": "key:key-1",
            }
        )
    )

    number: int = Field(description="Counts the versions of the product, from 1.")
    version: str = Field(description="The `version` that the product had then.")
    digest: str = Field(
        description="SHA-256 of its content, in hexadecimal: the same for the same content."
    )
    at: Timestamp = Field(description="When it was made.")
    by: str | None = Field(
        description="The principal that made it; null where that is not known, and for callers"
        " without a key."
    )


class VersionList(BaseModel):
    """The versions of a product."""

    product: str
    versions: list[VersionEntry] = Field(description="Newest first: the first is that of now.")
    next: int | None = Field(
        description="Send it as `before` to read the next page; null at the end."
    )


class ColumnChange(BaseModel):
    """One difference between two versions."""

    path: str = Field(
        description="What differs: `version`, `contract`, or of a column `columns.<name>` and the"
        " fact, such as `columns.amount.type`."
    )
    before: JsonValue
    after: JsonValue
    bump: VersionBump = Field(description="The part of `version` that it raises.")


class VersionComparison(BaseModel):
    """The differences between two versions."""

    against: VersionEntry = Field(description="The version that it is compared with: `before`.")
    bump: VersionBump = Field(description="The part of `version` that all of them raise.")
    changes: list[ColumnChange]


class ProductVersion(VersionEntry, VersionContent):
    """A version of a product, with its content."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": []})

    product: str = Field(description="The name of the product then.")
    diff: Annotated[
        VersionComparison | None, Field(exclude_if=lambda comparison: comparison is None)
    ] = None
