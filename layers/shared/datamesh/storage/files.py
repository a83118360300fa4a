"""The two registry files: their envelope, their encoding, and how older files are read.

An older file is a bare object (name -> product) or a bare list (entries); it counts as revision 0.
"""

import gzip
import zlib
from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json

from datamesh.errors import StorageUnavailable
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.products import StoredProduct
from datamesh.models.values import TICK, Timestamp

RECENT_COMMITS = 256
"""How many commit ids a file remembers: a writer that is overtaken by as many other commits
before it learns its own outcome can no longer tell whether it was applied."""

GZIP_MAGIC = b"\x1f\x8b"


class RegistryFile(BaseModel):
    """An envelope: which format, which revision, which commits led to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    revision: Annotated[int, Field(ge=0)] = 0
    recent: tuple[str, ...] = ()
    committed_at: Timestamp | None = None
    """By the writer's clock, and later than that of the revision before. None at revision 0, and in
    files of before this field."""
    adopted: bool = False
    """Whether revision 0 was an older file rather than nothing."""

    def committed(self, base: Self, commit_id: str, now: datetime) -> Self:
        """This content as the successor of `base`."""
        last = base.committed_at
        return self.model_copy(
            update={
                "revision": base.revision + 1,
                "recent": (*base.recent[1 - RECENT_COMMITS :], commit_id),
                "committed_at": max(now, last + TICK) if last else now,
            }
        )

    def encode(self) -> bytes:
        """Gzip-encoded JSON; equal files give equal bytes, and so equal ETags."""
        text = self.model_dump_json(by_alias=True)
        return gzip.compress(text.encode(), compresslevel=1, mtime=0)

    @classmethod
    def decode(cls, name: str, body: bytes) -> Self:
        """Read either encoding and either form; raise StorageUnavailable on anything else."""
        try:
            text = gzip.decompress(body) if body.startswith(GZIP_MAGIC) else body
            raw: JsonValue = from_json(text)
            if isinstance(raw, dict) and isinstance(raw.get("format"), int):
                return cls.model_validate(raw)
            return cls.model_validate(cls.envelope(raw) | {"adopted": True})
        except (ValueError, OSError, EOFError, zlib.error) as error:
            raise StorageUnavailable(f"{name} cannot be read: {_summary(error)}") from error

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """The envelope of an older file's content."""
        raise NotImplementedError


class ProductsFile(RegistryFile):
    """`products.json`. Products stand in the order of their registration."""

    products: dict[str, StoredProduct] = {}

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        if not isinstance(raw, dict):
            return {"products": raw}
        return {"products": {name: _named(name, product) for name, product in raw.items()}}


def identified(entries: list[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """Entries of before there were ids get one of their content, which every reader agrees on."""
    if all(entry.id for entry in entries):
        return entries
    seen: Counter[str] = Counter()
    return [entry if entry.id else _identified(entry, seen) for entry in entries]


class LineageFile(RegistryFile):
    """`lineage.json`. Entries stand in the order of their registration."""

    lineage: Annotated[list[StoredLineageEntry], AfterValidator(identified)] = []

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"lineage": raw}


def _named(name: str, product: JsonValue) -> JsonValue:
    return {**product, "name": name} if isinstance(product, dict) else product


def _identified(entry: StoredLineageEntry, seen: Counter[str]) -> StoredLineageEntry:
    # Not of every field: a later version of this code may know more of them.
    content = entry.model_dump_json(include={"source", "target", "transformation", "timestamp"})
    seen[content] += 1
    digest = sha256(f"{content} {seen[content]}".encode()).hexdigest()
    return entry.model_copy(update={"id": digest[:16]})


def _summary(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
