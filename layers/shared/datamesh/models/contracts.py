"""Data contracts: what the registry says of them, and keeps with their products."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

MediaType = Literal["application/yaml", "application/json"]


class ContractFormat(StrEnum):
    """The language that a product is described in."""

    ODCS = "odcs"
    ODPS = "odps"
    JSON_SCHEMA = "jsonschema"
    AVRO = "avro"
    SQL = "sql"
    DBT = "dbt"
    MARKDOWN = "markdown"


class ContractFault(BaseModel):
    """A fault of a contract, and where it is."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="JSON pointer of the value or the key (RFC 6901).")
    line: int | None = Field(description="Line of the document; null where it has none.")
    message: str


class ContractReference(BaseModel):
    """The contract of a product: which document, and where it is kept."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="The `id` that the document has.")
    version: str | None = Field(description="The `version` that the document has.")
    api_version: str
    media_type: MediaType
    digest: str = Field(description="SHA-256 of the document, in hexadecimal.")
    size: int = Field(description="Bytes of the document.")
    object: str | None = Field(
        default=None, description="The object of the contract that the product is."
    )


class ContractEntry(ContractReference):
    """A contract of a product, as it is listed."""

    product: str
    domain: str


class ContractLint(BaseModel):
    """The faults of a contract."""

    valid: bool
    api_version: str | None = Field(description="The `apiVersion` that the document has.")
    errors: list[ContractFault] = Field(description="In the order of their lines; 100 at most.")


class PlanAction(StrEnum):
    """The product that a contract makes."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"


class PlannedProduct(BaseModel):
    """A product that a contract is, or would be, registered as."""

    product: str
    object: str | None = Field(description="The object of the contract; null if it has none.")
    action: PlanAction
    changed: list[str] = Field(default=[], description="The fields that an update sets.")


class PlannedLineage(BaseModel):
    """An entry of lineage that an input port of a data product is, or would be."""

    source: str
    target: str
    pointer: str = Field(description="JSON pointer of the port.")
    action: PlanAction


class MappedObject(BaseModel):
    """The part of a product that a contract says, in the fields of `POST /register_product`."""

    product: str
    object: str | None
    fields: dict[str, JsonValue]
    sources: dict[str, str] = Field(description="Field -> JSON pointer of what it is made of.")


class ContractImport(BaseModel):
    """A report of what was done with a contract or, of a dry run, what would be."""

    id: str
    version: str | None
    api_version: str
    media_type: MediaType
    digest: str = Field(description="SHA-256 of the document, in hexadecimal.")
    size: int = Field(description="Bytes of the document.")
    dry_run: bool
    lint: list[ContractFault] = Field(description="Empty unless it is a dry run of a bad document.")
    mapping: list[MappedObject]
    plan: list[PlannedProduct]
    lineage: list[PlannedLineage] = Field(
        default=[],
        exclude_if=lambda entries: not entries,
        description="The input ports of a data product. Absent if there are none.",
    )
    warnings: list[str] = Field(
        description="Where the fields of a product hold less than the document, which is kept."
    )
