"""Keys of the API: what a client sends, what is stored of them, and what it gets back."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from datamesh.models.grants import GrantScope, StoredGrant
from datamesh.models.values import SentTimestamp, Timestamp, show_example

DEFAULT_DAYS = 90
MAX_DAYS = 365
"""The days for which a key works at most; longer, it has to be rotated."""
DEFAULT_OVERLAP_DAYS = 7
MAX_OVERLAP_DAYS = 30
MAX_SECRETS = 2
MAX_OWNER_LENGTH = 200
MAX_GRANTS_OF_KEY = 50

KEY_ID_PATTERN = r"^[A-Za-z0-9-]{1,40}$"


def check_key_id(key_id: str) -> str:
    """Return the id of a key. Raises ValueError for one that the registry's own keys have."""
    head, _, number = key_id.partition("-")
    if key_id == "local" or (head == "key" and number.isdecimal()):
        raise ValueError("is an id of the registry's own keys (`local`, `key-1`, ...)")
    return key_id


KeyId = Annotated[
    str,
    StringConstraints(pattern=KEY_ID_PATTERN),
    AfterValidator(check_key_id),
    Field(description="Its principal is `key:<id>`. Not `local`, and not `key-<number>`."),
]


class KeyLife(BaseModel):
    """How long a key works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(
        default=DEFAULT_DAYS, ge=1, le=MAX_DAYS, description="For how many days it works."
    )
    expires_at: SentTimestamp | None = Field(
        default=None,
        description=f"When it ends (RFC 3339), within {MAX_DAYS} days; instead of `days`.",
    )

    def compute_end(self, now: datetime) -> datetime:
        """Return when the key ends. Raises ValueError with the field and what is wrong with it."""
        if self.expires_at is None:
            return now + timedelta(days=self.days)
        if "days" in self.model_fields_set:
            raise ValueError("expires_at: `days` says it already; leave one of them out")
        if not now < self.expires_at <= now + timedelta(days=MAX_DAYS):
            raise ValueError(
                f"expires_at: must lie within the next {MAX_DAYS} days,"
                f" got {self.expires_at.isoformat()}"
            )
        return self.expires_at


class KeyRequest(KeyLife):
    """The body of `POST /keys`."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {
                "id": "sales-etl",
                "owner": "sales-team",
                "grants": [{"role": "contributor", "domain": "sales"}],
                "days": 90,
            }
        )
    )

    id: KeyId
    owner: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_OWNER_LENGTH),
        Field(description="The person or team that answers for it."),
    ]
    grants: tuple[GrantScope, ...] = Field(
        min_length=1, max_length=MAX_GRANTS_OF_KEY, description="The roles that it has."
    )


class RotationRequest(KeyLife):
    """The body of `POST /keys/{id}/rotate`: how long the new secret and the former one work."""

    model_config = ConfigDict(json_schema_extra=show_example({"days": 90, "overlap_days": 7}))

    overlap_days: int = Field(
        default=DEFAULT_OVERLAP_DAYS,
        ge=0,
        le=MAX_OVERLAP_DAYS,
        description="For how many days the former secret goes on, unless the key is rotated again"
        " before; 0 ends it at once.",
    )


class StoredSecret(BaseModel):
    """A secret of a key as `access.json` holds it."""

    model_config = ConfigDict(frozen=True)

    digest: str
    """SHA-256 of the whole credential, its id included, in hexadecimal digits."""
    created_at: Timestamp
    expires_at: Timestamp


class StoredKey(BaseModel):
    """A key as `access.json` holds it."""

    model_config = ConfigDict(frozen=True)

    id: str
    owner: str
    created_at: Timestamp
    created_by: str
    expires_at: Timestamp
    secrets: tuple[StoredSecret, ...] = Field(max_length=MAX_SECRETS)
    """The oldest first."""
    made_with: tuple[GrantScope, ...] = ()
    """The grants that it was made with; none of keys of before this field."""

    @property
    def principal(self) -> str:
        """The principal of whoever presents one of its secrets."""
        return build_principal(self.id)


def build_principal(key_id: str) -> str:
    """Return the principal of a key."""
    return f"key:{key_id}"


class SecretDates(BaseModel):
    """The dates of a secret."""

    created_at: Timestamp
    expires_at: Timestamp


class KeyDescription(BaseModel):
    """A key without its secrets."""

    id: str
    principal: str = Field(description="Whom its requests come from: `key:<id>`.")
    owner: str
    created_at: Timestamp
    created_by: str
    expires_at: Timestamp
    secrets: list[SecretDates] = Field(description="When each was made and ends; never the secret.")
    grants: list[StoredGrant]
    last_used: date | None = Field(
        default=None, description="The day (UTC) of its last use that is known; null for none."
    )

    @classmethod
    def describe(cls, key: StoredKey, grants: list[StoredGrant], last_used: date | None) -> Self:
        """Return what readers see of a key. A use before it was made was of another one."""
        return cls(
            id=key.id,
            principal=key.principal,
            owner=key.owner,
            created_at=key.created_at,
            created_by=key.created_by,
            expires_at=key.expires_at,
            secrets=[
                SecretDates(created_at=each.created_at, expires_at=each.expires_at)
                for each in key.secrets
            ],
            grants=grants,
            last_used=last_used
            if last_used is not None and last_used >= key.created_at.date()
            else None,
        )


class IssuedKey(KeyDescription):
    """A key with its new secret, which no other answer shows."""

    key: str = Field(
        description="What to send as `Authorization: Bearer <key>`. Keep it: it is shown once."
    )


class RemovedKey(BaseModel):
    """A key that was deleted, and how many grants with it."""

    id: str
    grants_removed: int
