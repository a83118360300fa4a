"""Documents, their past, and the storage behind them."""

from datetime import date

from datamesh.errors.base import MeshError


class SnapshotNotFound(MeshError):
    """There is no snapshot of the day, or none at all if no day is given."""

    def __init__(self, day: date | None) -> None:
        super().__init__(f"There is no snapshot {f'of {day}' if day else 'yet'}")


class VersionExpired(MeshError):
    """The version of a document that was current at a past moment is no longer kept."""

    def __init__(self, document: str) -> None:
        super().__init__(f"The version of {document} that was current then is no longer kept")


class CommitsMissing(MeshError):
    """Commits behind the cursor of a feed are no longer kept."""

    def __init__(self, document: str, cursor: str) -> None:
        super().__init__(
            f"Commits of {document} behind this cursor are no longer kept: read the registry anew,"
            f" and go on with after={cursor}"
        )


class LimitReached(MeshError):
    """The registry holds as many products or lineage entries as a setting allows."""

    def __init__(self, setting: str, limit: int) -> None:
        super().__init__(f"The registry is full: {setting} is {limit}")


class DocumentFull(LimitReached):
    """A document of the registry would take more bytes than a setting allows."""

    def __init__(self, document: str, size: int, setting: str, limit: int) -> None:
        MeshError.__init__(
            self,
            f"The registry is full: {setting} is {limit}, and {document} would take {size} bytes;"
            " remove something from it, or raise the setting",
        )


class QueueFull(MeshError):
    """So many events wait to be derived that another would wait for minutes."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} events wait already; nothing was kept, send it again in a few seconds"
        )


class Contended(MeshError):
    """Every attempt of a commit lost its race; nothing was written."""

    def __init__(self, document: str) -> None:
        super().__init__(f"Too many writers on {document}; nothing was written, try again")


class DerivationUnfinished(Contended):
    """An event is stored, but too many writers competed to write all that is derived from it."""

    def __init__(self) -> None:
        MeshError.__init__(
            self, "The event is kept; what follows from it is not written yet: send it again"
        )


class OutcomeUnknown(MeshError):
    """A write was sent, and the time did not suffice to find out whether it took effect."""

    def __init__(self, document: str) -> None:
        super().__init__(
            f"Whether the write to {document} took effect is unknown; read before you retry"
        )


class StorageUnavailable(MeshError):
    """Storage cannot be reached, refuses, or holds what cannot be read; nothing was written."""
