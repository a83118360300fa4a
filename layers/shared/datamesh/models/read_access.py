"""What a caller without credentials may read: the modes of a registry, and the kinds of reads."""

from enum import StrEnum


class ReadAccess(StrEnum):
    """A mode of the registry: how much of it is read without credentials."""

    OPEN = "open"
    """All but what needs a key in any mode."""
    CATALOG = "catalog"
    """What is registered now; no data, no past and no events."""
    KEYED = "keyed"
    """Health and documentation alone."""


class ReadKind(StrEnum):
    """A kind of reads; each route that reads is of one."""

    PUBLIC = "public"
    """Health and documentation, behind no authorizer."""
    CATALOG = "catalog"
    """What is registered now, and what was counted of it."""
    ROWS = "rows"
    """Stored domain data: rows, groups of them and profiles."""
    EVENTS = "events"
    """Events that were kept, and what was taken from them unchanged."""
    PAST = "past"
    """What was registered at another moment, and what changed since."""
    KEYED = "keyed"
    """The audit trail, and links to whole files."""
