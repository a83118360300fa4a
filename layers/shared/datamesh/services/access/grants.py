"""Grant roles, take them back, and find those of a principal (docs/adr/0032-roles.md)."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from datamesh.errors.access import (
    Forbidden,
    ForeignNamespaces,
    GrantEnded,
    GrantNotFound,
)
from datamesh.errors.storage import LimitReached
from datamesh.models.access import ALL_DOMAINS, Grant, Role
from datamesh.models.grants import Caller, CallerGrant, GrantRequest, GrantScope, StoredGrant
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions
from datamesh.storage.access_file import AccessFile
from datamesh.storage.document import Document

MAX_GRANTS = 5000
"""How many grants there may be, whoever has them; those that have expired do not count."""
MAX_GRANTS_OF_PRINCIPAL = 200


def grant_role(
    context: RequestContext, access: Document[AccessFile], request: GrantRequest, now: datetime
) -> StoredGrant:
    """Give a principal a role, and return the grant.

    One of the same role in the same place replaces the former: its namespaces and its end. Stewards
    grant roles of their domains, administrators all. Raises Forbidden, ForeignNamespaces for those
    that a steward has no grant for, GrantEnded, LimitReached, and what a commit raises.
    """
    check_grant_ends([("expires_at", request)], now)
    grant = StoredGrant(
        id=build_grant_id(request.principal, request.role, request.domain),
        granted_by=context.principal or "",
        granted_at=now,
        **dict(request),
    )

    def change(file: AccessFile) -> tuple[AccessFile, StoredGrant]:
        check_may_give(context.permissions, request)
        return add_grants(file, [grant], now), grant

    return context.commit_audited(access, change)


def check_grant_ends(scopes: Iterable[tuple[str, GrantScope]], now: datetime) -> None:
    """Raise GrantEnded, with the field, for a scope that has ended already."""
    for field, scope in scopes:
        if scope.expires_at and scope.expires_at <= now:
            raise GrantEnded(field, scope.expires_at)


def check_may_grant(permissions: Permissions, role: Role, domain: str) -> None:
    """Raise Forbidden unless the caller may give, or take back, a role."""
    if role is Role.ADMIN or domain == ALL_DOMAINS:
        permissions.check_admin()
    else:
        permissions.check_role(Role.STEWARD, domain)


def check_may_give(permissions: Permissions, scope: GrantScope) -> None:
    """Raise Forbidden, or ForeignNamespaces, unless the caller may give a role of a scope."""
    check_may_grant(permissions, scope.role, scope.domain)
    if foreign := permissions.find_foreign_namespaces(scope.namespaces, {}):
        raise ForeignNamespaces(permissions.principal, foreign)


def add_grants(file: AccessFile, grants: Iterable[StoredGrant], now: datetime) -> AccessFile:
    """Return the file with these grants, and without those that have expired.

    Raises LimitReached.
    """
    kept = {key: each for key, each in file.grants.items() if each.to_grant().is_valid(now)}
    for grant in grants:
        kept.pop(grant.id, None)
        if sum(each.principal == grant.principal for each in kept.values()) >= (
            MAX_GRANTS_OF_PRINCIPAL
        ):
            raise LimitReached(f"Grants of '{grant.principal}'", MAX_GRANTS_OF_PRINCIPAL)
        kept[grant.id] = grant
    if len(kept) > MAX_GRANTS:
        raise LimitReached("Grants", MAX_GRANTS)
    return file.model_copy(update={"grants": kept})


def build_grant_id(principal: str, role: Role, domain: str, product: str = "") -> str:
    """Return the id of the grant of a role in a place: the same for the same.

    A single product is named with its origin, since another may have its name later.
    """
    text = "\n".join((principal, role, domain.casefold(), product))
    return sha256(text.encode()).hexdigest()[:16]


def revoke_grant(
    context: RequestContext, access: Document[AccessFile], grant_id: str
) -> StoredGrant:
    """Take a grant back, and return what it was.

    Raises GrantNotFound, for one as well that the caller may not take back, and what a commit
    raises.
    """

    def change(file: AccessFile) -> tuple[AccessFile, StoredGrant]:
        grant = file.grants.get(grant_id)
        if grant is None or not _can_grant(context.permissions, grant):
            raise GrantNotFound(grant_id)
        others = {key: each for key, each in file.grants.items() if key != grant_id}
        return file.model_copy(update={"grants": others}), grant

    return context.commit_audited(access, change)


def _can_grant(permissions: Permissions, grant: StoredGrant) -> bool:
    try:
        check_may_grant(permissions, grant.role, grant.domain)
    except Forbidden:
        return False
    return True


def list_grants(
    permissions: Permissions, file: AccessFile, principal: str | None, domain: str | None
) -> list[StoredGrant]:
    """Return the grants that meet both filters and that the caller may see, the earliest first.

    Those are of the domains that the caller is a steward of, and the caller's own.
    """
    return [
        each
        for each in file.grants.values()
        if principal in (None, each.principal)
        and (domain is None or domain.casefold() == each.domain.casefold())
        and (each.principal == permissions.principal or _can_grant(permissions, each))
    ]


def find_grants(file: AccessFile, principal: str, now: datetime) -> list[Grant]:
    """Return the grants of a principal that have not expired."""
    grants = (each.to_grant() for each in file.grants.values() if each.principal == principal)
    return [each for each in grants if each.is_valid(now)]


def describe_caller(permissions: Permissions) -> Caller:
    """Return who asks, and with which roles. Raises StorageUnavailable."""
    return Caller(
        principal=permissions.principal or "anonymous",
        grants=[
            CallerGrant(
                role=each.role,
                domain=each.domain,
                namespaces=each.namespaces,
                product=each.product,
                expires_at=each.expires_at,
            )
            for each in permissions.grants
        ],
    )
