"""The FastAPI app of a function, and what all its routes have in common."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.telemetry import TelemetryConfig
from pydantic import JsonValue

from datamesh import __version__
from datamesh.errors.access import Unauthenticated
from datamesh.errors.requests import MalformedBody
from datamesh.http import errors
from datamesh.http.access import (
    ACCESS_EXTENSION,
    NOT_PASSED,
    OPTIONAL_SECURITY,
    check_caller,
    check_reader,
    document_refusals,
    find_declared_read,
    find_declared_write,
)
from datamesh.http.answer_bounds import check_size
from datamesh.http.conditional import IF_NONE_MATCH_PARAMETER, NOT_MODIFIED_RESPONSE, revalidate
from datamesh.http.deprecation import (
    add_path_deprecation,
    document_deprecation,
    is_read_of_product,
)
from datamesh.http.gateway import SAFE_METHODS, find_principal
from datamesh.http.secret_answers import SECRET_ANSWER
from datamesh.http.strict_json import parse_json
from datamesh.http.strict_query import read_query_rules
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Problem

IDEMPOTENCY_KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A request with the key of one that succeeded within 24 hours is answered like "
    "that one and changes nothing; 422 if its body differs, 409 while the other is in progress.",
}

api_key = HTTPBearer(
    scheme_name="ApiKey",
    description="`Authorization: Bearer <key>`, checked by the authorizer before a request runs.",
    auto_error=False,
)


async def require_principal(
    request: Request, credentials: Annotated[object, Depends(api_key)]
) -> None:
    """Refuse an event that did not pass the authorizer, whatever header it carries.

    Raises Unauthenticated.
    """
    check_caller(request)
    if find_principal(request.scope.get("aws.event", {})) is None:
        raise Unauthenticated(NOT_PASSED)


type Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """A request whose body is read by the rules of `http.strict_json`."""

    async def json(self) -> JsonValue:
        """Parse the body. Raises HTTPException with the status of MalformedBody."""
        try:
            return parse_json(await self.body())
        except MalformedBody as error:  # FastAPI would hide any other exception's text
            raise HTTPException(errors.STATUS[MalformedBody], str(error)) from error


NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}
"""FastAPI's settings of OpenTelemetry: Powertools logs and counts, and nobody collects the rest."""


class MeshRoute(APIRoute):
    """A route with a strict query and a JSON body; writes need a principal, reads have an ETag.

    Who may read is decided by the kind that the endpoint declares (`http.access`).

    Handlers are `async` although they block: an execution environment answers one request at a
    time, so there is nobody to block, and a thread hand-off would cost every request its time.
    """

    problem: type[Problem] = Problem
    """The body of the errors of its function."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.declared_read = find_declared_read(endpoint)
        self._is_of_product = is_read_of_product(path)
        if SAFE_METHODS.issuperset(options.get("methods") or ()):
            self._document_read(options)
            parameters = [IF_NONE_MATCH_PARAMETER]
        else:
            posts = "POST" in (options.get("methods") or ())
            guarded = SECRET_ANSWER[0] in (options.get("dependencies") or ())
            parameters = [IDEMPOTENCY_KEY_PARAMETER] if posts and not guarded else []
            _require_principal_of_write(endpoint, options)
        extra = options.get("openapi_extra") or {}
        parameters = [*parameters, *extra.get("parameters", ())]
        if parameters:
            options["openapi_extra"] = {**extra, "parameters": parameters}
        # After who asks, and before anything else about what is asked.
        self._is_guarded = bool(options.get("dependencies"))
        if self._is_guarded:
            options["dependencies"] = [*options["dependencies"], Depends(self._check_query)]
        responses = options.get("responses") or {}
        options["responses"] = responses | ({} if 422 in responses else errors.document_errors(422))
        super().__init__(path, endpoint, **options)
        self._query_rules = read_query_rules(self.dependant, parameters)

    def _document_read(self, options: dict[str, Any]) -> None:
        """Add to the options what the API's document says of every read."""
        refused: errors.Responses = {}
        extra: dict[str, Any] = {ACCESS_EXTENSION: self.declared_read.describe()}
        if self.declared_read.kind not in (ReadKind.PUBLIC, ReadKind.FILES, ReadKind.KEYED):
            refused = document_refusals(self.problem)
            extra["security"] = OPTIONAL_SECURITY
        options["openapi_extra"] = extra | (options.get("openapi_extra") or {})
        own = options.get("responses") or {}
        if self._is_of_product:
            own = document_deprecation(own)
        options["responses"] = {304: NOT_MODIFIED_RESPONSE} | refused | own

    async def _check_query(self, request: Request) -> None:
        """Refuse parameters that the route does not take. Raises RefusedParameters."""
        self._query_rules.check_query(request.query_params.multi_items())

    def get_route_handler(self) -> Handle:
        """Return FastAPI's handler, with the body taken as JSON and the ETag on reads."""
        handle = super().get_route_handler()
        is_read = SAFE_METHODS.issuperset(self.methods or ())
        return self._wrap_read(handle) if is_read else _wrap_write(handle)

    def _wrap_read(self, handle: Handle) -> Handle:
        async def handle_read(request: Request) -> Response:
            check_reader(request, self.declared_read)
            if not self._is_guarded:  # a dependency takes several times as long
                self._query_rules.check_query(request.query_params.multi_items())
            response = await handle(request)
            if response.status_code != 200:
                return response
            check_size(response, self._query_rules.names)
            if self._is_of_product:
                add_path_deprecation(request, response)
            return revalidate(request, response)

        return handle_read


def _require_principal_of_write(endpoint: Callable[..., Any], options: dict[str, Any]) -> None:
    """Add to the options that a write needs a principal, and who may make it."""
    options["dependencies"] = [*(options.get("dependencies") or ()), Depends(require_principal)]
    declared = find_declared_write(endpoint)
    extra = {ACCESS_EXTENSION: declared.describe() if declared else {}}
    options["openapi_extra"] = extra | (options.get("openapi_extra") or {})


def _wrap_write(handle: Handle) -> Handle:
    async def handle_json(request: Request) -> Response:
        # Whatever the client calls its body (curl -d says it is a form), it must be JSON.
        others = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        scope = {**request.scope, "headers": [*others, (b"content-type", b"application/json")]}
        return await handle(JsonRequest(scope, request.receive))

    return handle_json


def create_app(title: str) -> FastAPI:
    """Return an app whose routes are MeshRoutes and whose errors are Problems.

    It serves no docs itself: the platform function serves those of all functions.
    """
    app = FastAPI(
        title=title,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry=NO_TELEMETRY,
    )
    app.router.route_class = MeshRoute
    errors.install_error_handlers(app)
    return app
