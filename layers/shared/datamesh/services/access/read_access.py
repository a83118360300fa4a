"""The kinds of reads that a caller may have, before it is known which product they ask for."""

from collections.abc import Mapping

from datamesh.errors.access import Unauthenticated
from datamesh.errors.base import MeshError
from datamesh.models.access import Role
from datamesh.models.declared_access import DeclaredRead
from datamesh.models.read_access import ReadAccess, ReadKind
from datamesh.services.permissions import Permissions

OPEN_KINDS: Mapping[ReadAccess, frozenset[ReadKind]] = {
    ReadAccess.OPEN: frozenset(ReadKind) - {ReadKind.FILES, ReadKind.KEYED},
    ReadAccess.CATALOG: frozenset({ReadKind.PUBLIC, ReadKind.CATALOG, ReadKind.ROWS}),
    ReadAccess.KEYED: frozenset({ReadKind.PUBLIC}),
}
"""Mode -> the kinds of reads that an anonymous caller may have. Of rows, those of public products:
that is decided for each product (`Permissions.check_rows`)."""

SIGNED_IN_KINDS: Mapping[ReadAccess, frozenset[ReadKind]] = {
    mode: kinds
    | ({ReadKind.KEYED} if mode is ReadAccess.KEYED else {ReadKind.FILES, ReadKind.KEYED})
    for mode, kinds in OPEN_KINDS.items()
}
"""Mode -> the kinds of reads that a caller with credentials may have, without any grant: that an
issuer of tokens knows somebody is none, for GitHub knows all the world."""

READERS_KINDS = frozenset({ReadKind.EVENTS, ReadKind.PAST})
"""The kinds that take a reader of some domain, unless everybody may have them."""


def check_read(permissions: Permissions, kind: ReadKind) -> None:
    """Raise Unauthenticated, or Forbidden, unless the caller may have a read of this kind."""
    if kind in OPEN_KINDS[permissions.read_access]:
        return
    if permissions.principal is None:
        raise Unauthenticated(
            "This read needs a key here: send it as `Authorization: Bearer <key>`"
        )
    if kind in SIGNED_IN_KINDS[permissions.read_access]:
        return
    if kind in READERS_KINDS or not permissions.grants:
        permissions.check_role_somewhere(Role.READER)


def check_declared_read(
    permissions: Permissions, declared: DeclaredRead, *, is_past: bool = False
) -> None:
    """Raise as `check_read` does unless the caller may have a read, now or of the past."""
    check_read(permissions, declared.kind)
    if is_past:
        check_read(permissions, ReadKind.PAST)
    if declared.role is Role.ADMIN:
        permissions.check_admin()
    elif declared.role is not None:
        permissions.check_role_somewhere(declared.role)


def can_read(permissions: Permissions, kind: ReadKind) -> bool:
    """Return whether the caller may have a read of this kind."""
    try:
        check_read(permissions, kind)
    except MeshError:
        return False
    return True
