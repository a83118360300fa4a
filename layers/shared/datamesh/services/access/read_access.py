"""The kinds of reads that a caller may have, before it is known which product they ask for."""

from collections.abc import Mapping

from datamesh.errors import MeshError, Unauthenticated
from datamesh.models.access import Role
from datamesh.models.read_access import ReadAccess, ReadKind
from datamesh.services.permissions import Permissions

OPEN_KINDS: Mapping[ReadAccess, frozenset[ReadKind]] = {
    ReadAccess.OPEN: frozenset(ReadKind) - {ReadKind.KEYED},
    ReadAccess.CATALOG: frozenset({ReadKind.PUBLIC, ReadKind.CATALOG, ReadKind.ROWS}),
    ReadAccess.KEYED: frozenset({ReadKind.PUBLIC}),
}
"""Mode -> the kinds of reads that an anonymous caller may have. Of rows, those of public products:
that is decided for each product (`Permissions.check_rows`)."""

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
    # That an issuer of tokens knows somebody is no grant: GitHub knows all the world.
    if kind in READERS_KINDS or (kind is not ReadKind.KEYED and not permissions.grants):
        permissions.check_role_somewhere(Role.READER)


def can_read(permissions: Permissions, kind: ReadKind) -> bool:
    """Return whether the caller may have a read of this kind."""
    try:
        check_read(permissions, kind)
    except MeshError:
        return False
    return True
