"""The file of declarations: people alone write it, and Marquez' clients alone read it."""

from collections.abc import Iterator
from typing import Self

import msgspec
from pydantic import JsonValue, SkipValidation

from datamesh.models.declarations import Declarations
from datamesh.storage.files import Envelope, encode_single, read_envelope
from datamesh.storage.gzip_members import FileChunk
from datamesh.storage.registry_file import RegistryFile

DECLARATIONS_KEY = "openlineage/declarations.json"

_encode_declarations = msgspec.json.Encoder(order="deterministic").encode


class DeclarationsFile(RegistryFile):
    """`openlineage/declarations.json`: the tags, namespaces and sources that people declared."""

    declared: SkipValidation[Declarations] = Declarations()

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file as JSON."""
        return encode_single(self, b',"declared":', _encode_declarations(self.declared))

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the JSON of the file. Raises ValueError on anything else."""
        found = msgspec.json.decode(text, type=_DeclarationsEnvelope)
        return cls(declared=found.declared, **read_envelope(found))

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for declarations without one."""
        return {"declared": raw}


class _DeclarationsEnvelope(Envelope):
    declared: Declarations = Declarations()
