"""The one table of what may be read without credentials."""

from collections.abc import Mapping

from datamesh.models.read_access import ReadAccess, ReadKind

OPEN_KINDS: Mapping[ReadAccess, frozenset[ReadKind]] = {
    ReadAccess.OPEN: frozenset(ReadKind) - {ReadKind.KEYED},
    ReadAccess.CATALOG: frozenset({ReadKind.PUBLIC, ReadKind.CATALOG}),
    ReadAccess.KEYED: frozenset({ReadKind.PUBLIC}),
}
"""Mode -> the kinds of reads that an anonymous caller may have."""


def can_read_anonymously(mode: ReadAccess, kind: ReadKind) -> bool:
    """Tell whether a caller without credentials may have a read of this kind."""
    return kind in OPEN_KINDS[mode]
