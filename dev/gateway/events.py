"""API Gateway's events (HTTP API, payload format 2.0) from HTTP requests."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from dev.gateway.routing import RouteMatch

ACCOUNT_ID = "123456789012"
API_ID = "local"
STAGE = "$default"
TEXT_TYPES = ("application/json", "application/javascript", "application/xml")
TEXT_SUFFIXES = ("+json", "+xml")


class BadRequest(Exception):
    """The request's path is not UTF-8."""


@dataclass(frozen=True)
class GatewayRequest:
    """An HTTP request as it came in.

    `target` is the path as sent, `headers` as sent but for the case of their names.
    """

    method: str
    target: str
    query: str
    headers: tuple[tuple[str, str], ...]
    source_ip: str
    request_id: str
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    body: bytes = b""
    protocol: str = "HTTP/1.1"

    @cached_property
    def path(self) -> str:
        """The path as routes are matched and events have it: decoded, but for `%25`.

        An HTTP API leaves that one escape as it is: `/a%20%2520` -> `/a %2520`.

        Raises:
            BadRequest: It is not UTF-8.
        """
        try:
            return unquote_to_bytes(self.target.replace("%25", "%2525")).decode()
        except UnicodeDecodeError:
            raise BadRequest from None

    def get_header(self, name: str) -> str:
        """Return a header, several of one name joined by commas, none as an empty text."""
        return ",".join(self._by_name.get(name, ()))

    @cached_property
    def joined_headers(self) -> Mapping[str, str]:
        """Return the headers as events have them: cookies stand elsewhere."""
        headers = {name: ",".join(all_) for name, all_ in self._by_name.items() if name != "cookie"}
        seen = headers.get("x-forwarded-for")
        headers["x-forwarded-for"] = f"{seen}, {self.source_ip}" if seen else self.source_ip
        headers["x-forwarded-proto"] = "http"
        return headers

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name, []).append(value)
        return found


def build_http_event(
    request: GatewayRequest, match: RouteMatch, authorizer: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Build what the function of a route receives; `authorizer` is the authorizer's context."""
    event = {"version": "2.0", **_build_common_fields(request, match)}
    if authorizer is not None:
        event["requestContext"]["authorizer"] = {"lambda": dict(authorizer)}
    body, encoded = _encode_body(request)
    if body:
        event["body"] = body
    event["isBase64Encoded"] = encoded
    return event


def build_authorizer_event(
    request: GatewayRequest, match: RouteMatch, identity: str
) -> dict[str, Any]:
    """Build what an authorizer receives: no body, and the identity source's value."""
    arn = f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:{API_ID}/{STAGE}"
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"{arn}/{request.method}{match.route.path}",
        "identitySource": [identity],
        **_build_common_fields(request, match),
    }


def _build_common_fields(request: GatewayRequest, match: RouteMatch) -> dict[str, Any]:
    cookies = [
        cookie.strip()
        for name, value in request.headers
        if name == "cookie"
        for cookie in value.split(";")
        if cookie.strip()
    ]
    event: dict[str, Any] = {
        "routeKey": match.route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": request.joined_headers,
        "requestContext": _build_request_context(request, match.route.key),
    }
    # Parts that a request does not have are absent.
    if cookies:
        event["cookies"] = cookies
    if query := _parse_query(request.query):
        event["queryStringParameters"] = query
    if match.parameters:
        event["pathParameters"] = dict(match.parameters)
    return event


def _parse_query(query: str) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def _encode_body(request: GatewayRequest) -> tuple[str, bool]:
    """Return the body, and whether it is in base64: all that its type does not call text."""
    kind = request.get_header("content-type").split(";")[0].strip().lower()
    text = kind.startswith("text/") or kind in TEXT_TYPES or kind.endswith(TEXT_SUFFIXES)
    if text and not request.get_header("content-encoding"):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass  # nothing is lost this way, and the handler says what is wrong with it
    return base64.b64encode(request.body).decode(), bool(request.body)


def _build_request_context(request: GatewayRequest, route_key: str) -> dict[str, Any]:
    host = request.get_header("host")
    return {
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": host,
        "domainPrefix": host.split(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.get_header("user-agent"),
        },
        "requestId": request.request_id,
        "routeKey": route_key,
        "stage": STAGE,
        "time": request.received.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(request.received.timestamp() * 1000),
    }
