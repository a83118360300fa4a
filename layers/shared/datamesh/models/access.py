"""Roles, and what a grant of one says.

Every function imports this, so it has no pydantic models (`models.grants` has those).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ALL_DOMAINS = "*"
ALL_NAMESPACES = "*"


class Role(StrEnum):
    """A role in a domain, or in all of them. Each may do what those before it may."""

    READER = "reader"
    """May read rows, profiles, the past and events, and sees private products."""
    CONTRIBUTOR = "contributor"
    """May register and change products, and record lineage, checks and events."""
    STEWARD = "steward"
    """May delete, move data and change who sees it, and grants roles of the domain."""
    ADMIN = "admin"
    """May do everything; of all domains alone."""

    @property
    def rank(self) -> int:
        """The number of roles that may do less."""
        return _ROLES.index(self)


_ROLES = tuple(Role)


class Visibility(StrEnum):
    """The readers that a product is for."""

    PUBLIC = "public"
    """Everybody's, its rows as well where reads of metadata are open."""
    INTERNAL = "internal"
    """Everybody's who may read the registry; its rows are for readers of its domain."""
    PRIVATE = "private"
    """Readers of its domain alone learn that it exists."""


@dataclass(frozen=True, slots=True)
class ProductOrigin:
    """The part of a product that tells it from others that have, or had, its name."""

    created_at: datetime
    revision: int
    """The revision of the registry in which it got the name."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a principal has."""

    role: Role
    domain: str
    """The domain, in upper or lower case; ALL_DOMAINS for each."""
    namespaces: tuple[str, ...] = ()
    """Namespaces of OpenLineage whose events a contributor may send: `postgres://sales`, or with
    a `*` at the end all that begin so."""
    product: str | None = None
    """The only product that the grant is for, by its name when it was given; None for all of the
    domain."""
    product_origin: ProductOrigin | None = None
    """The product of that name that is meant."""
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Return whether the grant has not expired."""
        return self.expires_at is None or now < self.expires_at


ADMINISTRATOR = Grant(Role.ADMIN, ALL_DOMAINS)


def is_namespace_granted(namespaces: Sequence[str], namespace: str) -> bool:
    """Return whether one of the granted namespaces, or of their beginnings, is the namespace."""
    return any(
        namespace.startswith(each[:-1]) if each.endswith("*") else namespace == each
        for each in namespaces
    )
