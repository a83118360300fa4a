"""Records: products and lineage entries as a function holds them in memory.

A registry of 100,000 entries is read for a few of them. So a record keeps the JSON that stands in
the file and parses only the fields that rules and walks look at; the rest is parsed when somebody
asks for it (docs/adr/0014-rows.md).
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import compress, count
from operator import is_not
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.access import Visibility
from datamesh.models.json_codec import decode_model, encode_model, encode_value
from datamesh.models.lineage import Evidence, LineageEntry, LineageType, StoredLineageEntry
from datamesh.models.product_facts import COMPUTED_FIELDS
from datamesh.models.products import Product, ProductStatus
from datamesh.models.stored_products import StoredProduct

PRODUCT_ADAPTER = TypeAdapter(Product)
ENTRY_ADAPTER = TypeAdapter(LineageEntry)

NOT_IN_JSON = " "
"""Begins the encoded names of fields that have no member in a record's JSON object."""

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A datetime that has a time zone."""


class RecordedName(msgspec.Struct, frozen=True, gc=False):
    """The OpenLineage name of a dataset or a job."""

    namespace: str
    name: str


class RecordedPort(msgspec.Struct, frozen=True, gc=False):
    """The part of an output port that requests look at."""

    location: str


class RecordedContract(msgspec.Struct, frozen=True, gc=False):
    """The reference to the contract of a product."""

    id: str
    digest: str
    object: str | None = None


_TAGS = msgspec.json.Decoder(tuple[str, ...])
_NAMES = msgspec.json.Decoder(tuple[RecordedName, ...])
_JOB = msgspec.json.Decoder(RecordedName | None)

LARGEST_REMEMBERED = 1024
"""Bytes of an item up to which its public JSON is remembered: that of all could take as much memory
as the file."""


class RegistryRecord(msgspec.Struct, gc=False, eq=False):
    """One item of a registry file: its JSON, and the parsed fields of a subclass.

    A record does not change, except that it remembers what it computed.
    """

    public_adapter: ClassVar[TypeAdapter[Any]]
    """Writes the public part of the model."""
    not_stored: ClassVar[frozenset[str]] = frozenset()
    """The fields of the model that are computed from others."""
    json: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name=NOT_IN_JSON + "json")
    """The whole item, as it stands in the file."""
    _public_json: bytes | None = msgspec.field(default=None, name=NOT_IN_JSON + "public_json")

    @classmethod
    def from_model(cls, stored: BaseModel) -> Self:
        """Return the record of a stored product or entry."""
        text = encode_model(stored, exclude=cls.not_stored)
        record = msgspec.json.decode(text, type=cls)
        record.json = msgspec.Raw(text)
        return record

    def to_model(self) -> BaseModel:
        """Parse the whole item.

        Raises StorageUnavailable if the file holds something else.
        """
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many bytes the item takes in its file, before compression."""
        return len(bytes(self.json))

    @property
    def bytes_in_file(self) -> int:
        """How many bytes the item adds to a file that has others, before compression."""
        return self.size + len(",")

    @property
    def public_json(self) -> bytes:
        """The JSON that readers of the API get, without the fields that are stored only.

        Raises StorageUnavailable as `to_model` does.
        """
        if self._public_json is not None:
            return self._public_json
        text = self.public_adapter.dump_json(self.to_model(), by_alias=True)
        if len(text) <= LARGEST_REMEMBERED:
            self._public_json = text
        return text

    def _parse_field[T](self, decoder: msgspec.json.Decoder[T], json: msgspec.Raw) -> T:
        """Parse a field that may be long: as a string it can take four times its bytes.

        Raises StorageUnavailable if it holds something else.
        """
        try:
            return decoder.decode(json)
        except msgspec.MsgspecError as error:
            self.to_model()  # names the place, if the model does not take it either
            raise StorageUnavailable(f"an item cannot be read: {error}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RegistryRecord) and self.json == other.json

    def __ne__(self, other: object) -> bool:
        # A struct's own says that any two objects differ.
        return not self == other


class _ColumnTexts(msgspec.Struct, frozen=True, gc=False):
    """The descriptions of columns."""

    value: dict[str, str] = {}


class _SaidText(msgspec.Struct, frozen=True, gc=False):
    """The part of what events said that a person searches."""

    columns: _ColumnTexts = _ColumnTexts()


class _OwnColumnText(msgspec.Struct, frozen=True, gc=False):
    """The part of a column that a person has described which a person searches."""

    description: str = ""


class _ProductText(msgspec.Struct, gc=False):
    """The part of a product that a person reads, or searches."""

    name: str
    owner: str
    description: str = ""
    tags: tuple[str, ...] = ()
    schema: dict[str, msgspec.Raw] = {}
    own_columns: dict[str, _OwnColumnText] = {}
    said: _SaidText = _SaidText()


class _PortPartitions(msgspec.Struct, gc=False):
    partitions: tuple[str, ...] = ()


class _ObservedSchema(msgspec.Struct, gc=False):
    schema_cut: bool = False


class _ProductColumns(msgspec.Struct, gc=False):
    """The part of a product that names its columns."""

    schema: dict[str, msgspec.Raw] = {}
    output_port: _PortPartitions | None = None
    observed: _ObservedSchema | None = None


class ProductRecord(RegistryRecord, kw_only=True):
    """A product of `products.json`."""

    public_adapter = PRODUCT_ADAPTER
    not_stored = COMPUTED_FIELDS

    name: str
    domain: str
    owner: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    status: ProductStatus = ProductStatus.ACTIVE
    visibility: Visibility = Visibility.INTERNAL
    since_revision: int = 0
    output_port: RecordedPort | None = None
    contract: RecordedContract | None = None
    data_product: RecordedContract | None = None
    _tags: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"[]"), name="tags")
    _openlineage: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"[]"), name="openlineage")
    edited: tuple[str, ...] = ()
    dropped_at: AwareDatetime | None = None
    hidden: bool = False
    _observed: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="observed")

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags. Raises StorageUnavailable if the file holds something else."""
        return self._parse_field(_TAGS, self._tags)

    @property
    def openlineage(self) -> tuple[RecordedName, ...]:
        """The datasets that the product is. Raises StorageUnavailable as `tags` does."""
        return self._parse_field(_NAMES, self._openlineage)

    @property
    def is_observed(self) -> bool:
        """True if events have registered the product and keep it up to date."""
        return bytes(self._observed) != b"null"

    @property
    def has_followed_name(self) -> bool:
        """True if the product is called as events have it: no person has given it its name."""
        return self.is_observed and "name" not in self.edited

    def hash_datasets(self) -> int:
        """Return a number that is the same for products that are the same datasets."""
        return hash(bytes(self._openlineage))

    @property
    def bytes_in_file(self) -> int:
        """How many bytes the product adds with its key, which is its name."""
        return len(encode_value(self.name)) + len(":,") + self.size

    def to_model(self) -> StoredProduct:
        """Parse the whole product.

        Raises StorageUnavailable if the file holds something else.
        """
        return _parse_model(StoredProduct, self.json, f"products.{self.name}")

    def read_columns(self) -> tuple[list[str], bool]:
        """Return the names of the schema's columns, then of the folders, and whether that is all.

        Schemas of events may have been cut. Raises StorageUnavailable as `to_model` does.
        """
        try:
            found = msgspec.json.decode(self.json, type=_ProductColumns)
        except ValueError as error:
            location = f"products.{self.name}"
            raise StorageUnavailable(f"{location} cannot be read: {error}") from error
        partitions = found.output_port.partitions if found.output_port else ()
        is_cut = found.observed is not None and found.observed.schema_cut
        return [*dict.fromkeys((*found.schema, *partitions))], not is_cut

    def read_texts(self) -> list[str]:
        """Return the texts of the product: name, description, owner, tags, and those of its fields.

        Raises StorageUnavailable if the file holds something else.
        """
        try:
            text = msgspec.json.decode(self.json, type=_ProductText)
        except ValueError as error:
            location = f"products.{self.name}"
            raise StorageUnavailable(f"{location} cannot be read: {error}") from error
        own = {name: column.description for name, column in text.own_columns.items()}
        described = {**text.said.columns.value, **{key: each for key, each in own.items() if each}}
        columns = (*text.schema, *described.values())
        return [text.name, text.description, text.owner, *text.tags, *columns]


class LineageRecord(RegistryRecord, kw_only=True):
    """An entry of `lineage.json`."""

    public_adapter = ENTRY_ADAPTER

    source: str
    target: str
    timestamp: AwareDatetime
    id: str = ""
    lineage_type: LineageType = LineageType.DIRECT
    confidence: float = 1.0
    products_revision: int = 0
    superseded: bool = False
    evidence: Evidence | None = None
    _job: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="job")

    @property
    def job(self) -> RecordedName | None:
        """The job that the entry is of. Raises StorageUnavailable if it cannot be read."""
        found: RecordedName | None = self._parse_field(_JOB, self._job)
        return found

    def to_model(self) -> StoredLineageEntry:
        """Parse the whole entry.

        Raises StorageUnavailable if the file holds something else.
        """
        return _parse_model(StoredLineageEntry, self.json, f"lineage.{self.id}")


def count_common_start(before: Collection[object], after: Collection[object]) -> int:
    """Return how many of the very same records two versions of a file begin with.

    That is nearly all of a large registry: most commits append.
    """
    places = compress(count(), map(is_not, before, after))
    return next(places, min(len(before), len(after)))


def attach_json(records: Iterable[RegistryRecord], items: Iterable[msgspec.Raw]) -> None:
    """Give each record the JSON of its item. Raises ValueError if one side is longer."""
    for record, item in zip(records, items, strict=True):
        record.json = item


def describe_error(error: Exception) -> str:
    """Return where a stored file is wrong and in what, but never the value that stands there.

    A validation error of two fields -> `products.orders.domain: Field required`, of the first.
    """
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _parse_model[M: BaseModel](model: type[M], json: msgspec.Raw, location: str) -> M:
    try:
        return decode_model(model, bytes(json))
    except ValidationError as error:
        raise StorageUnavailable(f"{location} cannot be read: {describe_error(error)}") from error
