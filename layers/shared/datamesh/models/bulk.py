"""Bulk registration, many items in one commit: what a client sends, and the report it gets."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from datamesh.models.lineage import LINEAGE_EXAMPLE
from datamesh.models.products import PRODUCT_EXAMPLE
from datamesh.models.values import show_example

MAX_ITEMS = 1000

_PRODUCTS: dict[str, JsonValue] = {
    "items": [PRODUCT_EXAMPLE | {"name": "carriers"}, PRODUCT_EXAMPLE | {"name": "delivery_times"}]
}
_ENTRIES: dict[str, JsonValue] = {
    "items": [LINEAGE_EXAMPLE, LINEAGE_EXAMPLE | {"target": "monthly_revenue"}]
}


class ItemProblem(BaseModel):
    """A problem with an item."""

    field: str = Field(description="Dotted path within the item; empty for the item as a whole.")
    message: str


class BulkItem(BaseModel):
    """The result of one item."""

    index: int = Field(description="Position of the item in the request, from 0.")
    status: Literal["registered", "refused"]
    errors: list[ItemProblem] = Field(default=[], description="Why it was refused.")


class BulkReport(BaseModel):
    """The result of a bulk registration."""

    registered: int
    refused: int
    items: list[BulkItem] = Field(description="One for each item, in the order of the request.")


class ProductsBulk(BaseModel):
    """The body of `POST /products/bulk`. Items are checked one by one, for the report."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=show_example(_PRODUCTS))

    items: list[
        Annotated[JsonValue, WithJsonSchema({"$ref": "#/components/schemas/ProductRegistration"})]
    ] = Field(min_length=1, max_length=MAX_ITEMS)


class LineageBulk(BaseModel):
    """The body of `POST /lineage/bulk`. Items are checked one by one, for the report."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=show_example(_ENTRIES))

    items: list[
        Annotated[JsonValue, WithJsonSchema({"$ref": "#/components/schemas/LineageRegistration"})]
    ] = Field(min_length=1, max_length=MAX_ITEMS)
