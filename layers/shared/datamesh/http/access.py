"""Access to routes: each declares who may call it; of reads, one table decides by that."""

from collections.abc import Callable
from typing import Any

from fastapi import Request

from datamesh.errors.access import Unauthenticated
from datamesh.http.errors import Responses, document_errors
from datamesh.http.gateway import find_caller, find_refusal
from datamesh.models.access import Role
from datamesh.models.declared_access import DeclaredRead, DeclaredWrite, Place
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Problem
from datamesh.services.access.read_access import check_declared_read
from datamesh.services.permissions import Permissions

ACCESS_EXTENSION = "x-access"
"""The field of an operation in the API's document that has its declaration."""
AS_OF = "as_of"
"""The parameter that makes any read one of the past."""
OPTIONAL_SECURITY: list[dict[str, list[str]]] = [{}, {"ApiKey": []}]
"""The security of a read in the API's document: what it needs depends on the mode of the
registry."""
NOT_PASSED = "The request carries no principal: it did not pass the authorizer"

_DECLARED_READ, _DECLARED_WRITE = "declared_read", "declared_write"


def declare_read[E: Callable[..., Any]](
    kind: ReadKind, role: Role | None = None
) -> Callable[[E], E]:
    """Return a decorator of an endpoint that reads; without it a read is of the catalog.

    With `role` the caller must have it in some domain, in any mode.
    """

    def declare(endpoint: E) -> E:
        setattr(endpoint, _DECLARED_READ, DeclaredRead(kind, role))
        return endpoint

    return declare


def declare_write[E: Callable[..., Any]](
    role: Role | None, place: Place = Place.DOMAIN, *, refusal: str = "403", note: str = ""
) -> Callable[[E], E]:
    """Return a decorator of an endpoint that writes, which says who may.

    The service decides it, inside the change; a test tries each route with each role, and
    docs/reference/access.md shows the same.
    """

    def declare(endpoint: E) -> E:
        setattr(endpoint, _DECLARED_WRITE, DeclaredWrite(role, place, refusal, note))
        return endpoint

    return declare


def find_declared_read(endpoint: Callable[..., Any]) -> DeclaredRead:
    """Return what an endpoint declares."""
    declared: DeclaredRead = getattr(endpoint, _DECLARED_READ, DeclaredRead())
    return declared


def find_declared_write(endpoint: Callable[..., Any]) -> DeclaredWrite | None:
    """Return what an endpoint declares; None if it declares nothing."""
    declared: DeclaredWrite | None = getattr(endpoint, _DECLARED_WRITE, None)
    return declared


def check_reader(request: Request, declared: DeclaredRead) -> None:
    """Refuse a read that its caller may not have, before anything is said about what it asks.

    An event that did not pass the authorizer is refused whatever header it carries, unless the read
    is public. Raises Unauthenticated, and Forbidden for a principal that is no reader.
    """
    if declared.kind is ReadKind.PUBLIC:
        return
    check_caller(request)
    permissions: Permissions = request.state.context.permissions
    check_declared_read(permissions, declared, is_past=AS_OF in request.query_params)


def check_caller(request: Request) -> None:
    """Refuse an event that did not pass the authorizer, or that it could not decide on.

    Raises Unauthenticated.
    """
    event = request.scope.get("aws.event", {})
    if find_caller(event) is None:
        raise Unauthenticated(NOT_PASSED)
    if refusal := find_refusal(event):
        raise Unauthenticated(refusal)


def document_refusals(problem: type[Problem]) -> Responses:
    """Return what the API's document says of a read that may be refused."""
    refused = {
        "model": problem,
        "description": "The read needs a key, by the mode of this registry (`READ_ACCESS`)",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}},
    }
    return {401: refused} | document_errors(403)
