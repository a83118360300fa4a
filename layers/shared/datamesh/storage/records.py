"""Products and entries as a function holds them: their JSON, and what rules and walks look at.

A registry of 100,000 entries is read for a few of them. So each stays the JSON that it is in the
file, of which only the fields below are parsed; the rest is once somebody asks for it
(docs/adr/0014-rows.md).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from datamesh.errors import StorageUnavailable
from datamesh.models.lineage import Evidence, LineageEntry, LineageType, StoredLineageEntry
from datamesh.models.products import Product, ProductStatus, StoredProduct

PRODUCT = TypeAdapter(Product)
ENTRY = TypeAdapter(LineageEntry)

NOT_IN_JSON = " "
"""Begins the names of fields that are no member of a row's JSON object."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Name(msgspec.Struct, frozen=True, gc=False):
    """Of a dataset or a job of OpenLineage."""

    namespace: str
    name: str


class Port(msgspec.Struct, frozen=True, gc=False):
    location: str


class Row(msgspec.Struct, gc=False, eq=False):
    """Rows do not change but for what they remember."""

    reader: ClassVar[TypeAdapter[Any]]
    """What readers see of `full`."""
    json: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name=NOT_IN_JSON + "json")
    _shown: bytes | None = msgspec.field(default=None, name=NOT_IN_JSON + "shown")

    @classmethod
    def of(cls, stored: BaseModel) -> Self:
        text = stored.model_dump_json(by_alias=True).encode()
        row = msgspec.json.decode(text, type=cls)
        row.json = msgspec.Raw(text)
        return row

    def full(self) -> BaseModel:
        """All of it. Raises StorageUnavailable if the file holds something else."""
        raise NotImplementedError

    @property
    def shown(self) -> bytes:
        """JSON, as readers see it. Raises as `full`."""
        if self._shown is None:
            self._shown = self.reader.dump_json(self.full(), by_alias=True)
        return self._shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.json == other.json


class ProductRow(Row, kw_only=True):
    reader = PRODUCT

    name: str
    domain: str
    owner: str
    created_at: Moment
    updated_at: Moment
    status: ProductStatus = ProductStatus.ACTIVE
    tags: tuple[str, ...] = ()
    since_revision: int = 0
    openlineage: tuple[Name, ...] = ()
    output_port: Port | None = None

    def full(self) -> StoredProduct:
        return _parsed(StoredProduct, self.json, f"products.{self.name}")


class LineageRow(Row, kw_only=True):
    reader = ENTRY

    source: str
    target: str
    timestamp: Moment
    id: str = ""
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = 1.0
    products_revision: int = 0
    superseded: bool = False
    evidence: Evidence | None = None
    job: Name | None = None

    def full(self) -> StoredLineageEntry:
        return _parsed(StoredLineageEntry, self.json, f"lineage.{self.id}")


def with_json(rows: Iterable[Row], parts: Iterable[msgspec.Raw]) -> None:
    for row, part in zip(rows, parts, strict=True):
        row.json = part


def _parsed[M: BaseModel](model: type[M], json: msgspec.Raw, place: str) -> M:
    try:
        return model.model_validate_json(bytes(json))
    except ValidationError as error:
        raise StorageUnavailable(f"{place} cannot be read: {summary(error)}") from error


def summary(error: Exception) -> str:
    """Where, and what is wrong there; not the value."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
