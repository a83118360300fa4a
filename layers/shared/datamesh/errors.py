"""What can go wrong, in the words of the domain. `datamesh.http.errors` maps each to a status."""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the authorizer imports this module, and no pydantic
    from datamesh.models.bulk import BulkReport


class MeshError(Exception):
    """Base of every error that a caller of the API may see; its text is the caller's message."""


class InvalidSettings(MeshError):
    """An environment variable has a bad value; the text names the variable."""


class MalformedBody(MeshError):
    """The request body is not the JSON that the registry accepts."""


class BodyTooLarge(MeshError):
    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes, or what it decompresses to is")


class InvalidEvent(MeshError):
    """What was sent is not an OpenLineage event; `problems` are pairs of field and message."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        told = "; ".join(f"{field}: {message}" if field else message for field, message in problems)
        super().__init__(f"Not an OpenLineage event: {told}")
        self.problems = problems


class Unauthenticated(MeshError):
    """A write arrived without a principal from the authorizer."""


class InvalidQuery(MeshError):
    """Query parameters that are well-formed one by one contradict each other."""


class RefusedParameters(MeshError):
    """Query parameters that a dataset does not know, or whose values are not of its types."""

    def __init__(self, problems: dict[str, str]) -> None:
        """`problems`: parameter -> what is wrong with it."""
        found = "; ".join(f"{name}: {message}" for name, message in problems.items())
        super().__init__(f"Invalid request: {found}")
        self.problems = problems


class InvalidCursor(MeshError):
    """A cursor that was not given out for this query, or whose file is no longer what it was."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The cursor {reason}; begin again without one")


class ProductNotFound(MeshError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is not registered")


class SnapshotNotFound(MeshError):
    def __init__(self, day: date | None) -> None:
        super().__init__(f"There is no snapshot {f'of {day}' if day else 'yet'}")


class NodeNotFound(MeshError):
    """There is no such node of the lineage graph, or namespace of it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} '{name}'")


class AssetNotFound(MeshError):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no asset '{name}'")


class DomainNotFound(MeshError):
    def __init__(self, domain: str) -> None:
        super().__init__(f"No product is registered in the domain '{domain}'")


class DatasetNotFound(MeshError):
    def __init__(self, domain: str, dataset: str) -> None:
        super().__init__(f"No product serves the dataset '{dataset}' of the domain '{domain}'")


class LocationNotAllowed(MeshError):
    """An output port in a bucket that the registry may not read."""

    def __init__(self, location: str) -> None:
        super().__init__(f"{location} is in no bucket that the registry may read (DataBucketArns)")


class NotAcceptable(MeshError):
    """None of the media types that the client accepts can be had."""


class ScanTooLarge(MeshError):
    """A query would read, hold, take or answer more than one request may; the text says which."""


class VersionExpired(MeshError):
    """What was current at the moment asked for is no longer kept."""

    def __init__(self, document: str) -> None:
        super().__init__(f"The version of {document} that was current then is no longer kept")


class ProductChanged(MeshError):
    """The product is no longer what the caller based its change on."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' has changed since; read it again")


class ProductNameTaken(MeshError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is already registered")


class DatasetNameTaken(MeshError):
    """An OpenLineage dataset is another product's."""

    def __init__(self, namespace: str, name: str, product: str) -> None:
        super().__init__(f"The dataset '{name}' of '{namespace}' is product '{product}' already")


class UnknownLineageEnds(MeshError):
    """A lineage entry names products that are not registered."""

    def __init__(self, names: list[str]) -> None:
        quoted = ", ".join(f"'{name}'" for name in names)
        super().__init__(f"Lineage names unknown products: {quoted}")


class LineageNotFound(MeshError):
    """There is no visible entry to remove."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"There is no such lineage '{source}' -> '{target}'")


class LimitReached(MeshError):
    def __init__(self, setting: str, limit: int) -> None:
        super().__init__(f"The registry is full: {setting} is {limit}")


class UnreadableDataset(MeshError):
    """A file of domain data is not what its name says; the text names file and line."""


class Contended(MeshError):
    """Every attempt lost its race; nothing was written."""

    def __init__(self, document: str) -> None:
        super().__init__(f"Too many writers on {document}; nothing was written, try again")


class DerivationUnfinished(Contended):
    """An event is kept, and what follows from it is not all written: too many writers."""

    def __init__(self) -> None:
        MeshError.__init__(
            self, "The event is kept; what follows from it is not written yet: send it again"
        )


class OutcomeUnknown(MeshError):
    """A write was sent, and whether it landed could not be learned within the budget."""

    def __init__(self, document: str) -> None:
        super().__init__(
            f"Whether the write to {document} took effect is unknown; read before you retry"
        )


class StorageUnavailable(MeshError):
    """Storage cannot be reached, or refuses, or holds what cannot be read; nothing was written."""


class BulkRefused(MeshError):
    """Some items were refused, so that none was registered."""

    def __init__(self, report: "BulkReport") -> None:
        total = report.registered + report.refused
        super().__init__(f"Nothing was registered: {report.refused} of {total} items are refused")
        self.report = report
