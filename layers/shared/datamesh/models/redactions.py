"""Redactions: what an administrator sends, what is stored of an act, and what is answered."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from datamesh.models.values import NOT_BLANK, Timestamp, show_example

MIN_TEXT_LENGTH = 4
MAX_TEXT_LENGTH = 1000
MAX_REASON_LENGTH = 500


def _check_length(text: str) -> str:
    """Return the text. Raises ValueError if a field, which is trimmed, would have too little."""
    if len(text.strip()) < MIN_TEXT_LENGTH:
        raise ValueError(f"must have {MIN_TEXT_LENGTH} characters without blanks at its ends")
    return text


class RedactionRequest(BaseModel):
    """The body of `POST /redactions`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=show_example(
            {"text": "jane.doe@example.com", "reason": "Erasure request 2026-114"}
        ),
    )

    text: Annotated[
        str,
        StringConstraints(min_length=MIN_TEXT_LENGTH, max_length=MAX_TEXT_LENGTH),
        AfterValidator(_check_length),
        Field(
            description="The exact text, in upper and lower case as it stands; of tags, which are"
            " kept in lower case, in lower case too. It is not kept.",
            json_schema_extra={"pattern": rf"\S[\s\S]{{{MIN_TEXT_LENGTH - 2},}}\S"},
        ),
    ]
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_LENGTH),
        NOT_BLANK,
        Field(description="Kept and shown; it must not hold the text."),
    ]


class RedactionState(StrEnum):
    """How far a redaction has come."""

    RUNNING = "running"
    SETTLING = "settling"
    DONE = "done"


class RedactionCounts(BaseModel):
    """The objects and versions that a redaction has changed so far."""

    model_config = ConfigDict(frozen=True)

    objects_rewritten: int = Field(
        default=0, description="Objects as they are now that showed the text."
    )
    versions_purged: int = Field(
        default=0, description="Former versions that held the text, and were deleted."
    )
    copies_kept: int = Field(
        default=0, description="Of these, versions of the registry whose redacted copy is kept."
    )

    @property
    def total(self) -> int:
        """The number of objects and versions that held the text."""
        return self.objects_rewritten + self.versions_purged


class Redaction(BaseModel):
    """A redaction as readers see it."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="The first 16 digits of the digest.")
    digest: str = Field(
        description="HMAC-SHA-256 of the text, in hexadecimal digits, with a key that the registry"
        " keeps to itself: whoever guesses the text cannot compare."
    )
    reason: str
    requested_by: str
    requested_at: Timestamp
    state: RedactionState = Field(
        description="`running`: not everything was looked at yet; send the request again."
        " `settling`: no stored object has it; send the request again from `continue_at` on, which"
        " looks for what requests in flight have brought back. `done`: it is gone."
    )
    continue_at: Timestamp | None = Field(
        default=None, description="From when on the request is to be sent again; null once done."
    )
    finished_at: Timestamp | None = None
    counts: RedactionCounts = RedactionCounts()


class WalkPosition(BaseModel):
    """A version that a walk has come to."""

    model_config = ConfigDict(frozen=True)

    key: str
    id: str
    modified: Timestamp


class StoredRedaction(Redaction):
    """A redaction as `redactions.json` holds it."""

    walk: int = 1
    """The number of the walk through the bucket; the first one looks at everything."""
    since: Timestamp | None = None
    """The walk looks at what was stored from then on; None for everything."""
    began_at: Timestamp
    """When the walk began."""
    found: int = 0
    """How many objects and versions the walk has found."""
    after: WalkPosition | None = None
    """The version after which the walk goes on; None at its beginning."""

    def to_shown(self) -> Redaction:
        """Return the part that readers see."""
        return Redaction(**{name: getattr(self, name) for name in Redaction.model_fields})
