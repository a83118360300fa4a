"""Access to reads: each route that reads declares a kind, and one table decides."""

from collections.abc import Callable
from typing import Any

from fastapi import Request

from datamesh.errors import Unauthenticated
from datamesh.http.errors import Responses, document_errors
from datamesh.http.gateway import find_caller
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Problem
from datamesh.services.access.read_access import check_read
from datamesh.services.permissions import Permissions

AS_OF = "as_of"
"""The parameter that makes any read one of the past."""
OPTIONAL_SECURITY: list[dict[str, list[str]]] = [{}, {"ApiKey": []}]
"""In the API's document: what a read needs depends on the mode of the registry."""
NOT_PASSED = "The request carries no principal: it did not pass the authorizer"

_READ_KIND = "read_kind"


def declare_read[E: Callable[..., Any]](kind: ReadKind) -> Callable[[E], E]:
    """Return a decorator of an endpoint that reads; without it a read is of the catalog."""

    def declare(endpoint: E) -> E:
        setattr(endpoint, _READ_KIND, kind)
        return endpoint

    return declare


def find_read_kind(endpoint: Callable[..., Any]) -> ReadKind:
    """Return the kind that an endpoint declares."""
    kind: ReadKind = getattr(endpoint, _READ_KIND, ReadKind.CATALOG)
    return kind


def check_reader(request: Request, kind: ReadKind) -> None:
    """Refuse a read that its caller may not have, before anything is said about what it asks.

    An event that did not pass the authorizer is refused whatever header it carries, unless the read
    is public. Raises Unauthenticated, and Forbidden for a principal that is no reader.
    """
    if kind is ReadKind.PUBLIC:
        return
    if find_caller(request.scope.get("aws.event", {})) is None:
        raise Unauthenticated(NOT_PASSED)
    permissions: Permissions = request.state.context.permissions
    check_read(permissions, kind)
    if AS_OF in request.query_params:
        check_read(permissions, ReadKind.PAST)


def document_refusals(problem: type[Problem]) -> Responses:
    """Return what the API's document says of a read that may be refused."""
    refused = {
        "model": problem,
        "description": "The read needs a key, by the mode of this registry (`READ_ACCESS`)",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}},
    }
    return {401: refused} | document_errors(403)
