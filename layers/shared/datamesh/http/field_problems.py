"""The fields and parameters that an error is about."""

from collections.abc import Mapping
from typing import Any, Literal

from datamesh.errors.access import GrantEnded, InvalidAccessEnd, InvalidKeyLife
from datamesh.errors.contracts import InvalidContract, ObjectNotChosen
from datamesh.errors.datasets import LocationNotAllowed
from datamesh.errors.events import InvalidEvent, OversizedEvent, TooManyTags
from datamesh.errors.products import (
    AmbiguousColumns,
    InvalidSunset,
    ProductTooLarge,
    UnknownColumns,
    UnknownReplacement,
    VersionGoesDown,
)
from datamesh.errors.requests import (
    BulkRefused,
    InvalidCursor,
    RefusedParameters,
    UnrepeatableRequest,
)
from datamesh.models.responses import FieldProblem

type Location = Literal["body", "path", "query", "header"]

MAX_SHOWN_LENGTH = 200

FIELDS: Mapping[type[Exception], tuple[Location, str]] = {
    AmbiguousColumns: ("body", "schema"),
    InvalidAccessEnd: ("body", "until"),
    InvalidCursor: ("query", "cursor"),
    InvalidKeyLife: ("body", "expires_at"),
    InvalidSunset: ("body", "deprecation.sunset"),
    LocationNotAllowed: ("body", "output_port.location"),
    ObjectNotChosen: ("query", "object"),
    ProductTooLarge: ("body", "body"),
    UnknownReplacement: ("body", "deprecation.replacement"),
    UnrepeatableRequest: ("header", "Idempotency-Key"),
    VersionGoesDown: ("body", "version"),
}
"""Error -> the one field or parameter that it is about, whatever its content."""


def list_field_problems(error: Exception) -> list[FieldProblem] | None:
    """Return the fields or parameters that an error is about; None if it names none."""
    if field := FIELDS.get(type(error)):
        location, name = field
        return [FieldProblem(field=name, location=location, message=_read_reason(error, name))]
    match error:
        case BulkRefused():
            return _list_item_problems(error)
        case InvalidEvent():
            return [_build_body_problem(field, message) for field, message in error.problems]
        case InvalidContract():
            return [
                _build_body_problem(fault.pointer, fault.message, fault.line)
                for fault in error.faults
            ]
        case RefusedParameters():
            return [
                FieldProblem(field=name[:MAX_SHOWN_LENGTH], location="query", message=message)
                for name, message in error.problems.items()
            ]
        case OversizedEvent() | UnknownColumns() | GrantEnded():
            return [_build_body_problem(error.field, _read_reason(error, error.field))]
        case TooManyTags():
            return [FieldProblem(field=error.field, location="path", message=str(error))]
    return None


def build_field_problem(found: Mapping[str, Any]) -> FieldProblem:
    """Return an error of pydantic's validation as the answer names it."""
    location, *path = found["loc"]
    return FieldProblem(
        field=".".join(map(str, path))[:MAX_SHOWN_LENGTH] or str(location),
        location=location,
        message=found["msg"].removeprefix("Value error, "),
    )


def _read_reason(error: Exception, field: str) -> str:
    """Return the text of an error without the field, which stands beside it."""
    return str(error).removeprefix(f"Invalid request: {field}: ")


def _build_body_problem(field: str, message: str, line: int | None = None) -> FieldProblem:
    name = field[:MAX_SHOWN_LENGTH] or "body"
    return FieldProblem(field=name, location="body", message=message, line=line)


def _list_item_problems(error: BulkRefused) -> list[FieldProblem]:
    return [
        FieldProblem(
            field=f"items.{item.index}.{found.field}".rstrip("."),
            location="body",
            message=found.message,
        )
        for item in error.report.items
        for found in item.errors
    ]
