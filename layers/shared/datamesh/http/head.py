"""HEAD is answered as GET is, without the body (RFC 9110, section 9.3.2)."""

from base64 import b64decode
from typing import Any

from datamesh.http.gateway import GatewayAnswer, ServeRequest
from datamesh.services.context import RequestContext


def add_head(serve: ServeRequest) -> ServeRequest:
    """Return a function that serves a HEAD as the GET of its path, and drops the body.

    `Content-Length` is that of the body which is left out.
    """

    def serve_any(event: Any, lambda_context: Any, context: RequestContext) -> GatewayAnswer:
        if event["requestContext"]["http"]["method"] != "HEAD":
            return serve(event, lambda_context, context)
        return _drop_body(serve(_build_get(event), lambda_context, context))

    return serve_any


def _build_get(event: Any) -> Any:
    request = event["requestContext"]
    http = {**request["http"], "method": "GET"}
    return {**event, "requestContext": {**request, "http": http}}


def _drop_body(answer: GatewayAnswer) -> GatewayAnswer:
    text = answer.get("body") or ""
    body = b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    headers = {**answer["headers"], "content-length": str(len(body))} if body else answer["headers"]
    return {**answer, "headers": headers, "body": "", "isBase64Encoded": False}
