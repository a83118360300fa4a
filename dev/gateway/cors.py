"""CORS as an HTTP API does it: the gateway answers, what functions say about it is ignored."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from dev.gateway.events import Request
from dev.gateway.responses import Response
from dev.stack import Cors


def preflight(cors: Cors, request: Request) -> Response:
    """The answer to an OPTIONS request; a browser takes one without headers as a refusal."""
    if not request.header("access-control-request-method"):
        return Response(204)
    return Response(204, (*_origin(cors, request), *_preflight_headers(cors, request)))


def add(cors: Cors, request: Request, response: Response) -> Response:
    """The response with the configured headers, if the request's origin is allowed."""
    kept = tuple(h for h in response.headers if not h[0].startswith("access-control-"))
    stripped = Response(response.status, kept, response.body)
    origin = tuple(_origin(cors, request))
    if not origin or not cors.expose:
        return stripped.with_headers(origin)
    return stripped.with_headers(
        (*origin, ("access-control-expose-headers", ",".join(cors.expose)))
    )


def _origin(cors: Cors, request: Request) -> Iterator[tuple[str, str]]:
    origin = request.header("origin")
    if origin and "*" in cors.origins:
        yield "access-control-allow-origin", "*"
    elif origin and any(_allows(pattern, origin) for pattern in cors.origins):
        yield "access-control-allow-origin", origin
        yield "vary", "Origin"


def _allows(pattern: str, origin: str) -> bool:
    """`https://*` allows every origin of the scheme; other patterns are compared as they are."""
    if pattern in ("https://*", "http://*"):
        return fnmatchcase(origin, pattern)
    return pattern == origin


def _preflight_headers(cors: Cors, request: Request) -> Iterator[tuple[str, str]]:
    if not any(_origin(cors, request)):
        return
    if cors.methods:
        yield "access-control-allow-methods", ",".join(cors.methods)
    if cors.headers:
        yield "access-control-allow-headers", ",".join(cors.headers).lower()
    if cors.max_age is not None:
        yield "access-control-max-age", str(cors.max_age)
