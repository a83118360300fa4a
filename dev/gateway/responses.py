"""HTTP responses from what handlers return, by the rules of an HTTP API (payload format 2.0)."""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# About one connection, or recomputed here.
DROPPED_HEADERS = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}


class BadResponse(Exception):
    """The function's result is no response."""


@dataclass(frozen=True)
class GatewayResponse:
    """An HTTP response; names of headers are lower-case and may repeat."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "GatewayResponse":
        """Return a copy with more headers."""
        return GatewayResponse(self.status, (*self.headers, *headers), self.body)


def build_message(status: int, text: str, **more: object) -> GatewayResponse:
    """Build an answer of API Gateway's own."""
    body = _encode_json({"message": text, **more})
    return GatewayResponse(status, (("content-type", "application/json"),), body)


def parse_result(result: object, method: str = "GET") -> GatewayResponse:
    """Return the response that a handler's result means; one without a status is the body of a 200.

    The answer to HEAD has no body, and the function alone knows the length of what it left out.

    Raises:
        BadResponse: The result is no response.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode() if isinstance(result, str) else _encode_json(result)
        return GatewayResponse(200, (("content-type", "application/json"),), body)
    headers = [
        (str(name).lower(), _format_header(value))
        for name, value in _require_mapping(result.get("headers"), "headers").items()
    ]
    dropped = DROPPED_HEADERS - ({"content-length"} if method == "HEAD" else set())
    headers = [(name, value) for name, value in headers if name not in dropped]
    if "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list):
        raise BadResponse("cookies is not a list")
    headers += [("set-cookie", _format_header(cookie)) for cookie in cookies]
    return GatewayResponse(
        _parse_status(result["statusCode"]), tuple(headers), _decode_body(result)
    )


def _parse_status(value: object) -> int:
    try:
        status = int(str(value))
    except ValueError:
        status = 0
    if not 200 <= status <= 599:
        raise BadResponse("statusCode is no final HTTP status")
    return status


def _decode_body(result: dict[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return _encode_json(body)
    if not result.get("isBase64Encoded"):
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise BadResponse("body is not base64") from None


def _require_mapping(value: object, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResponse(f"{name} is not a mapping")
    return value


def _format_header(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(character in text for character in "\r\n\0"):
        raise BadResponse("a header holds a line break")
    return text


def _encode_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
