"""Grants of roles: what a client sends, what is stored, and what it gets back."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from datamesh.models.access import ALL_DOMAINS, Grant, ProductOrigin, Role
from datamesh.models.products import (
    MAX_DATASET_NAME_LENGTH,
    MAX_DOMAIN_LENGTH,
    UNSUITABLE_IN_DOMAINS,
    check_domain,
)
from datamesh.models.values import SentTimestamp, Timestamp, show_example

MAX_NAMESPACES = 50

Principal = Annotated[
    str,
    StringConstraints(
        pattern=r"^(key:[A-Za-z0-9_-]{1,40}|jwt:[!-\"$-~]{1,200}#[ -~]{1,255})$",
    ),
    Field(description="`key:<id>`, or `jwt:<issuer>#<subject>`."),
]


def check_granted_domain(domain: str) -> str:
    """Return the domain, or `*`. Raises ValueError as `check_domain` does."""
    return domain if domain == ALL_DOMAINS else check_domain(domain)


GrantedDomain = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DOMAIN_LENGTH),
    AfterValidator(check_granted_domain),
    Field(
        # Pydantic's own would be compared with what surrounding blanks are a part of.
        json_schema_extra={
            "pattern": rf"^\s*(\*|[^\s.{UNSUITABLE_IN_DOMAINS}][^{UNSUITABLE_IN_DOMAINS}]*)$"
        },
        description="The domain, or `*` for all.",
    ),
]
GrantedNamespaces = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1, max_length=MAX_DATASET_NAME_LENGTH)], ...],
    AfterValidator(lambda names: tuple(dict.fromkeys(names))),
    Field(
        max_length=MAX_NAMESPACES,
        description="Namespaces of OpenLineage that a contributor may send events of, beside those"
        " of the domain; with a `*` at the end all that begin so.",
    ),
]


class GrantScope(BaseModel):
    """A role, and where it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Annotated[Role, Field(description="`admin` is of all domains alone.")]
    domain: GrantedDomain
    namespaces: GrantedNamespaces = ()
    expires_at: SentTimestamp | None = Field(
        default=None, description="When it ends (RFC 3339); null for never."
    )

    @model_validator(mode="after")
    def refuse_what_means_nothing(self) -> Self:
        """Refuse an administrator of one domain, and namespaces of a reader."""
        if self.role is Role.ADMIN and self.domain != ALL_DOMAINS:
            raise ValueError("domain: must be * for the role admin")
        if self.namespaces and self.role is Role.READER:
            raise ValueError("namespaces: a reader sends no events; leave it out")
        return self


class GrantRequest(GrantScope):
    """The body of `POST /grants`."""

    model_config = ConfigDict(
        json_schema_extra=show_example(
            {"principal": "key:sales-etl", "role": "contributor", "domain": "sales"}
        )
    )

    principal: Principal


class StoredGrant(BaseModel):
    """A grant as `access.json` holds it, and as readers see it."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="Derived from the principal, the role and where it holds.")
    principal: str
    role: Role
    domain: str
    namespaces: tuple[str, ...] = ()
    product: str | None = Field(
        default=None, description="The only product that it is for; null for all of the domain."
    )
    product_origin: ProductOrigin | None = Field(
        default=None,
        exclude_if=lambda origin: origin is None,
        description="Tells the product from others that have its name later.",
    )
    expires_at: Timestamp | None = None
    granted_by: str
    granted_at: Timestamp

    def to_grant(self) -> Grant:
        """Return the part that rules look at."""
        return Grant(
            self.role,
            self.domain,
            self.namespaces,
            self.product,
            self.product_origin,
            self.expires_at,
        )


class CallerGrant(BaseModel):
    """A grant of the caller."""

    role: Role
    domain: str
    namespaces: tuple[str, ...] = ()
    product: str | None = None
    expires_at: Timestamp | None = None


class Caller(BaseModel):
    """The principal that asks, and its roles."""

    principal: str = Field(description="`anonymous` without credentials.")
    grants: list[CallerGrant]


class RevokedGrant(BaseModel):
    """A grant that was taken back."""

    id: str
