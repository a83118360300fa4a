"""The one table from errors to statuses, and the shape of every error body."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from datamesh.errors.access import (
    Forbidden,
    ForeignNamespaces,
    GrantEnded,
    GrantNotFound,
    InvalidAccessEnd,
    InvalidKeyLife,
    KeyIdTaken,
    KeyNotFound,
    RequestDecided,
    RequestNotFound,
    RequestPending,
    Unauthenticated,
)
from datamesh.errors.base import MeshError
from datamesh.errors.contracts import (
    ContractIdTaken,
    ContractNotFound,
    InvalidContract,
    ObjectNotChosen,
)
from datamesh.errors.datasets import (
    DatasetNotFound,
    LocationNotAllowed,
    PortRefused,
    UnreadableDataset,
)
from datamesh.errors.events import InvalidEvent, JobRegisteredByHand, OversizedEvent, TooManyTags
from datamesh.errors.lineage import LineageNotFound, NodeNotFound, UnknownLineageEnds
from datamesh.errors.products import (
    AmbiguousColumns,
    DatasetNameTaken,
    DomainNotFound,
    InvalidSunset,
    ProductChanged,
    ProductNameTaken,
    ProductNotFound,
    ProductRenamed,
    ProductTooLarge,
    UnknownColumns,
    UnknownReplacement,
    VersionGoesDown,
    VersionLost,
    VersionNotFound,
)
from datamesh.errors.redactions import UnredactableText
from datamesh.errors.requests import (
    AnswerTooLarge,
    AssetNotFound,
    BodyTooLarge,
    BulkRefused,
    InvalidCursor,
    InvalidQuery,
    MalformedBody,
    NotAcceptable,
    RefusedParameters,
    ScanTooLarge,
    UnrepeatableRequest,
)
from datamesh.errors.storage import (
    CommitsMissing,
    Contended,
    DerivationUnfinished,
    DocumentFull,
    LimitReached,
    OutcomeUnknown,
    QueueFull,
    SnapshotNotFound,
    StorageUnavailable,
    VersionExpired,
)
from datamesh.http.field_problems import build_field_problem, list_field_problems
from datamesh.http.redirects import LOCATION_HEADER, build_redirect_headers, find_new_location
from datamesh.http.refusals import note_refusal
from datamesh.models.responses import FieldProblem, GatewayProblem, Problem
from datamesh.services.audit.trail import REFUSED

logger = logging.getLogger(__name__)

STATUS: dict[type[MeshError], int] = {
    MalformedBody: 400,
    InvalidEvent: 400,
    InvalidQuery: 400,
    UnknownLineageEnds: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    ForeignNamespaces: 403,
    ProductNotFound: 404,
    GrantNotFound: 404,
    KeyNotFound: 404,
    RequestNotFound: 404,
    ProductRenamed: 404,
    LineageNotFound: 404,
    SnapshotNotFound: 404,
    AssetNotFound: 404,
    NodeNotFound: 404,
    DomainNotFound: 404,
    DatasetNotFound: 404,
    ContractNotFound: 404,
    VersionNotFound: 404,
    NotAcceptable: 406,
    ProductNameTaken: 409,
    ContractIdTaken: 409,
    DatasetNameTaken: 409,
    JobRegisteredByHand: 409,
    KeyIdTaken: 409,
    RequestPending: 409,
    RequestDecided: 409,
    Contended: 409,
    VersionExpired: 410,
    CommitsMissing: 410,
    VersionLost: 410,
    ProductChanged: 412,
    BodyTooLarge: 413,
    ScanTooLarge: 413,
    AnswerTooLarge: 413,
    InvalidContract: 422,
    ObjectNotChosen: 422,
    LocationNotAllowed: 422,
    AmbiguousColumns: 422,
    UnknownColumns: 422,
    InvalidSunset: 422,
    VersionGoesDown: 422,
    UnknownReplacement: 422,
    TooManyTags: 422,
    ProductTooLarge: 422,
    OversizedEvent: 422,
    InvalidAccessEnd: 422,
    InvalidKeyLife: 422,
    GrantEnded: 422,
    UnredactableText: 422,
    UnrepeatableRequest: 422,
    InvalidCursor: 422,
    RefusedParameters: 422,
    BulkRefused: 422,
    PortRefused: 424,
    UnreadableDataset: 424,
    LimitReached: 429,
    DocumentFull: 429,
    QueueFull: 429,
    DerivationUnfinished: 503,
    OutcomeUnknown: 503,
    StorageUnavailable: 503,
}

RETRY_AFTER_SECONDS = 2
STATUSES_TO_RETRY = (429, 503)
"""A throttled or failing S3 is usually back within seconds. OpenLineage's clients repeat neither
without it, and wait as long as it says: not long, for somebody's pipeline waits with them."""

_OWN_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    **{status: {"Retry-After": str(RETRY_AFTER_SECONDS)} for status in STATUSES_TO_RETRY},
}
"""Headers that an error of a status always has."""

MAX_PROBLEMS = 20
"""How many refused fields an answer names: enough to mend a request, however bad it is."""

DESCRIPTIONS = {
    301: "The product is called otherwise now; `Location` is the same request under its new name",
    400: "The body is not valid JSON, or its values do not fit each other or what is registered",
    401: "The key is missing (answered by API Gateway)",
    403: "The key or token is not accepted (answered by API Gateway), or the role is too small",
    404: "There is no such product, lineage, domain, dataset or snapshot",
    406: "None of the media types that Accept names can be had",
    409: "The name, or a dataset, is taken, or too many writers competed; nothing was written",
    410: "The version that was current then, or that is asked for, is no longer kept",
    412: "The product no longer has the ETag that If-Match names",
    413: "The body is too large, or reading or answering it takes more than one request may",
    422: "A field or parameter breaks its constraint; `errors` names each",
    424: "Stored domain data is not what its product says, or lies where its domain may have none",
    429: "The registry has reached its limit",
    500: "An unexpected failure",
    503: "Storage is unavailable, or the outcome of the write is unknown",
}

type Responses = dict[int | str, dict[str, Any]]


def document_errors(*statuses: int, model: type[Problem] = Problem) -> Responses:
    """Return what the API's document says of a route that answers these error statuses."""
    return {status: _document_error(status, model) for status in statuses}


def _document_error(status: int, model: type[Problem]) -> dict[str, Any]:
    body = GatewayProblem if status in (401, 403) else model
    entry: dict[str, Any] = {"model": body, "description": DESCRIPTIONS[status]}
    if status == 301:
        entry["headers"] = LOCATION_HEADER
    if status in STATUSES_TO_RETRY:
        entry["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}
        }
    return entry


def install_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every error with a Problem."""
    app.add_exception_handler(MeshError, _answer_mesh_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_unexpected_error)


def build_problem(
    status: int,
    message: str,
    fields: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer to a request that failed; it names MAX_PROBLEMS fields at most."""
    shown = None if fields is None else list(fields[:MAX_PROBLEMS])
    body = Problem(message=message, errors=shown)
    own = _OWN_HEADERS.get(status) or headers
    return JSONResponse(body.model_dump(exclude_none=True), status, own)


async def _answer_mesh_error(request: Request, error: Exception) -> JSONResponse:
    if (
        isinstance(error, ProductRenamed)
        and request.method == "GET"  # a HEAD is one here
        and (location := find_new_location(request, error))
    ):
        return build_problem(301, str(error), headers=build_redirect_headers(location))
    status = STATUS[type(error)]  # type: ignore[index]  # registered for MeshError alone
    if status >= 500:
        logger.error("%s %s: %s", request.method, request.url.path, error)
    if status == REFUSED:
        note_refusal(request, error)
    if isinstance(error, Contended | OutcomeUnknown):
        request.app.state.observer.count_failed_write(error)
    return build_problem(status, str(error), list_field_problems(error))


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    fields = [build_field_problem(found) for found in errors[:MAX_PROBLEMS]]
    summary = "; ".join(f"{found.field}: {found.message}" for found in fields)
    more = f"; and {len(errors) - MAX_PROBLEMS} more" if len(errors) > MAX_PROBLEMS else ""
    return build_problem(422, f"Invalid request: {summary}{more}", fields)


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = build_problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _answer_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    logger.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return build_problem(500, "Unexpected failure; the log of the function has the details")
