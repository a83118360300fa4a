"""The envelope that both registry files have, and how a file is encoded and decoded."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.json_codec import decode_lenient, encode_model
from datamesh.models.values import TICK, Timestamp
from datamesh.storage.gzip_members import GZIP_MAGIC, FileChunk, GzipMemberCache
from datamesh.storage.records import describe_error


@dataclass(frozen=True)
class EncodedFile:
    """A registry file as it is stored."""

    body: bytes
    """Gzip-encoded JSON."""
    record_bytes: int
    """How many bytes of JSON its records take, before compression."""


RECENT_COMMITS = 256
"""How many commit ids a file remembers: a writer that is overtaken by as many other commits
before it learns its own outcome can no longer tell whether it was applied."""


class RegistryFile(BaseModel):
    """A version of a registry file: its format, its revision, and which commits led to it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    format: Literal[1] = 1
    revision: Annotated[int, Field(ge=0)] = 0
    recent: tuple[str, ...] = ()
    committed_at: Timestamp | None = None
    """The time of the commit by the writer's clock, later than that of the revision before. None at
    revision 0, and in files of before this field."""
    adopted: bool = False
    """True if revision 0 was an older file rather than nothing."""

    def to_successor_of(self, base: Self, commit_id: str, now: datetime) -> Self:
        """Return this content as the revision that follows `base`.

        A copy of a file that was lost since may have a higher revision of its own than `base`:
        the successor then follows that.
        """
        last = base.committed_at
        return self.model_copy(
            update={
                "revision": max(self.revision, base.revision) + 1,
                "recent": (*base.recent[1 - RECENT_COMMITS :], commit_id),
                "committed_at": max(now, last + TICK) if last else now,
            }
        )

    def encode(self, cache: GzipMemberCache | None = None) -> bytes:
        """Return the file as gzip-encoded JSON.

        Equal files give equal bytes, and so equal ETags. The `cache` of an earlier version saves
        time.
        """
        return self.encode_measured(cache or GzipMemberCache()).body

    def encode_measured(self, cache: GzipMemberCache) -> EncodedFile:
        """Return the encoded file together with the size of its records, which costs nothing."""
        envelope, *records = cache.pack_chunks(self.list_chunks())
        body = b"".join(each.body for each in (envelope, *records))
        return EncodedFile(body, sum(each.size for each in records))

    def measure_records(self) -> int:
        """Return how many bytes of JSON the records take, with the commas between them."""
        _, *records = self.list_chunks()
        return sum(len(part) for chunk in records for part in chunk.encode())

    @classmethod
    def decode(cls, name: str, body: bytes, cache: GzipMemberCache | None = None) -> Self:
        """Read a file of this form or an older one, gzip-encoded or not; `name` is for errors.

        Raises StorageUnavailable on anything else.
        """
        cache = cache or GzipMemberCache()
        try:
            return cls.parse(cache.unpack(body) if body.startswith(GZIP_MAGIC) else body)
        except (ValueError, OSError, EOFError, zlib.error) as error:
            raise StorageUnavailable(f"{name} cannot be read: {describe_error(error)}") from error

    def check_records(self) -> None:
        """Parse every record completely, which `decode` does not.

        Raises StorageUnavailable if a record does not hold what it should.
        """

    def encode_parts(self) -> Iterator[bytes]:
        """Yield the file as JSON, in parts of which most stay the same if few records change."""
        for chunk in self.list_chunks():
            yield from chunk.encode()

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the chunks of the file, of which the first holds no record."""
        yield FileChunk(lambda: [encode_model(self)])

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of a file of this form or an older one. Raises ValueError on others."""
        raw = decode_lenient(text)
        if isinstance(raw, dict) and isinstance(raw.get("format"), int):
            return cls.from_envelope(raw)
        return cls.from_envelope(cls.wrap_content(raw) | {"adopted": True})

    @classmethod
    def from_envelope(cls, raw: dict[str, JsonValue]) -> Self:
        """Build the file from its parsed JSON. Raises ValueError if it is another thing."""
        return cls.model_validate(raw)

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for the content of an older file, which had none."""
        raise NotImplementedError


ENVELOPE_FIELDS = tuple(RegistryFile.model_fields)
