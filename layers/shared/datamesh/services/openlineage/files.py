"""Files that the registry keeps beside the events: what each run has said so far."""

from datetime import datetime

from pydantic import Field, JsonValue

from datamesh.models.lifecycle import NO_LIFE, DatasetLife
from datamesh.services.openlineage.observations import EventTotals
from datamesh.services.openlineage.statements import Statement
from datamesh.storage.registry_file import RegistryFile

LIVES_PREFIX = "openlineage/datasets/"
REBUILD_KEY = "openlineage/rebuild.json"
DERIVED_KEY = "openlineage/derived.json"


class RunFile(RegistryFile):
    """`openlineage/runs/<digest of its id>/<digest>.json`: what a run has said so far, by job."""

    statements: tuple[Statement, ...] = ()

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a statement without one."""
        return {"statements": [raw]}


class LifeFile(RegistryFile):
    """`openlineage/datasets/<digest>.json`: what facets have said about the life of a dataset."""

    life: DatasetLife = NO_LIFE

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a life without one."""
        return {"life": raw}


class RebuildFile(RegistryFile):
    """`openlineage/rebuild.json`: how far a rebuild that ran out of time has come."""

    after: str = ""
    """The last event that was read; empty between rebuilds."""
    events: int = 0
    before: dict[str, str] = Field(default_factory=dict)
    """The derived entries when it began: id -> digest of its content."""
    gathered: EventTotals = EventTotals()

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for the totals of a rebuild without one."""
        return {"gathered": raw}


class DerivedFile(RegistryFile):
    """`openlineage/derived.json`: when the latest group of events was derived."""

    at: datetime | None = None
    events: int = 0
    """How many events the group had."""
    waited_seconds: float = 0
    """How long the oldest of them had waited since it was sent."""

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        """Return the envelope for a time without one."""
        return {"at": raw}
