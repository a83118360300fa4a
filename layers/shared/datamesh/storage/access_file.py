"""The file of who may do what: `access.json`."""

from typing import Annotated

from pydantic import Field, JsonValue

from datamesh.models.grants import StoredGrant
from datamesh.storage.registry_file import RegistryFile

ACCESS_KEY = "access.json"


class AccessFile(RegistryFile):
    """`access.json`. Grants stand in the order in which they were given."""

    grants: Annotated[dict[str, StoredGrant], Field(default_factory=dict)]
    """Id -> grant."""

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for grants without one."""
        return {"grants": raw}
