"""Types of fields that several models share."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, StringConstraints
from pydantic.config import JsonDict

NOT_BLANK_PATTERN = r"\S"
NOT_BLANK = Field(json_schema_extra={"pattern": NOT_BLANK_PATTERN})
"""Shows API clients in the schema that text which is blank after trimming is refused."""

MAX_SHORT_TEXT_LENGTH = 100
MAX_SEARCH_TEXT_LENGTH = 200

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), NOT_BLANK]
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SHORT_TEXT_LENGTH),
    NOT_BLANK,
]
SearchText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SEARCH_TEXT_LENGTH),
    NOT_BLANK,
]
"""A text that is searched for."""


def to_utc(moment: datetime) -> datetime:
    """Return the moment in UTC. One without a zone is in UTC already, as in old registry files.

    Raises ValueError for a moment that has no date in UTC: 0001-01-01T00:00:00+01:00 would lie in
    the year 0.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie in the years 1 to 9999, in UTC") from None


def subtract_span(moment: datetime, span: timedelta) -> datetime:
    """Return the moment so much earlier, or the first of the calendar if that is before it."""
    first = datetime.min.replace(tzinfo=UTC)
    return moment - span if moment - first > span else first


Timestamp = Annotated[datetime, AfterValidator(to_utc)]


def refuse_number(value: object) -> object:
    """Return the value. Raises ValueError for a number, which pydantic takes for seconds."""
    if isinstance(value, int | float):
        raise ValueError("must be a time with its zone (RFC 3339), YYYY-MM-DDThh:mm:ssZ")
    return value


SentTimestamp = Annotated[datetime, BeforeValidator(refuse_number), AfterValidator(to_utc)]
"""A time in the body of a request."""

TICK = timedelta(microseconds=1)
"""The smallest step from one Timestamp to a later one."""


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def declare_optional() -> Any:
    """Return a field that may be absent but not null. `model_fields_set` tells if it was given."""
    return Field(default_factory=lambda: None)


def show_example(document: dict[str, JsonValue]) -> JsonDict:
    """Return the extra schema that shows `document` in the API's documentation."""
    return {"examples": [document]}


EMPTY_LIST: Any = Field(default_factory=list, json_schema_extra={"default": []})
"""The default of a field that is parsed often. Pydantic takes a deep copy of `[]` each time."""
EMPTY_OBJECT: Any = Field(default_factory=dict, json_schema_extra={"default": {}})
"""The default of a field like that of `EMPTY_LIST`, whose value is an object."""
