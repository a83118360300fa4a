"""Audit records: who asked for which write, and what it changed."""

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.values import Timestamp


class AuditedCommit(BaseModel):
    """A file of the registry that a write changed, and what changed in it."""

    model_config = ConfigDict(frozen=True)

    document: str
    revision: int = Field(description="The revision of the file that has the change.")
    added: int = Field(description="How many products or lineage entries.")
    changed: int
    removed: int
    products: tuple[str, ...] = Field(
        description="Products that were added, changed or removed, or whose lineage was."
    )


class AuditRecord(BaseModel):
    """A request that replaced a file of the registry.

    It is stored before the first file is replaced, and again once there is an answer. If the
    function dies in between, `status` stays null: the request took effect if a file has its
    `commit_id`.
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="A ULID: sorts by time.")
    at: Timestamp
    principal: str | None = Field(
        description="The id of the key; `schedule` for maintenance, `operator` for `make restore`."
    )
    source_ip: str
    user_agent: str
    route: str
    path: str
    request_id: str
    commit_id: str = Field(
        description="Identifies the commits of the request. Tries of one Idempotency-Key share it."
    )
    status: int | None = Field(
        default=None,
        description="The status answered, or 500 for a scheduled run that failed; null if unknown.",
    )
    commits: tuple[AuditedCommit, ...] = ()

    @property
    def product_names(self) -> set[str]:
        """The products that its commits changed, or whose lineage they changed."""
        return {name for commit in self.commits for name in commit.products}


class AuditPage(BaseModel):
    """A page of audit records."""

    records: list[AuditRecord] = Field(description="Oldest first.")
    next: str | None = Field(
        description="Send it as `cursor` to read the next page; null at the end. A page may have "
        "fewer records than `limit`, or none, and still be followed by others."
    )
