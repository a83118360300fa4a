"""The modes of a registry, and the kinds of reads that they open to anonymous callers."""

from enum import StrEnum


class ReadAccess(StrEnum):
    """A mode of the registry: how much of it is read without credentials."""

    OPEN = "open"
    """Everything is open but what needs a key in any mode."""
    CATALOG = "catalog"
    """The catalog is open, and rows of public products; no past and no events."""
    KEYED = "keyed"
    """Health and documentation alone."""


class ReadKind(StrEnum):
    """A kind of reads; each route that reads is of one."""

    PUBLIC = "public"
    """Health and documentation, behind no authorizer."""
    CATALOG = "catalog"
    """The registry as it is now, and what was counted of it."""
    ROWS = "rows"
    """Stored domain data: rows, groups of them and profiles."""
    EVENTS = "events"
    """Events that were kept, and what was taken from them unchanged."""
    PAST = "past"
    """The registry at another moment, and what changed since."""
    FILES = "files"
    """Links to whole files, which need a key in any mode."""
    KEYED = "keyed"
    """Requests that tell who asks, grants, keys and the audit trail."""
