"""The errors of the registry. `datamesh.http.errors` maps each to a status."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the authorizer imports this module, and no pydantic
    from datamesh.models.bulk import BulkReport


MAX_SHOWN_COLUMNS = 20
"""How many columns of a schema an error names."""


MAX_SHOWN_NAMESPACES = 5
"""How many namespaces an error names."""


class MeshError(Exception):
    """Base of every error that a caller of the API may see. Its text is the caller's message."""


class InvalidSettings(MeshError):
    """An environment variable has a bad value; the text names the variable."""


class MalformedBody(MeshError):
    """The request body is not the JSON that the registry accepts."""


class BodyTooLarge(MeshError):
    """A request body, or what it decompresses to, is larger than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes, or what it decompresses to is")


class InvalidEvent(MeshError):
    """What was sent is not an OpenLineage event."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep the problems: pairs of field and message, the field empty for the whole event."""
        reasons = "; ".join(f"{field}: {text}" if field else text for field, text in problems)
        super().__init__(f"Not an OpenLineage event: {reasons}")
        self.problems = problems


class OversizedEvent(MeshError):
    """An OpenLineage event has more datasets, or pairs of them, than one event may."""

    def __init__(self, field: str, count: int, what: str, bound: str) -> None:
        """Keep the field: `inputs`, or `outputs` if there are too many pairs."""
        super().__init__(f"{field}: an event has at most {bound} {what}, this one {count}")
        self.field = field


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


class ForeignNamespaces(MeshError):
    """An event says something of namespaces that its sender has no grant for."""

    def __init__(self, principal: str | None, namespaces: Sequence[str]) -> None:
        """Keep the namespaces, of which the first ones are named."""
        shown = ", ".join(f"'{each}'" for each in namespaces[:MAX_SHOWN_NAMESPACES])
        count = len(namespaces) - MAX_SHOWN_NAMESPACES
        more = f" and {count} more" if count > 0 else ""
        super().__init__(
            f"'{principal}' may not send events of {shown}{more};"
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


class UnrepeatableRequest(MeshError):
    """A request has an Idempotency-Key whose answer must not be kept."""

    def __init__(self) -> None:
        super().__init__(
            "Invalid request: Idempotency-Key cannot be used here: the answer holds a secret, which"
            " is not kept; leave it out, and if the answer was lost, rotate the key"
        )


class InvalidQuery(MeshError):
    """Query parameters contradict each other, though each is well-formed."""


class RefusedParameters(MeshError):
    """Query parameters name no column of a dataset, or have values that its types exclude."""

    def __init__(self, problems: dict[str, str]) -> None:
        """Keep the problems: parameter -> what is wrong with it."""
        reasons = "; ".join(f"{name}: {message}" for name, message in problems.items())
        super().__init__(f"Invalid request: {reasons}")
        self.problems = problems


class InvalidCursor(MeshError):
    """A cursor is not of this registry or this query, or its file has changed since."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The cursor {reason}; begin again without one")


class ProductNotFound(MeshError):
    """No product is registered under the name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is not registered")


class ProductRenamed(MeshError):
    """No product is registered under the name, which one that has another name now has had."""

    def __init__(self, name: str, new: str, domain: str = "") -> None:
        """Keep both names, and the domain that the product has now where its path has one."""
        super().__init__(f"Product '{name}' is called '{new}' now; ask for that")
        self.name, self.new, self.domain = name, new, domain


class SnapshotNotFound(MeshError):
    """There is no snapshot of the day, or none at all if no day is given."""

    def __init__(self, day: date | None) -> None:
        super().__init__(f"There is no snapshot {f'of {day}' if day else 'yet'}")


class NodeNotFound(MeshError):
    """The lineage graph has no such node or namespace."""

    def __init__(self, kind: str, name: str, namespace: str | None = None) -> None:
        where = "" if namespace is None else f" in the namespace '{namespace}'"
        super().__init__(f"There is no {kind} '{name}'{where}")


class AssetNotFound(MeshError):
    """The documentation pages have no such asset."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no asset '{name}'")


class DomainNotFound(MeshError):
    """No product is registered in the domain."""

    def __init__(self, domain: str) -> None:
        super().__init__(f"No product is registered in the domain '{domain}'")


class DatasetNotFound(MeshError):
    """No product of the domain serves the dataset."""

    def __init__(self, domain: str, dataset: str) -> None:
        super().__init__(f"No product serves the dataset '{dataset}' of the domain '{domain}'")


class LocationNotAllowed(MeshError):
    """An output port is to lie where its product's domain may not have data."""

    def __init__(self, location: str, domain: str, allowed: Sequence[str]) -> None:
        """Keep the location; `allowed` are the prefixes where the domain may have data."""
        where = f"below {', '.join(allowed)}" if allowed else "nowhere"
        super().__init__(
            f"{location} is no location of the domain '{domain}', whose output ports may lie"
            f" {where}; an operator can grant others (DataLocations)"
        )


class AmbiguousColumns(MeshError):
    """Two columns of a product have names that readers of data take for one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(
            f"The columns '{first}' and '{second}' differ by upper and lower case alone: DuckDB,"
            " Spark and Athena take them for one; give one of them another name"
        )


class TooManyTags(MeshError):
    """A dataset, a column of one, or a job has as many tags as it may have."""

    def __init__(self, kind: str, name: str, limit: int) -> None:
        self.field = "tag"
        super().__init__(
            f"The {kind} '{name}' has {limit} tags already, the most it may have;"
            " take one of them away first"
        )


class JobRegisteredByHand(MeshError):
    """A job is no more than an entry of lineage that somebody registered by hand."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The job '{name}' is lineage that was registered by hand: no event has told of it;"
            " DELETE /lineage removes that"
        )


class UnknownColumns(MeshError):
    """Lineage, or a product itself, names a column that is none of its product's schema."""

    def __init__(self, field: str, column: str, product: str, known: Sequence[str]) -> None:
        """Keep the field; of the known columns of the product the first ones are named."""
        shown = ", ".join(known[:MAX_SHOWN_COLUMNS])
        more = len(known) - MAX_SHOWN_COLUMNS
        listed = f"{shown} and {more} more" if more > 0 else shown
        super().__init__(
            f"{field}: '{column}' is no column of '{product}', whose schema has {listed}; "
            "name one of these, or add it to the schema first"
        )
        self.field = field


class PortRefused(MeshError):
    """The data of a registered product lies where its domain may not have data."""

    def __init__(self, product: str, location: str, domain: str) -> None:
        super().__init__(
            f"The data of '{product}' is not served: {location} is no location of its domain"
            f" '{domain}'. Change its output port, or have the location granted (DataLocations)"
        )


class NotAcceptable(MeshError):
    """The client accepts none of the media types that the route can answer."""


class ScanTooLarge(MeshError):
    """A query takes more bytes, memory or time than one request may; the text says which."""


class AnswerTooLarge(MeshError):
    """An answer that cannot be cut is larger than a function may return."""

    def __init__(self, size: int, limit: int, to_lower: list[str]) -> None:
        """Keep the text, which names the parameters that make the answer smaller."""
        advice = (
            f"lower {' or '.join(f'`{name}`' for name in to_lower)}"
            if to_lower
            else ("ask for less")
        )
        super().__init__(f"The answer takes {size} bytes; at most {limit} may be: {advice}")


class VersionExpired(MeshError):
    """The version of a document that was current at a past moment is no longer kept."""

    def __init__(self, document: str) -> None:
        super().__init__(f"The version of {document} that was current then is no longer kept")


class ProductChanged(MeshError):
    """The product no longer has the ETag that the caller's change is based on."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' has changed since; read it again")


class ProductTooLarge(MeshError):
    """A product would take more bytes in the registry than one may."""

    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(f"Product '{name}' takes {size} bytes as stored; at most {limit} may be")


class ProductNameTaken(MeshError):
    """A product of the name is registered already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Product '{name}' is already registered")


class DatasetNameTaken(MeshError):
    """An OpenLineage dataset belongs to another product already."""

    def __init__(self, namespace: str, name: str, product: str) -> None:
        super().__init__(f"The dataset '{name}' of '{namespace}' is product '{product}' already")


class UnknownLineageEnds(MeshError):
    """A lineage entry names products that are not registered."""

    def __init__(self, names: list[str], hint: str = "") -> None:
        quoted = ", ".join(f"'{name}'" for name in names)
        super().__init__(f"Lineage names unknown products: {quoted}{hint}")


class LineageNotFound(MeshError):
    """No visible entry leads from the source to the target."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"There is no such lineage '{source}' -> '{target}'")


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


class UnreadableDataset(MeshError):
    """A file of domain data cannot be read as what its name says; the text names file and line."""


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


class BulkRefused(MeshError):
    """Some items of a bulk request are refused, so none was registered."""

    def __init__(self, report: "BulkReport") -> None:
        total = report.registered + report.refused
        super().__init__(f"Nothing was registered: {report.refused} of {total} items are refused")
        self.report = report
