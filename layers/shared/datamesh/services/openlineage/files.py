"""What the registry keeps of OpenLineage beside the events: what each run has said so far."""

from pydantic import Field, JsonValue

from datamesh.services.openlineage.observations import Gathered
from datamesh.services.openlineage.statements import Statement
from datamesh.storage.registry_file import RegistryFile

RUNS = "openlineage/runs/"


REBUILD = "openlineage/rebuild.json"


class RunFile(RegistryFile):
    """`openlineage/runs/<digest>.json`: what the events of a run have said so far."""

    statement: Statement = Statement()

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"statement": raw}


class RebuildFile(RegistryFile):
    """`openlineage/rebuild.json`: how far a rebuild that ran out of time has come."""

    after: str = ""
    """The last event that was read; empty between rebuilds."""
    events: int = 0
    before: dict[str, str] = Field(default_factory=dict)
    """The derived entries when it began: id -> digest of its content."""
    gathered: Gathered = Gathered()

    @classmethod
    def wrap_content(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"gathered": raw}
