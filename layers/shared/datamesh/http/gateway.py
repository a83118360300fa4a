"""The events and answers of API Gateway: an HTTP API, payload 2.0."""

import json
from collections.abc import Callable
from typing import Any

from datamesh.models.access import Grant, Role
from datamesh.services.context import RequestContext

SAFE_METHODS = frozenset({"GET", "HEAD"})
IDEMPOTENCY_KEY = "idempotency-key"
ANONYMOUS = "anonymous"
"""The name that the authorizer gives a caller who presents no credentials."""

type GatewayAnswer = dict[str, Any]
"""The response of a function: `statusCode`, `headers`, `body` and `isBase64Encoded`."""

type ServeRequest = Callable[[Any, Any, RequestContext], GatewayAnswer]
"""(event, Lambda context, context of the request) -> answer."""


def is_safe(event: Any) -> bool:
    """Return whether a request only reads."""
    return event["requestContext"]["http"]["method"] in SAFE_METHODS


def find_caller(event: Any) -> str | None:
    """Return what the authorizer calls the caller; None if it was not asked."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    caller = (authorizer.get("lambda") or {}).get("principal")
    return caller if isinstance(caller, str) and caller else None


def find_refusal(event: Any) -> str | None:
    """Return why the authorizer knows nothing of the credentials; None if it decided on them."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    refusal = (authorizer.get("lambda") or {}).get("refusal")
    return refusal if isinstance(refusal, str) and refusal else None


def find_principal(event: Any) -> str | None:
    """Return the principal whose credentials the authorizer has accepted.

    None if it was not asked, or the caller is anonymous.
    """
    caller = find_caller(event)
    return None if caller == ANONYMOUS else caller


def read_grants(event: Any) -> list[Grant]:
    """Return the grants that came with the credentials, as the authorizer has passed them on.

    They stand in its context as JSON: `[{"role": "reader", "domain": "sales"}, ...]`.
    """
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    text = (authorizer.get("lambda") or {}).get("grants")
    if not text:
        return []
    return [
        Grant(Role(each["role"]), each["domain"], tuple(each.get("namespaces", ())))
        for each in json.loads(text)
    ]


def read_path(event: Any) -> str:
    """Return the path of a request, percent-decoded once: `/a%20%2520` -> `/a %20`.

    The event has it decoded but for `%25`, which is left. Decoding all of it, as Mangum does, would
    decode twice what a client has encoded once. SAM's emulation decodes `%25` too; of a path that
    comes without any, nothing is decoded here.
    """
    path: str = event["requestContext"]["http"]["path"]
    return path.replace("%25", "%")


def find_idempotency_key(event: Any) -> str | None:
    """Return the Idempotency-Key of a POST; the other methods are idempotent by themselves."""
    if event["requestContext"]["http"]["method"] != "POST":
        return None
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    key: str | None = headers.get(IDEMPOTENCY_KEY)
    return key


def read_header(event: Any, name: str) -> str:
    """Return a header by its name in lower case; empty if it was not sent.

    Names are in lower case in API Gateway's events, and in Title-Case in SAM's.
    """
    headers: dict[str, str] = event.get("headers") or {}
    value = headers.get(name)
    return headers.get(name.title(), "") if value is None else value
