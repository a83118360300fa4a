"""The two registry files: their envelope, their encoding, and how older files are read.

An older file is a bare object (name -> product) or a bare list (entries); it counts as revision 0.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SkipValidation,
)
from pydantic_core import from_json, to_json

from datamesh.errors import StorageUnavailable
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.products import StoredProduct
from datamesh.models.values import TICK, Timestamp
from datamesh.storage.gzip_members import Members
from datamesh.storage.records import LineageRecord, ProductRecord, attach_json, describe_error

RECENT_COMMITS = 256
"""How many commit ids a file remembers: a writer that is overtaken by as many other commits
before it learns its own outcome can no longer tell whether it was applied."""

GZIP_MAGIC = b"\x1f\x8b"

ROWS_A_PART = 1000


class RegistryFile(BaseModel):
    """An envelope: which format, which revision, which commits led to it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    format: Literal[1] = 1
    revision: Annotated[int, Field(ge=0)] = 0
    recent: tuple[str, ...] = ()
    committed_at: Timestamp | None = None
    """By the writer's clock, and later than that of the revision before. None at revision 0, and in
    files of before this field."""
    adopted: bool = False
    """Whether revision 0 was an older file rather than nothing."""

    def committed(self, base: Self, commit_id: str, now: datetime) -> Self:
        """This content as the successor of `base`. Its own revision is ahead if it is a copy of a
        file that was lost since."""
        last = base.committed_at
        return self.model_copy(
            update={
                "revision": max(self.revision, base.revision) + 1,
                "recent": (*base.recent[1 - RECENT_COMMITS :], commit_id),
                "committed_at": max(now, last + TICK) if last else now,
            }
        )

    def encode(self, members: Members | None = None) -> bytes:
        """Gzip-encoded JSON; equal files give equal bytes, and so equal ETags. `members` of an
        earlier version save time."""
        return (members or Members()).pack(self.parts())

    @classmethod
    def decode(cls, name: str, body: bytes, members: Members | None = None) -> Self:
        """Read either encoding and either form; raise StorageUnavailable on anything else."""
        members = members or Members()
        try:
            return cls.parse(members.unpack(body) if body.startswith(GZIP_MAGIC) else body)
        except (ValueError, OSError, EOFError, zlib.error) as error:
            raise StorageUnavailable(f"{name} cannot be read: {describe_error(error)}") from error

    def check(self) -> None:
        """Raise StorageUnavailable if there is a row that does not hold what it should: `decode`
        does not look at all of each."""

    def parts(self) -> Iterator[bytes]:
        """The file as JSON, in parts of which most stay the same when some rows change."""
        yield self.model_dump_json(by_alias=True).encode()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Raises ValueError."""
        raw: JsonValue = from_json(text)
        if isinstance(raw, dict) and isinstance(raw.get("format"), int):
            return cls.from_envelope(raw)
        return cls.from_envelope(cls.envelope(raw) | {"adopted": True})

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        """Raises ValueError."""
        return cls.model_validate(raw)

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """The envelope of an older file's content."""
        raise NotImplementedError


ENVELOPE = tuple(RegistryFile.model_fields)


class ProductsFile(RegistryFile):
    """`products.json`. Products stand in the order of their registration."""

    products: SkipValidation[dict[str, ProductRecord]] = {}

    @classmethod
    def of(cls, products: Iterable[StoredProduct], **envelope: Any) -> Self:
        return cls(
            products={each.name: ProductRecord.from_model(each) for each in products}, **envelope
        )

    def with_product(self, product: StoredProduct) -> Self:
        """This content with a product changed, or at the end."""
        rows = {**self.products, product.name: ProductRecord.from_model(product)}
        return self.model_copy(update={"products": rows})

    def check(self) -> None:
        for row in self.products.values():
            row.to_model()

    def parts(self) -> Iterator[bytes]:
        rows = [b"%b:%b" % (to_json(name), row.json) for name, row in self.products.items()]
        return _parts(self, b',"products":{', rows, b"}}")

    @classmethod
    def parse(cls, text: bytes) -> Self:
        try:
            read = msgspec.json.decode(text, type=_ProductsText)
            rows = msgspec.json.decode(read.products, type=dict[str, ProductRecord])
        except msgspec.MsgspecError:
            return super().parse(text)
        parts = msgspec.json.decode(read.products, type=dict[str, msgspec.Raw])
        attach_json(rows.values(), parts.values())
        return cls(products=rows, **_envelope(read))

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        file = _ProductsModels.model_validate(raw)
        rows = {key: ProductRecord.from_model(product) for key, product in file.products.items()}
        return cls(products=rows, **_envelope(file))

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        if not isinstance(raw, dict):
            return {"products": raw}
        return {"products": {name: _named(name, product) for name, product in raw.items()}}


class LineageFile(RegistryFile):
    """`lineage.json`. Entries stand in the order of their registration."""

    lineage: SkipValidation[list[LineageRecord]] = []

    @classmethod
    def of(cls, entries: Iterable[StoredLineageEntry], **envelope: Any) -> Self:
        return cls(lineage=[LineageRecord.from_model(entry) for entry in entries], **envelope)

    def check(self) -> None:
        for row in self.lineage:
            row.to_model()

    def parts(self) -> Iterator[bytes]:
        return _parts(self, b',"lineage":[', [row.json for row in self.lineage], b"]}")

    @classmethod
    def parse(cls, text: bytes) -> Self:
        try:
            read = msgspec.json.decode(text, type=_LineageText)
            rows = msgspec.json.decode(read.lineage, type=list[LineageRecord])
        except msgspec.MsgspecError:
            return super().parse(text)
        if not all(row.id for row in rows):
            return super().parse(text)
        attach_json(rows, msgspec.json.decode(read.lineage, type=list[msgspec.Raw]))
        return cls(lineage=rows, **_envelope(read))

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        file = _LineageModels.model_validate(raw)
        return cls.of(file.lineage, **_envelope(file))

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"lineage": raw}


class _Text(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file as this version, or one that knew fewer fields, has written it."""

    format: Literal[1]
    revision: int = 0
    recent: tuple[str, ...] = ()
    committed_at: datetime | None = None
    adopted: bool = False


class _ProductsText(_Text):
    products: msgspec.Raw = msgspec.Raw(b"{}")


class _LineageText(_Text):
    lineage: msgspec.Raw = msgspec.Raw(b"[]")


class _ProductsModels(RegistryFile):
    """For all that is not read faster, and to tell what is wrong with it."""

    products: dict[str, StoredProduct] = {}


def identified(entries: list[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """Entries of before there were ids get one of their content, which every reader agrees on."""
    seen: Counter[str] = Counter()
    return [entry if entry.id else _identified(entry, seen) for entry in entries]


class _LineageModels(RegistryFile):
    lineage: Annotated[list[StoredLineageEntry], AfterValidator(identified)] = []


def _envelope(file: RegistryFile | _Text) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ENVELOPE}


def _parts(
    file: RegistryFile, opening: bytes, rows: Sequence[bytes | msgspec.Raw], closing: bytes
) -> Iterator[bytes]:
    envelope = file.model_dump_json(include={*ENVELOPE}).encode()
    yield envelope.removesuffix(b"}") + opening
    for start in range(0, len(rows), ROWS_A_PART):
        joined = b",".join(rows[start : start + ROWS_A_PART])
        yield b"," + joined if start else joined
    yield closing


def _named(name: str, product: JsonValue) -> JsonValue:
    return {**product, "name": name} if isinstance(product, dict) else product


def _identified(entry: StoredLineageEntry, seen: Counter[str]) -> StoredLineageEntry:
    # Not of every field: a later version of this code may know more of them.
    content = entry.model_dump_json(include={"source", "target", "transformation", "timestamp"})
    seen[content] += 1
    digest = sha256(f"{content} {seen[content]}".encode()).hexdigest()
    return entry.model_copy(update={"id": digest[:16]})
