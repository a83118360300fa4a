"""Requests for access to a product: what a client sends, what is stored, and what it gets back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from datamesh.models.access import ProductOrigin
from datamesh.models.values import NOT_BLANK, SentTimestamp, Timestamp, show_example

MAX_PURPOSE_LENGTH = 500
MAX_REASON_LENGTH = 500
DEFAULT_DAYS = 90
MAX_DAYS = 365
"""The days for which access is given at most; after that it is requested again."""


class RequestStatus(StrEnum):
    """The state of a request; of an open one alone another state may follow."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


Purpose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PURPOSE_LENGTH),
    NOT_BLANK,
    Field(description="What the data is for. Stewards of the domain read it."),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_LENGTH),
    NOT_BLANK,
    Field(description="Why not. The principal that asked reads it."),
]


class AccessRequest(BaseModel):
    """The body of `POST /product/{name}/requests`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=show_example({"purpose": "Forecast of the quarter's returns"}),
    )

    purpose: Purpose
    until: SentTimestamp | None = Field(
        default=None,
        description=f"Until when access is wanted (RFC 3339), within {MAX_DAYS} days."
        f" Left out, {DEFAULT_DAYS} days from the decision on.",
    )


class AccessApproval(BaseModel):
    """The body of `POST /requests/{request_id}/grant`."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=show_example({}))

    until: SentTimestamp | None = Field(
        default=None,
        description=f"When access ends (RFC 3339), within {MAX_DAYS} days. Left out, as wanted, or"
        f" after {DEFAULT_DAYS} days.",
    )

    def choose_end(self, wanted: datetime | None, now: datetime) -> datetime:
        """Return when access ends. Raises ValueError as `check_end` does."""
        end = self.until or wanted or now + timedelta(days=DEFAULT_DAYS)
        check_end(end, now)
        return end


class AccessRefusal(BaseModel):
    """The body of `POST /requests/{request_id}/refuse`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=show_example({"reason": "Use revenue_by_day, which has no customers"}),
    )

    reason: Reason


class StoredAccessRequest(BaseModel):
    """A request as `access.json` holds it, and as readers see it."""

    model_config = ConfigDict(frozen=True)

    id: str
    product: str
    product_origin: ProductOrigin = Field(
        description="Tells the product from others that have its name later."
    )
    domain: str = Field(description="The domain of the product.")
    principal: str = Field(description="The principal that asks.")
    purpose: str
    until: Timestamp | None = Field(default=None, description="Until when access is wanted.")
    requested_at: Timestamp
    status: RequestStatus = RequestStatus.OPEN
    decided_by: str | None = None
    decided_at: Timestamp | None = None
    reason: str | None = Field(default=None, description="Why it was refused.")
    grant_id: str | None = Field(default=None, description="The grant that it was given.")
    granted_until: Timestamp | None = None

    @property
    def is_open(self) -> bool:
        """True while it waits for a decision."""
        return self.status is RequestStatus.OPEN


def check_end(end: datetime, now: datetime) -> None:
    """Raise ValueError, with what is wrong, if access may not end at a moment."""
    if not now < end <= now + timedelta(days=MAX_DAYS):
        raise ValueError(f"must lie within the next {MAX_DAYS} days, got {end.isoformat()}")
