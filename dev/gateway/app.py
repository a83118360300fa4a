"""The local API Gateway: an ASGI application that serves the template's HTTP API."""

import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Receive, Scope, Send

from dev.execution.deployment import Deployment
from dev.execution.pool import EventTooLarge, FunctionError, Unavailable
from dev.gateway import cors, events, responses
from dev.gateway.authorization import Authorization, BadAnswer
from dev.gateway.events import BadRequest, Request
from dev.gateway.responses import BadResponse, Response
from dev.gateway.routing import Match, match
from dev.intrinsics import TemplateError

# API Gateway's limit; Lambda's own for the whole event is lower and applies too.
MAX_BODY_BYTES = 10 * 1024 * 1024
# A refused body is still read, up to this, since clients seldom look before they have sent it all.
MAX_DRAINED_BYTES = 10 * MAX_BODY_BYTES

log = logging.getLogger("gateway")


class _Refused(Exception):
    """The gateway answers without the route's function."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.response = responses.message(status, text)


class Gateway:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._authorization = Authorization()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the gateway does not speak {scope['type']}")
        started = time.monotonic()
        http = HttpRequest(scope, receive)
        try:
            request = await _read(http)
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except _Refused as refused:  # before there was a request
            response = refused.response
        # The query is left out: callers put into it what does not belong into a log.
        log.log(
            logging.WARNING if response.status >= 500 else logging.INFO,
            "%s %s %d %d ms",
            http.method,
            _target(scope),
            response.status,
            round((time.monotonic() - started) * 1000),
        )
        await _http_response(response)(scope, receive, send)

    async def close(self) -> None:
        """End all execution environments."""
        await self._deployment.close()

    async def _answer(self, request: Request) -> Response:
        try:
            api = self._deployment.api()
            found = match(api.routes, request.method, request.path)
            if found is None and request.method == "OPTIONS" and api.cors:
                return cors.preflight(api.cors, request)
            try:
                response = await self._serve(request, found)
            except _Refused as refused:
                response = refused.response
        except BadRequest:
            return responses.message(400, "Bad Request")
        except TemplateError as error:
            log.error("template.yaml: %s", error)
            return responses.message(500, "Internal Server Error")
        response = response.with_headers([("apigw-requestid", request.request_id)])
        return cors.add(api.cors, request, response) if api.cors else response

    async def _serve(self, request: Request, found: Match | None) -> Response:
        if found is None:
            raise _Refused(404, "Not Found")
        context = await self._authorize(request, found)
        event = events.http_event(request, found, context)
        result = await self._invoke(found.route.function, event, request.request_id)
        try:
            return responses.from_result(result)
        except BadResponse as error:
            log.error("%s %s: %s", found.route.function, request.request_id, error)
            raise _Refused(500, "Internal Server Error") from None

    async def _authorize(self, request: Request, found: Match) -> Mapping[str, Any] | None:
        authorizer = found.route.authorizer
        if authorizer is None:
            return None
        identity = request.header(authorizer.header)
        if not identity:
            raise _Refused(401, "Unauthorized")
        event = events.authorizer_event(request, found, identity)
        try:
            answer = await self._authorization.ask(
                authorizer,
                self._deployment.version(authorizer.function),
                identity,
                lambda: self._invoke(authorizer.function, event, request.request_id),
            )
        except BadAnswer as error:
            log.error("%s %s: %s", authorizer.function, request.request_id, error)
            raise _Refused(500, "Internal Server Error") from None
        if not answer.allowed:
            raise _Refused(403, "Forbidden")
        return answer.context

    async def _invoke(self, function: str, event: dict[str, Any], request_id: str) -> object:
        try:
            return await self._deployment.invoke(function, event, request_id)
        except EventTooLarge:
            raise _Refused(413, "Request Entity Too Large") from None
        except Unavailable:
            log.error("%s %s: no answer in time", function, request_id)
            raise _Refused(503, "Service Unavailable") from None
        except FunctionError as error:
            log.error("%s %s: %s", function, request_id, error)
            raise _Refused(500, "Internal Server Error") from None


async def _read(http: HttpRequest) -> Request:
    chunks: list[bytes] = []
    size = 0
    async for chunk in http.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size > MAX_DRAINED_BYTES:
            break
    if size > MAX_BODY_BYTES:
        raise _Refused(413, "Request Entity Too Large")
    return Request(
        method=http.method,
        target=_target(http.scope),
        query=http.scope["query_string"].decode("latin-1"),
        headers=tuple(
            (k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in http.headers.raw
        ),
        source_ip=http.client.host if http.client else "127.0.0.1",
        request_id=str(uuid.uuid4()),
        body=b"".join(chunks),
        protocol=f"HTTP/{http.scope['http_version']}",
    )


def _target(scope: Scope) -> str:
    """The path as sent; the server has checked that it is ASCII."""
    raw: bytes = scope["raw_path"]
    return raw.decode("ascii")


def _http_response(response: Response) -> HttpResponse:
    http = HttpResponse(b"" if response.status in (204, 304) else response.body, response.status)
    http.raw_headers += [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    return http
