"""The rules for every answer to an anonymous GET, whatever was asked."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

from dev.gateway.routing import RouteTable
from dev.stack import Route
from tests.security.fuzz.plan import Document, FuzzRequest
from tests.security.raw import Reply

GATEWAY_STATUSES = (400, 403, 404, 413, 431)
"""The statuses that API Gateway may answer in place of a function: with a message, and nothing
else."""
MAX_ANSWER_BYTES = 6 * 1024 * 1024
MARQUEZ = "/api/v1/"
"""The errors of these paths also have Marquez' fields."""
MAX_ERROR_BYTES = 10_000
"""An error is short: beside what was asked, of which a letter may take twice its bytes in JSON, it
names at most 20 parameters."""

INTERNALS = re.compile(
    rb"Traceback|File \\?\"|site-packages|/var/task|/opt/python|layers/shared|\.py\b"
    rb"|\bat 0x[0-9a-f]+|_duckdb|duckdb\.|botocore|urllib3|pydantic|starlette|fastapi|NoneType|mesh://|page0"
    rb"|\b[A-Z][A-Za-z]+(Error|Exception)\b"
)
"""The text that an error may not have: how the API is made."""


class Judge:
    """Finds what is wrong with an answer."""

    def __init__(
        self, document: Document, routes: tuple[Route, ...], secrets: tuple[str, ...]
    ) -> None:
        """Take the document of the API, its routes, and texts that no answer may hold."""
        self._routes = RouteTable(routes)
        self._responses = {
            path: {*map(int, operations["get"]["responses"])}
            for path, operations in document["paths"].items()
            if "get" in operations
        }
        self._secrets = [secret.encode() for secret in secrets]

    def find_faults(self, request: FuzzRequest, reply: Reply) -> list[str]:
        """Return what is wrong with the answer to a request; nothing if it is right."""
        if reply.headers.get("content-encoding") == "gzip":
            reply = replace(reply, content=gzip.decompress(reply.content))
        return [f"{reply.status}: {fault}" for fault in self._iterate_faults(request, reply)]

    def _iterate_faults(self, request: FuzzRequest, reply: Reply) -> Iterator[str]:
        if reply.status >= 500:
            yield "the request has made the API fail"
        if "x-injected" in reply.headers or "set-cookie" in reply.headers:
            yield "a header comes from the request"
        if any(secret in reply.content for secret in self._secrets):
            yield "the answer holds a path or a key of the server"
        if len(reply.content) > MAX_ANSWER_BYTES:
            yield f"the answer has {len(reply.content)} bytes"
        if 300 <= reply.status < 400:
            if reply.content:
                yield "the answer has a body"
            if "//" in reply.headers.get("location", ""):
                yield "the answer leads to another host"
        elif reply.status >= 400:
            yield from self._iterate_error_faults(request, reply)
        else:
            yield from _iterate_content_faults(reply)

    def _iterate_error_faults(self, request: FuzzRequest, reply: Reply) -> Iterator[str]:
        told = reply.content
        found = INTERNALS.search(told)
        if found and found[0] not in request.target.encode():
            yield f"the error tells of internals: {found[0]!r}"
        if len(told) > MAX_ERROR_BYTES + 2 * len(request.target):
            yield f"the error has {len(told)} bytes"
        if reply.headers.get("content-type") != "application/json":
            yield f"the error is of type {reply.headers.get('content-type')}"
            return
        body = json.loads(told)
        if [*body] == ["message"] and reply.status in GATEWAY_STATUSES:
            return
        if request.target.startswith(MARQUEZ) and not _take_marquez_fields(body, reply.status):
            yield f"the body is not that of Marquez' errors: {told[:200]!r}"
        if not _is_problem(body):
            yield f"the body is not that of an error: {told[:200]!r}"
        if reply.headers.get("x-content-type-options") != "nosniff":
            yield "the answer may be sniffed"
        if reply.status < 500 and reply.status not in self._list_documented(request):
            yield "the document of the route does not have this status"

    def _list_documented(self, request: FuzzRequest) -> set[int]:
        """Return the statuses of the route that a path meets, maybe not the one that was meant."""
        path = unquote_to_bytes(request.target.partition("?")[0]).decode(errors="replace")
        found = self._routes.match("GET", path)
        return self._responses.get(found.route.path if found else "", {404, 422})


def _take_marquez_fields(body: Any, status: int) -> bool:
    """Take Marquez' fields out of the body of an error, and tell whether they are right."""
    if not isinstance(body, dict) or body.pop("code", None) != status:
        return False
    details = body.pop("details", 0)
    return details is None or (isinstance(details, str) and bool(details.strip()))


def _is_problem(body: Any) -> bool:
    """Tell whether a body has the shape of every error: message, and the fields if it names any."""
    if not isinstance(body, dict) or not {*body} <= {"success", "message", "errors"}:
        return False
    fields = body.get("errors", [])
    return (
        body.get("success") is False
        and isinstance(body.get("message"), str)
        and bool(body["message"].strip())
        and isinstance(fields, list)
        and all({*each} == {"field", "location", "message"} for each in fields)
    )


def _iterate_content_faults(reply: Reply) -> Iterator[str]:
    """Yield where the body is not what its media type says."""
    media_type = reply.headers.get("content-type", "")
    content = reply.content
    if not media_type:
        yield "the answer has no content type"
    if reply.headers.get("x-content-type-options") != "nosniff":
        yield "the answer may be sniffed"
    try:
        if media_type == "application/json":
            json.loads(content, parse_constant=_refuse_constant)
        elif media_type.startswith("text/") or media_type.endswith("ndjson"):
            content.decode()
        elif media_type.endswith("parquet") and not content[:4] == content[-4:] == b"PAR1":
            yield "the body is not Parquet"
        elif media_type.endswith("arrow.stream") and content[:4] != b"\xff" * 4:
            yield "the body is not an Arrow stream"
    except ValueError as error:
        yield f"the body is not {media_type}: {error}"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
