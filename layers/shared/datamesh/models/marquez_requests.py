"""The bodies that Marquez' clients send."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

from datamesh.models.credentials import cut_credentials
from datamesh.models.values import show_example

MAX_DECLARED_TEXT = 1000
MAX_DECLARED_NAME = 1024
MAX_SOURCE_TYPE = 64

DeclaredText = Annotated[str, StringConstraints(max_length=MAX_DECLARED_TEXT)]
DeclaredName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_DECLARED_NAME)]


class MarquezRequest(BaseModel):
    """Base of the bodies, whose fields have camelCase names."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")


class TagRequest(MarquezRequest):
    """A tag to create, or to describe anew."""

    model_config = ConfigDict(json_schema_extra=show_example({"description": "Personal data"}))

    description: DeclaredText | None = None


class NamespaceRequest(MarquezRequest):
    """A namespace to create, or to describe anew."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {"ownerName": "sales-team@example.com", "description": "Orders and payments"}
        )
    )

    owner_name: DeclaredName
    description: DeclaredText | None = None


class SourceRequest(MarquezRequest):
    """A source to create, or to describe anew."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {
                "type": "POSTGRESQL",
                "connectionUrl": "jdbc:postgresql://db.example.com:5432/shop",
                "description": "The shop",
            }
        )
    )

    type: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SOURCE_TYPE)]
    connection_url: Annotated[DeclaredName, AfterValidator(cut_credentials)]
    description: DeclaredText | None = None
