"""Functions called as API Gateway calls them: payload 2.0 in, response out."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI

from datamesh.aws.observability import Handler
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.gateway import ANONYMOUS
from datamesh.wiring.resources import Resources

AREAS = (
    "products",
    "contracts",
    "lineage",
    "openlineage",
    "marquez",
    "marquez_writes",
    "domains",
    "analytics",
    "access",
    "redactions",
    "audit",
    "search",
    "platform",
)
ENVIRONMENT = {
    "CATALOG_BUCKET": "unused",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "API_KEY": "a-key-of-the-tests",
    "READ_ACCESS": "open",
    "POWERTOOLS_METRICS_NAMESPACE": "a-stack",
}
"""The environment that a function finds when it is imported."""


@dataclass(frozen=True)
class LambdaContext:
    """The second argument of a handler, as far as it is looked at."""

    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "lambda-request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


ADMINISTRATOR = ({"role": "admin", "domain": "*"},)


@dataclass(frozen=True)
class Answer:
    """The answer that a client receives."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: Any = field(compare=False)
    """The content as JSON; None if it is not JSON."""


def api_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    query: Mapping[str, object] | None = None,
    principal: str | None = "key:key-1",
    grants: Sequence[Mapping[str, object]] = ADMINISTRATOR,
    headers: Mapping[str, str] | None = None,
    route: str | None = None,
) -> dict[str, Any]:
    """Return API Gateway's event; `body` is sent as it is if it is bytes or text, else as JSON."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route or f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {"host": "api.example.com", **(headers or {})},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.17",
            },
            "requestId": "gateway-request-1",
            "stage": "$default",
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if principal is not None:
        caller = {"principal": principal}
        if principal != ANONYMOUS:
            caller["grants"] = json.dumps(grants)
        event["requestContext"]["authorizer"] = {"lambda": caller}
    if isinstance(body, bytes):
        event["body"] = b64encode(body).decode()
    elif body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    return event


def read_answer(response: Any) -> Answer:
    """Return what a client would receive of a handler's response."""
    text = response.get("body", "")
    content = b64decode(text) if response.get("isBase64Encoded") else text.encode()
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    headers = {name.lower(): value for name, value in response["headers"].items()}
    return Answer(response["statusCode"], headers, content, body)


def assert_problem(answer: Answer, status: int, message: str, **more: object) -> None:
    """Check that an answer is an error with this message, in the shape that all errors have."""
    assert answer.status == status
    assert answer.body == {"success": False, "message": message, **more}
    assert answer.headers["content-type"] == "application/json"
    assert ("retry-after" in answer.headers) == (status in (429, 503))


def assert_marquez_problem(
    answer: Answer, status: int, message: str, details: str | None = None
) -> None:
    """Check that an answer is an error with this message, with the fields of Marquez' errors."""
    assert_problem(answer, status, message, code=status, details=details)


class Client:
    """Sends requests straight to a handler."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def send(self, event: dict[str, Any]) -> Answer:
        return read_answer(self.handler(event, LambdaContext()))

    def get(self, path: str, **query: object) -> Answer:
        return self.send(api_event("GET", path, query=query, principal=ANONYMOUS))

    def post(self, path: str, body: Any) -> Answer:
        return self.send(api_event("POST", path, body))

    def put(self, path: str, body: Any) -> Answer:
        return self.send(api_event("PUT", path, body))

    def delete(self, path: str) -> Answer:
        return self.send(api_event("DELETE", path))


def import_app(area: str) -> FastAPI:
    """Import the app of a function, which configures it.

    Ask for the fixture `imported_functions` first.
    """
    app = import_module(f"functions.{area}.app").app
    assert isinstance(app, FastAPI)
    return app


def create_function_client(area: str, resources: Resources) -> Client:
    """Return a client of the function's own handler, which works on other resources."""
    import_app(area).state.resources = resources
    return Client(import_module(f"functions.{area}.app").handler)


def create_configured_client(app: FastAPI, resources: Resources, **environ: str) -> Client:
    """Return a client of a new handler, with settings and a logger of its own."""
    handler = create_lambda_handler(app, ENVIRONMENT | environ)
    app.state.resources = resources
    return Client(handler)
