"""The file of the redactions: `redactions.json`."""

from typing import Annotated

from pydantic import Field, JsonValue

from datamesh.models.redactions import StoredRedaction
from datamesh.storage.registry_file import RegistryFile

REDACTIONS_KEY = "redactions.json"


class RedactionsFile(RegistryFile):
    """`redactions.json`. Acts stand in the order in which they were requested."""

    acts: Annotated[dict[str, StoredRedaction], Field(default_factory=dict)]
    """Id -> act."""

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for acts without one."""
        return {"acts": raw}
