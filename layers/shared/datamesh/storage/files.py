"""The two registry files: what each holds, and how older versions of them are read.

An older file is a bare object (name -> product) or a bare list (entries); it counts as revision 0.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import AfterValidator, Field, JsonValue, SkipValidation

from datamesh.models.json_codec import encode_model
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.stored_products import StoredProduct
from datamesh.storage.former_names import ConcealedDataset, Redirect
from datamesh.storage.gzip_members import FileChunk
from datamesh.storage.records import (
    LineageRecord,
    ProductRecord,
    attach_json,
)
from datamesh.storage.registry_file import ENVELOPE_FIELDS, RegistryFile

ENCODE_NAME = msgspec.json.Encoder().encode
"""Writes a text as `encode_value` does, in half of the time: each commit writes all names."""
RECORDS_PER_PART = 1000
"""How many records are compressed together at most."""
BYTES_PER_PART = 1 << 20
"""How many bytes of several records are compressed together at most: readers hold a part twice."""


class ProductsFile(RegistryFile):
    """`products.json`. Products stand in the order of their registration."""

    products: SkipValidation[dict[str, ProductRecord]] = Field(default_factory=dict)
    renamed: SkipValidation[dict[str, Redirect]] = Field(default_factory=dict)
    """Names that products have given up, longest ago first (`services.registry.renames`)."""
    concealed: SkipValidation[tuple[ConcealedDataset, ...]] = ()
    """Datasets of private products that are gone, longest ago first (`...registry.concealed`)."""

    @classmethod
    def from_models(cls, products: Iterable[StoredProduct], **envelope: Any) -> Self:
        """Return a file of these products; `envelope` gives fields like `revision`."""
        records = {product.name: ProductRecord.from_model(product) for product in products}
        return cls(products=records, **envelope)

    def with_product(self, product: StoredProduct) -> Self:
        """Return this content with one product replaced, or added at the end."""
        records = {**self.products, product.name: ProductRecord.from_model(product)}
        return self.model_copy(update={"products": records})

    def check_records(self) -> None:
        """Parse every product completely. Raises StorageUnavailable if one is not a product."""
        for record in self.products.values():
            record.to_model()

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file in chunks of RECORDS_PER_PART products; then what is gone."""
        gone = {"renamed": self.renamed, "concealed": self.concealed}
        rest = b"".join(
            b',"%b":%b' % (name.encode(), msgspec.json.encode(value))
            for name, value in gone.items()
            if value
        )
        yield from encode_members(
            self, b',"products":{', self.products, _encode_products, b"}%b}" % rest
        )

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a products file of any age. Raises ValueError on anything else."""
        try:
            envelope = msgspec.json.decode(text, type=_ProductsEnvelope)
            records = msgspec.json.decode(envelope.products, type=dict[str, ProductRecord])
        except msgspec.MsgspecError:
            return super().parse(text)
        items = msgspec.json.decode(envelope.products, type=dict[str, msgspec.Raw])
        attach_json(records.values(), items.values())
        return cls(
            products=records,
            renamed=envelope.renamed,
            concealed=envelope.concealed,
            **read_envelope(envelope),
        )

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        """Build the file from its parsed JSON. Raises ValueError if it is another thing."""
        file = _ProductsModels.model_validate(raw)
        records = {key: ProductRecord.from_model(each) for key, each in file.products.items()}
        renamed = msgspec.convert(file.renamed, dict[str, Redirect])
        concealed = msgspec.convert(file.concealed, tuple[ConcealedDataset, ...])
        return cls(products=records, renamed=renamed, concealed=concealed, **read_envelope(file))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a bare object, whose products did not repeat their names."""
        if not isinstance(raw, dict):
            return {"products": raw}
        return {"products": {name: _add_name(name, product) for name, product in raw.items()}}


class LineageFile(RegistryFile):
    """`lineage.json`. Entries stand in the order of their registration."""

    lineage: SkipValidation[list[LineageRecord]] = Field(default_factory=list)

    @classmethod
    def from_models(cls, entries: Iterable[StoredLineageEntry], **envelope: Any) -> Self:
        """Return a file of these entries; `envelope` gives fields like `revision`."""
        return cls(lineage=[LineageRecord.from_model(entry) for entry in entries], **envelope)

    def check_records(self) -> None:
        """Parse every entry completely. Raises StorageUnavailable if one is not an entry."""
        for record in self.lineage:
            record.to_model()

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file in chunks of RECORDS_PER_PART entries."""
        yield encode_opening(self, b',"lineage":[')
        for start in range(0, len(self.lineage), RECORDS_PER_PART):
            some = self.lineage[start : start + RECORDS_PER_PART]
            yield FileChunk(partial(_encode_entries, some, start > 0), some)
        yield FileChunk(lambda: [b"]}"])

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a lineage file of any age. Raises ValueError on anything else."""
        try:
            envelope = msgspec.json.decode(text, type=_LineageEnvelope)
            records = msgspec.json.decode(envelope.lineage, type=list[LineageRecord])
        except msgspec.MsgspecError:
            return super().parse(text)
        if not all(record.id for record in records):
            return super().parse(text)
        attach_json(records, msgspec.json.decode(envelope.lineage, type=list[msgspec.Raw]))
        return cls(lineage=records, **read_envelope(envelope))

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        """Build the file from its parsed JSON. Raises ValueError if it is another thing."""
        file = _LineageModels.model_validate(raw)
        return cls.from_models(file.lineage, **read_envelope(file))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a bare list of entries."""
        return {"lineage": raw}


class Envelope(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An envelope as this version, or one that knew fewer fields, has written it."""

    format: Literal[1]
    revision: int = 0
    recent: tuple[str, ...] = ()
    committed_at: datetime | None = None
    adopted: bool = False


class _ProductsEnvelope(Envelope):
    products: msgspec.Raw = msgspec.Raw(b"{}")
    renamed: dict[str, Redirect] = {}
    concealed: tuple[ConcealedDataset, ...] = ()


class _LineageEnvelope(Envelope):
    lineage: msgspec.Raw = msgspec.Raw(b"[]")


class _ProductsModels(RegistryFile):
    """Reads what msgspec does not, and tells what is wrong with it."""

    products: dict[str, StoredProduct] = Field(default_factory=dict)
    renamed: dict[str, JsonValue] = Field(default_factory=dict)
    concealed: list[JsonValue] = Field(default_factory=list)


def assign_ids(entries: list[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """Give each entry of before there were ids one that follows from its content.

    Every reader of the file so agrees on it.
    """
    seen: Counter[bytes] = Counter()
    return [entry if entry.id else _assign_id(entry, seen) for entry in entries]


class _LineageModels(RegistryFile):
    """Reads what msgspec does not, and tells what is wrong with it."""

    lineage: Annotated[list[StoredLineageEntry], AfterValidator(assign_ids)] = Field(
        default_factory=list
    )


def read_envelope(file: RegistryFile | Envelope) -> dict[str, Any]:
    """Return the fields of the envelope that a file has."""
    return {name: getattr(file, name) for name in ENVELOPE_FIELDS}


def encode_single(file: RegistryFile, opening: bytes, value: bytes) -> Iterator[FileChunk]:
    """Yield a file of one value in chunks: its envelope, then the encoded value."""
    yield encode_opening(file, opening)
    yield FileChunk(lambda: [value])
    yield FileChunk(lambda: [b"}"])


def encode_members[R](
    file: RegistryFile,
    opening: bytes,
    records: Mapping[str, R],
    encode: Callable[[Sequence[str], Sequence[R]], Sequence[bytes]],
    closing: bytes,
) -> Iterator[FileChunk]:
    """Yield a file in chunks: its envelope, then its records, RECORDS_PER_PART at a time.

    `encode` returns members of a JSON object, for keys and the records that they name.
    """
    yield encode_opening(file, opening)
    keys, values = list(records), list(records.values())
    for start in range(0, len(keys), RECORDS_PER_PART):
        end = start + RECORDS_PER_PART
        some = keys[start:end], values[start:end]
        yield FileChunk(partial(_encode_members, encode, *some, start > 0), [*some[0], *some[1]])
    yield FileChunk(lambda: [closing])


def encode_opening(file: RegistryFile, opening: bytes) -> FileChunk:
    """Return the chunk of the envelope, up to where the first item follows."""
    envelope = encode_model(file, include={*ENVELOPE_FIELDS}).removesuffix(b"}")
    return FileChunk(lambda: [envelope + opening])


def _encode_members[R](
    encode: Callable[[Sequence[str], Sequence[R]], Sequence[bytes]],
    keys: Sequence[str],
    records: Sequence[R],
    follows: bool,
) -> Iterator[bytes]:
    return _join_items(encode(keys, records), follows)


def _encode_products(names: Sequence[str], records: Sequence[ProductRecord]) -> list[bytes]:
    pairs = zip(names, records, strict=True)
    return [b"%b:%b" % (ENCODE_NAME(name), each.json) for name, each in pairs]


def _encode_entries(records: Sequence[LineageRecord], follows: bool) -> Iterator[bytes]:
    return _join_items([record.json for record in records], follows)


def _join_items(items: Sequence[bytes | msgspec.Raw], follows: bool) -> Iterator[bytes]:
    """Yield items as parts; `follows` says that other items stand before them."""
    for part in _join_bounded(items):
        yield b"," + part if follows else part
        follows = True


def _join_bounded(items: Sequence[bytes | msgspec.Raw]) -> Iterator[bytes]:
    """Yield the items with commas between, in halves for as long as they are too many bytes."""
    part = b",".join(items)
    if len(part) <= BYTES_PER_PART or len(items) == 1:
        yield part
        return
    middle = len(items) // 2
    yield from _join_bounded(items[:middle])
    yield from _join_bounded(items[middle:])


def _add_name(name: str, product: JsonValue) -> JsonValue:
    return {**product, "name": name} if isinstance(product, dict) else product


def _assign_id(entry: StoredLineageEntry, seen: Counter[bytes]) -> StoredLineageEntry:
    # Not of every field: a later version of this code may know more of them.
    fields = {"source", "target", "transformation", "timestamp"}
    content = encode_model(entry, include=fields)
    seen[content] += 1
    digest = sha256(b"%b %d" % (content, seen[content])).hexdigest()
    return entry.model_copy(update={"id": digest[:16]})
