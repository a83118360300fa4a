"""The file of who may do what: `access.json`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, JsonValue

from datamesh.models.access_requests import StoredAccessRequest
from datamesh.models.grants import StoredGrant
from datamesh.models.json_codec import encode_model
from datamesh.models.keys import StoredKey
from datamesh.storage.gzip_members import FileChunk
from datamesh.storage.registry_file import RegistryFile

ACCESS_KEY = "access.json"
OPTIONAL = ("keys", "requests")
"""The fields that are not in the file while they hold nothing."""


class AccessFile(RegistryFile):
    """`access.json`. Grants and keys stand in the order in which they were given."""

    grants: Annotated[dict[str, StoredGrant], Field(default_factory=dict)]
    """Id -> grant."""
    keys: Annotated[dict[str, StoredKey], Field(default_factory=dict)]
    """Id -> key of the API. Not in the file while there are none."""
    requests: Annotated[dict[str, StoredAccessRequest], Field(default_factory=dict)]
    """Id -> request for access to a product. Not in the file while there are none."""

    def list_chunks(self) -> Iterator[FileChunk]:
        """Yield the file as JSON, in one part."""
        absent = {name for name in OPTIONAL if not getattr(self, name)}
        yield FileChunk(lambda: [encode_model(self, exclude=absent)])

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for grants without one."""
        return {"grants": raw}
