"""The details of a product beside what the registry needs: all of them may be absent.

Absent fields are left out of answers and files, so that a product without them has the bytes that
it had.
"""

from datetime import datetime
from operator import not_
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from datamesh.errors.products import InvalidSunset
from datamesh.models.durations import DURATION_PATTERN, check_duration
from datamesh.models.json_codec import encode_value
from datamesh.models.schema_fields import MAX_FIELD_LENGTH
from datamesh.models.values import NOT_BLANK, SentTimestamp, ShortText, Timestamp, show_example

MAX_TITLE_LENGTH = 200
MAX_DETAILS = 20
"""How many links, contacts and glossary terms a product has at most, each."""
MAX_URL_LENGTH = 2048
MAX_REASON_LENGTH = 1000
MAX_CUSTOM_BYTES = 8192
MAX_CUSTOM_DEPTH = 8
NAME_PATTERN = r"^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$"
WEB_PATTERN = r"^[hH][tT][tT][pP][sS]?://[^\s/?#]+[^\s]*$"

MediumText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_LENGTH),
    NOT_BLANK,
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NAME_PATTERN)]
WebUrl = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_URL_LENGTH, pattern=WEB_PATTERN)
]
Duration = Annotated[
    str,
    AfterValidator(check_duration),
    Field(json_schema_extra={"pattern": DURATION_PATTERN}, examples=["PT24H"]),
]


def measure_depth(value: object) -> int:
    """Return how deep lists and objects are nested: 0 for a text, 1 for `{}`."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def check_custom(custom: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the object. Raises ValueError if it is too large or nested too deep."""
    if (depth := measure_depth(custom)) > MAX_CUSTOM_DEPTH:
        raise ValueError(f"must be nested at most {MAX_CUSTOM_DEPTH} deep, got {depth}")
    if (size := len(encode_value(custom))) > MAX_CUSTOM_BYTES:
        raise ValueError(f"must have at most {MAX_CUSTOM_BYTES} bytes of JSON, got {size}")
    return custom


class ProductLink(BaseModel):
    """A page about the product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ShortText
    url: WebUrl = Field(description="An address of http or https.")


class Contact(BaseModel):
    """Somebody to ask about the product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ShortText
    role: ShortText | None = Field(default=None, exclude_if=lambda value: value is None)
    email: ShortText | None = Field(default=None, exclude_if=lambda value: value is None)


class SupportChannel(BaseModel):
    """The place where users of the product get help."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: ShortText = Field(description="Its name, such as `#sales-data`.")
    url: WebUrl | None = Field(default=None, exclude_if=lambda value: value is None)


class ServiceLevel(BaseModel):
    """The level of service that users of a product may expect, as durations of ISO 8601."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"minProperties": 1, **show_example({"freshness": "PT24H"})},
    )

    freshness: Duration | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="How old the newest data is at most.",
    )
    latency: Duration | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="How long data takes at most from where it arises until it is here.",
    )
    retention: Duration | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="How long data is kept.",
    )
    element: Annotated[str, StringConstraints(min_length=1, max_length=MAX_FIELD_LENGTH)] | None = (
        Field(
            default=None,
            exclude_if=lambda value: value is None,
            description="The column of times that freshness and latency are told from; the times of"
            " files, if it is absent.",
        )
    )

    @model_validator(mode="after")
    def _require_span(self) -> Self:
        if not (self.freshness or self.latency or self.retention):
            raise ValueError("give at least one of freshness, latency, retention")
        return self


class Deprecation(BaseModel):
    """The end of a product: since when it is not to be used anew, and until when it is there."""

    since: Timestamp = Field(description="When it was deprecated, or will be.")
    sunset: Timestamp | None = Field(default=None, exclude_if=lambda value: value is None)
    replacement: str | None = Field(default=None, exclude_if=lambda value: value is None)
    reason: str | None = Field(default=None, exclude_if=lambda value: value is None)


class DeprecationRequest(BaseModel):
    """The end of a product as clients announce it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=show_example({"reason": "Nobody writes it any more"})
    )

    since: SentTimestamp | None = Field(
        default=None,
        description="When it was deprecated, or will be; the time of the first request that says"
        " so, if it is absent.",
    )
    sunset: SentTimestamp | None = Field(
        default=None, description="When it will be gone, not before `since`."
    )
    replacement: Name | None = Field(default=None, description="The product to use instead.")
    reason: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_LENGTH),
            NOT_BLANK,
        ]
        | None
    ) = None

    def build_deprecation(self, known: Deprecation | None, now: datetime) -> Deprecation:
        """Return the deprecation that is stored, of a product that may be deprecated already."""
        since = self.since or (known.since if known else now)
        if self.sunset and self.sunset < since:
            raise InvalidSunset(since)
        fields = {"sunset": self.sunset, "replacement": self.replacement, "reason": self.reason}
        return Deprecation.model_validate({"since": since, **fields})


is_absent = not_
"""Tells whether a detail is left out of answers and files: a builtin, for each product of a list
asks it for each detail."""
SHOWN = Field(exclude_if=is_absent)
CHECK = Field(
    description="`daily` if the schedule is to check the data every day, as"
    " `POST /domains/{domain}/{dataset}/check` does."
)
Links = Annotated[list[ProductLink], Field(max_length=MAX_DETAILS)]
Contacts = Annotated[list[Contact], Field(max_length=MAX_DETAILS)]
GlossaryTerms = Annotated[
    list[MediumText],
    AfterValidator(lambda terms: list(dict.fromkeys(terms))),
    Field(max_length=MAX_DETAILS, description="Words of the business that it is about."),
]
Custom = Annotated[
    dict[str, JsonValue],
    AfterValidator(check_custom),
    Field(
        description=f"Anything else, at most {MAX_CUSTOM_BYTES} bytes of JSON. The registry makes"
        " nothing of it."
    ),
]
CheckSchedule = Annotated[Literal["daily"] | None, CHECK]

ShownText = Annotated[str | None, SHOWN]
ShownLinks = Annotated[list[ProductLink], SHOWN]
ShownContacts = Annotated[list[Contact], SHOWN]
ShownSupport = Annotated[SupportChannel | None, SHOWN]
ShownServiceLevel = Annotated[ServiceLevel | None, SHOWN]
ShownTerms = Annotated[list[str], SHOWN]
ShownCustom = Annotated[dict[str, JsonValue], SHOWN]
ShownDeprecation = Annotated[Deprecation | None, SHOWN]
ShownCheck = Annotated[CheckSchedule, SHOWN]
