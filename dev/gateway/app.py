"""The local API Gateway: an ASGI application that serves the template's HTTP API."""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Receive, Scope, Send

from dev.execution.deployment import LocalDeployment
from dev.execution.pool import EventTooLarge, FunctionError, TooManyWaiting, Unavailable
from dev.gateway import cors, events, responses
from dev.gateway.authorization import AuthorizerCache, BadAnswer
from dev.gateway.events import BadRequest, GatewayRequest
from dev.gateway.responses import BadResponse, GatewayResponse
from dev.gateway.routing import RouteMatch, RouteTable
from dev.stack import Api
from dev.template.intrinsics import TemplateError

# API Gateway's limit; Lambda's own for the whole event is lower and applies too.
MAX_BODY_BYTES = 10 * 1024 * 1024
# A refused body is still read, up to this, since clients seldom look before they have sent it all.
MAX_DRAINED_BYTES = 10 * MAX_BODY_BYTES
SEND_MESSAGE = "sqs:SendMessage"

log = logging.getLogger("gateway")


class _RefusedError(Exception):
    """The gateway answers a request without the function of its route."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.response = responses.build_message(status, text)


class _TooManyWaitingError(_RefusedError):
    """A request would wait, as too many do; the answer is as the registry's own."""

    def __init__(self) -> None:
        text = "Too many requests wait already; ask again without `wait`, or in two seconds"
        super().__init__(429, text)
        self.response = responses.build_message(429, text, success=False)
        self.response = self.response.with_headers([("retry-after", "2")])


class Gateway:
    """Serves the routes of a deployment over HTTP, as an HTTP API of API Gateway would."""

    def __init__(
        self, deployment: LocalDeployment, wait_for_sent: Callable[[], Awaitable[None]]
    ) -> None:
        """Take the deployment, which `close` ends, and what waits for messages sent before."""
        self._deployment = deployment
        self._wait_for_sent = wait_for_sent
        self._decisions = AuthorizerCache()
        self._api: Api | None = None
        self._routes = RouteTable(())
        self._senders: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, and log it."""
        if scope["type"] != "http":
            raise NotImplementedError(f"the gateway does not speak {scope['type']}")
        started = time.monotonic()
        http = HttpRequest(scope, receive)
        try:
            request = await _read_request(http)
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except _RefusedError as refused:  # before there was a request
            response = refused.response
        # The query is left out: callers put into it what does not belong into a log.
        log.log(
            logging.WARNING if response.status >= 500 else logging.INFO,
            "%s %s %d %d ms",
            http.method,
            _read_target(scope),
            response.status,
            round((time.monotonic() - started) * 1000),
        )
        await _build_http_response(response)(scope, receive, send)

    async def close(self) -> None:
        """End all execution environments."""
        await self._deployment.close()

    async def _answer(self, request: GatewayRequest) -> GatewayResponse:
        try:
            api = self._deployment.read_api()
            if api is not self._api:
                self._api, self._routes = api, RouteTable(api.routes)
                self._senders = _find_senders(api)
            found = self._routes.match(request.method, request.path)
            if found is None and request.method == "OPTIONS" and api.cors:
                return cors.answer_preflight(api.cors, request)
            try:
                response = await self._serve(request, found)
            except _RefusedError as refused:
                response = refused.response
        except BadRequest:
            return responses.build_message(400, "Bad Request")
        except TemplateError as error:
            log.error("template.yaml: %s", error)
            return responses.build_message(500, "Internal Server Error")
        response = response.with_headers([("apigw-requestid", request.request_id)])
        return cors.add_cors_headers(api.cors, request, response) if api.cors else response

    async def _serve(self, request: GatewayRequest, found: RouteMatch | None) -> GatewayResponse:
        if found is None:
            raise _RefusedError(404, "Not Found")
        context = await self._authorize(request, found)
        if found.route.function not in self._senders:
            # On AWS a reader waits, and asks again. Here it sees what it has sent.
            await self._wait_for_sent()
        event = events.build_http_event(request, found, context)
        result = await self._invoke(found.route.function, event, request.request_id)
        try:
            return responses.parse_result(result, request.method)
        except BadResponse as error:
            log.error("%s %s: %s", found.route.function, request.request_id, error)
            raise _RefusedError(500, "Internal Server Error") from None

    async def _authorize(
        self, request: GatewayRequest, found: RouteMatch
    ) -> Mapping[str, Any] | None:
        authorizer = found.route.authorizer
        if authorizer is None:
            return None
        identity = found.route.key
        if authorizer.header and not (identity := request.get_header(authorizer.header)):
            raise _RefusedError(401, "Unauthorized")
        event = events.build_authorizer_event(request, found, identity)
        try:
            decision = await self._decisions.decide(
                authorizer,
                # For decisions that are kept alone: it looks at every file of the layer.
                self._deployment.compute_version(authorizer.function) if authorizer.ttl else "",
                identity,
                lambda: self._invoke(authorizer.function, event, request.request_id),
            )
        except BadAnswer as error:
            log.error("%s %s: %s", authorizer.function, request.request_id, error)
            raise _RefusedError(500, "Internal Server Error") from None
        if not decision.is_allowed:
            raise _RefusedError(403, "Forbidden")
        return decision.context

    async def _invoke(self, function: str, event: dict[str, Any], request_id: str) -> object:
        try:
            return await self._deployment.invoke(function, event, request_id)
        except EventTooLarge:
            raise _RefusedError(413, "Request Entity Too Large") from None
        except TooManyWaiting:
            raise _TooManyWaitingError from None
        except Unavailable:
            log.error("%s %s: no answer in time", function, request_id)
            raise _RefusedError(503, "Service Unavailable") from None
        except FunctionError as error:
            log.error("%s %s: %s", function, request_id, error)
            raise _RefusedError(500, "Internal Server Error") from None


def _find_senders(api: Api) -> frozenset[str]:
    """Return the functions that may send messages to a queue."""
    return frozenset(name for name, each in api.functions.items() if each.can_perform(SEND_MESSAGE))


async def _read_request(http: HttpRequest) -> GatewayRequest:
    chunks: list[bytes] = []
    size = 0
    async for chunk in http.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size > MAX_DRAINED_BYTES:
            break
    if size > MAX_BODY_BYTES:
        raise _RefusedError(413, "Request Entity Too Large")
    return GatewayRequest(
        method=http.method,
        target=_read_target(http.scope),
        query=http.scope["query_string"].decode("latin-1"),
        headers=tuple(
            (k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in http.headers.raw
        ),
        source_ip=http.client.host if http.client else "127.0.0.1",
        request_id=str(uuid.uuid4()),
        body=b"".join(chunks),
        protocol=f"HTTP/{http.scope['http_version']}",
    )


def _read_target(scope: Scope) -> str:
    """Return the path as sent; the server has checked that it is ASCII."""
    raw: bytes = scope["raw_path"]
    return raw.decode("ascii")


def _build_http_response(response: GatewayResponse) -> HttpResponse:
    http = HttpResponse(b"" if response.status in (204, 304) else response.body, response.status)
    if "content-length" in dict(response.headers):
        http.raw_headers.clear()  # it is not that of this body, which is left out
    http.raw_headers += [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    return http
