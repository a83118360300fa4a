"""CORS as an HTTP API does it: the gateway answers, what functions say about it is ignored."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from dev.gateway.events import GatewayRequest
from dev.gateway.responses import GatewayResponse
from dev.stack import Cors


def answer_preflight(cors: Cors, request: GatewayRequest) -> GatewayResponse:
    """Answer an OPTIONS request; a browser takes an answer without headers as a refusal."""
    if not request.get_header("access-control-request-method"):
        return GatewayResponse(204)
    return GatewayResponse(
        204, (*_list_origin_headers(cors, request), *_list_preflight_headers(cors, request))
    )


def add_cors_headers(
    cors: Cors, request: GatewayRequest, response: GatewayResponse
) -> GatewayResponse:
    """Return the response with the configured headers, if the request's origin is allowed."""
    kept = tuple(h for h in response.headers if not h[0].startswith("access-control-"))
    stripped = GatewayResponse(response.status, kept, response.body)
    origin = tuple(_list_origin_headers(cors, request))
    if not origin or not cors.expose:
        return stripped.with_headers(origin)
    return stripped.with_headers(
        (*origin, ("access-control-expose-headers", ",".join(cors.expose)))
    )


def _list_origin_headers(cors: Cors, request: GatewayRequest) -> Iterator[tuple[str, str]]:
    origin = request.get_header("origin")
    if origin and "*" in cors.origins:
        yield "access-control-allow-origin", "*"
    elif origin and any(_is_allowed(pattern, origin) for pattern in cors.origins):
        yield "access-control-allow-origin", origin
        yield "vary", "Origin"


def _is_allowed(pattern: str, origin: str) -> bool:
    """Tell whether a pattern allows an origin: `https://*` any of the scheme, others just one."""
    if pattern in ("https://*", "http://*"):
        return fnmatchcase(origin, pattern)
    return pattern == origin


def _list_preflight_headers(cors: Cors, request: GatewayRequest) -> Iterator[tuple[str, str]]:
    if not any(_list_origin_headers(cors, request)):
        return
    if cors.methods:
        yield "access-control-allow-methods", ",".join(cors.methods)
    if cors.headers:
        yield "access-control-allow-headers", ",".join(cors.headers).lower()
    if cors.max_age is not None:
        yield "access-control-max-age", str(cors.max_age)
