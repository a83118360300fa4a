"""A request, its query or its answer is none that the API takes or gives."""

from typing import TYPE_CHECKING

from datamesh.errors.base import MeshError

if TYPE_CHECKING:  # the authorizer imports this module, and no pydantic
    from datamesh.models.bulk import BulkReport


class MalformedBody(MeshError):
    """The request body is not the JSON that the registry accepts."""


class BodyTooLarge(MeshError):
    """A request body, or what it decompresses to, is larger than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes, or what it decompresses to is")


class UnrepeatableRequest(MeshError):
    """A request has an Idempotency-Key whose answer must not be kept."""

    def __init__(self) -> None:
        super().__init__(
            "Invalid request: Idempotency-Key cannot be used here: the request or its"
            " answer holds a secret, which is not kept; leave it out, and if the answer with a key"
            " was lost, rotate the key"
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


class BulkRefused(MeshError):
    """Some items of a bulk request are refused, so none was registered."""

    def __init__(self, report: "BulkReport") -> None:
        total = report.registered + report.refused
        super().__init__(f"Nothing was registered: {report.refused} of {total} items are refused")
        self.report = report


class AssetNotFound(MeshError):
    """The documentation pages have no such asset."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no asset '{name}'")
