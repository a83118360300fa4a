"""A caller may not do what it asks for; grants and keys."""

from collections.abc import Sequence
from datetime import datetime

from datamesh.errors.base import MeshError

MAX_SHOWN_NAMESPACES = 5
"""How many namespaces an error names."""


class Unauthenticated(MeshError):
    """A write arrived without a principal from the authorizer."""


class Forbidden(MeshError):
    """The principal lacks the role that the request needs."""

    def __init__(self, principal: str | None, role: str, domain: str) -> None:
        """Keep the role; the domain is `*` if all of them are needed, empty if any will do."""
        places = {"*": "all domains", "": "some domain"}
        where = places.get(domain, f"the domain '{domain}'")
        super().__init__(
            f"'{principal}' may not do this: it needs the role {role} in {where};"
            " a steward of the domain, or an administrator, can grant it"
        )
        self.role = role
        self.domain = domain


class ForeignNamespaces(MeshError):
    """A request says something of namespaces that its principal has no grant for."""

    def __init__(
        self, principal: str | None, namespaces: Sequence[str], deed: str = "send events"
    ) -> None:
        """Keep the namespaces, of which the first ones are named, and what may not be done."""
        shown = ", ".join(f"'{each}'" for each in namespaces[:MAX_SHOWN_NAMESPACES])
        count = len(namespaces) - MAX_SHOWN_NAMESPACES
        more = f" and {count} more" if count > 0 else ""
        super().__init__(
            f"'{principal}' may not {deed} of {shown}{more};"
            " a grant of the role contributor can name the namespaces, or their domain"
        )


class GrantNotFound(MeshError):
    """There is no grant of the id."""

    def __init__(self, grant_id: str) -> None:
        super().__init__(f"There is no grant '{grant_id}'")


class KeyNotFound(MeshError):
    """There is no key of the id, or none that the caller may manage."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key '{key_id}'")


class KeyIdTaken(MeshError):
    """A key has the id already, or grants that the caller may not give are kept for it."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"The id '{key_id}' is taken; choose another one")


class InvalidKeyLife(MeshError):
    """A key is to end when it may not; the text names the field first."""


class GrantEnded(MeshError):
    """A grant is to end before it begins."""

    def __init__(self, field: str, end: datetime) -> None:
        """Keep the field of the request that says so."""
        super().__init__(
            f"Invalid request: {field}: must lie in the future, got {end.isoformat()};"
            " take the grant back to end it now"
        )
        self.field = field


class RequestNotFound(MeshError):
    """There is no request for access of the id, or none that the caller may know of."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"There is no request '{request_id}'")


class RequestPending(MeshError):
    """The principal has asked for access to the product already."""

    def __init__(self, product: str, request_id: str) -> None:
        super().__init__(
            f"Your request '{request_id}' for '{product}' waits for a decision;"
            " withdraw it to make another"
        )


class RequestDecided(MeshError):
    """A request for access is not open any more."""

    def __init__(self, request_id: str, status: str) -> None:
        super().__init__(f"The request '{request_id}' is {status} already")


class InvalidAccessEnd(MeshError):
    """Access to a product is to end when it may not."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid request: until: {reason}")
