"""Audit records: who asked for which write, and what it changed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from datamesh.models.access import Role
from datamesh.models.kept_events import AuditedEvents
from datamesh.models.values import Timestamp

type Outcome = Literal["recorded", "landed", "landed_later", "not_landed", "pending", "unknown"]
"""How it is known what became of a request."""


class AuditedField(BaseModel):
    """A field that a write changed: its value before and after, if it is small."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="`owner`; within an object `schema.amount`.")
    before: JsonValue = None
    after: JsonValue = None
    cut: bool = Field(
        default=False,
        description="True if a value is too long to be told: it is null then.",
    )


class AuditedChange(BaseModel):
    """One item that a write added, changed or removed."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["product", "lineage", "grant", "key", "request"]
    id: str = Field(description="The name of a product, the id of anything else.")
    action: Literal["added", "changed", "removed"]
    domains: tuple[str, ...] = Field(description="The domains that it is of, before and after.")
    fields: tuple[AuditedField, ...] = ()
    more_fields: int = Field(default=0, description="How many further fields have changed.")


class AuditedDomain(BaseModel):
    """The part of a commit that is of one domain; what is of two counts in both."""

    model_config = ConfigDict(frozen=True)

    added: int = 0
    changed: int = 0
    removed: int = 0
    products: tuple[str, ...] = ()


class AuditedCommit(BaseModel):
    """A file of the registry that a write changed, and what changed in it."""

    model_config = ConfigDict(frozen=True)

    document: str
    commit_id: str = Field(
        default="",
        description="The id by which the history of the file knows it; empty in older records.",
    )
    revision: int = Field(description="The revision of the file that has the change.")
    added: int = Field(description="How many products or lineage entries.")
    changed: int
    removed: int
    products: tuple[str, ...] = Field(
        description="Products that were added, changed or removed, or whose lineage was."
    )
    domains: dict[str, AuditedDomain] = Field(
        default_factory=dict,
        description="The same by domain; empty in records of before this was kept.",
    )
    changes: tuple[AuditedChange, ...] = Field(
        default=(), description="What has changed in the first items."
    )
    more_changes: int = Field(
        default=0, description="How many further items have changed; all of those of a redaction."
    )


class AuditedRefusal(BaseModel):
    """Why a request was refused: the role that its principal lacks, and where."""

    model_config = ConfigDict(frozen=True)

    role: Role | None = None
    domain: str | None = Field(
        default=None, description="`*` if it is all domains; empty if any would do."
    )
    reason: str


class AuditRecord(BaseModel):
    """A request that replaced a file of the registry, or was refused.

    It is stored before each file is replaced, with what is to change. A result is stored beside it
    only if the request went on otherwise: that all went as planned is told by the history of the
    files, which has the id of each commit (docs/adr/0049-one-audit-put.md).
    """

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="A ULID: sorts by time.")
    at: Timestamp
    principal: str | None = Field(
        description="The id of the key; `schedule` for maintenance, `operator` for `make restore`, "
        "`events` for what is derived from events, whose senders `events` names."
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
        description="The status answered, or 500 for a scheduled run that failed; null if unknown."
        " If `outcome` is `landed`, it is 200: what the request answers, unless it died before.",
    )
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Domain -> the role that the principal had there at that moment; empty for the"
        " registry itself (`schedule`, `events`) and its `operator`, who act by no grant.",
    )
    refusal: AuditedRefusal | None = None
    commits: tuple[AuditedCommit, ...] = Field(
        default=(), description="What has changed: commits that have landed."
    )
    planned: tuple[AuditedCommit, ...] = Field(
        default=(),
        description="What was about to change, where it is not known that it did: see `outcome`.",
    )
    outcome: Outcome = Field(
        default="recorded",
        description="How it is known what became of the request. `recorded`: its result was stored."
        " `landed`: the history has each commit, as it was planned. `not_landed`: the history has"
        " none of what was planned. `landed_later`: the history has the commit in another revision:"
        " it was made anew of what others had changed meanwhile, and may differ from `planned`."
        " `pending`: it may be under way. `unknown`: the history of that time is no longer kept, or"
        " has a gap.",
    )
    events: tuple[AuditedEvents, ...] = Field(
        default=(), description="The events that it derived from, by who sent them."
    )
    cut: bool = Field(
        default=False,
        description="True if parts of domains that the caller is no steward of are left out.",
    )

    @property
    def principals(self) -> set[str | None]:
        """The principals that asked for it: that of the request, and those who sent its events."""
        return {self.principal, *(each.principal for each in self.events)}

    @property
    def product_names(self) -> set[str]:
        """The products that its commits changed, or may have, or whose lineage they changed."""
        return {name for commit in (*self.commits, *self.planned) for name in commit.products}


class AuditPage(BaseModel):
    """A page of audit records."""

    records: list[AuditRecord] = Field(description="Oldest first.")
    next: str | None = Field(
        description="Send it as `cursor` to read the next page; null at the end. A page may have "
        "fewer records than `limit`, or none, and still be followed by others."
    )
