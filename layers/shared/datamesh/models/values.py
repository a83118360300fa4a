"""Values that several models share."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue, StringConstraints
from pydantic.config import JsonDict

NOT_BLANK_PATTERN = r"\S"
NOT_BLANK = Field(json_schema_extra={"pattern": NOT_BLANK_PATTERN})
"""Tells API clients what trimming followed by a minimum length of 1 means."""

MAX_SHORT_TEXT_LENGTH = 100

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), NOT_BLANK]
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SHORT_TEXT_LENGTH),
    NOT_BLANK,
]


def in_utc(moment: datetime) -> datetime:
    """Registry files of old carry times without a zone; they were written in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Timestamp = Annotated[datetime, AfterValidator(in_utc)]

TICK = timedelta(microseconds=1)
"""The smallest step from one Timestamp to a later one."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def optional() -> Any:
    """A field that may be absent but not null; whether it was given is in `model_fields_set`."""
    return Field(default_factory=lambda: None)


def example(document: dict[str, JsonValue]) -> JsonDict:
    """Schema extra that shows `document` in the API's documentation."""
    return {"examples": [document]}
