"""The sender of an event: the record that is kept with it."""

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.values import Timestamp


class EventSender(BaseModel):
    """The sender of an event, the time and the place, as its request was made."""

    model_config = ConfigDict(frozen=True)

    principal: str | None
    at: Timestamp
    source_ip: str
    user_agent: str
    request_id: str


class AuditedEvents(BaseModel):
    """The events of one sender that a write derived from."""

    model_config = ConfigDict(frozen=True)

    principal: str | None = Field(description="The key or person that sent them.")
    source_ip: str
    user_agent: str
    first_at: Timestamp = Field(description="When the first of them came in.")
    last_at: Timestamp
    names: tuple[str, ...] = Field(
        description="Where they are kept, below `events/openlineage/`: day and digest of each."
    )


class EventStatus(BaseModel):
    """How far the derivation from kept events has come."""

    waiting: int = Field(
        description="Events that are kept, and that nothing is derived from yet. The queue counts "
        "them approximately."
    )
    dead_letters: int = Field(
        description="Events from which nothing could be derived. An operator looks at them."
    )
    lag_seconds: float = Field(
        description="How long the oldest event of the latest group had waited until it was seen."
    )
    derived_at: Timestamp | None = Field(
        description="When the latest group of events was derived; null if none ever was."
    )
