"""The answers that many operations share: each stands once, with one short example."""

from http import HTTPStatus
from typing import Any

type Schema = dict[str, Any]

SHARED = "#/components/responses/"
MARQUEZ = "/MarquezProblem"
GATEWAY = "/GatewayProblem"
EXAMPLES: dict[int, str] = {
    301: "Product 'sold' is called 'orders' now; ask for that",
    400: "Lineage names unknown products: 'ordrs'",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Product 'ordrs' is not registered",
    406: "What can be had is application/json, text/csv, application/x-ndjson",
    409: "Product 'orders' is already registered",
    410: "The version of products.json that was current then is no longer kept",
    412: "Product 'orders' has changed since; read it again",
    413: "The body is larger than 6291456 bytes, or what it decompresses to is",
    422: "Invalid request: limit: Input should be less than or equal to 1000",
    424: "domains/sales/orders/1997.csv, line 3: expected 2 columns, found 3",
    429: "The registry is full: MAX_PRODUCTS is 10000",
    500: "Unexpected failure; the log of the function has the details",
    503: "Storage is unavailable; nothing was written",
}
"""A message that operations answer with this status."""
REFUSED = {
    "field": "limit",
    "location": "query",
    "message": "Input should be less than or equal to 1000",
}

READ_REFUSED: Schema = {
    "success": False,
    "message": "This read needs a key here: send it as `Authorization: Bearer <key>`",
}
"""Body of the 401 of a read, which a function answers; that of a write is API Gateway's."""


def share_response(status: str, response: Schema) -> tuple[str, Schema]:
    """Return the name of a shared response, and the response with its example.

    Errors are JSON, whatever the operation answers otherwise.
    """
    name = HTTPStatus(int(status)).phrase.replace(" ", "")
    if "content" not in response:
        return name, response
    [described] = response["content"].values()
    model = described["schema"].get("$ref", "")
    example = build_example(int(status))
    if status == "401" and not model.endswith(GATEWAY):
        name, example = "UnauthorizedRead", READ_REFUSED
    if model.endswith(MARQUEZ):
        name, example = f"Marquez{name}", extend_example(int(status), example)
    content = {"application/json": described | {"example": example}}
    return name, response | {"content": content}


def extend_example(status: int, example: Schema) -> Schema:
    """Return an example with the fields that the errors of Marquez' API have."""
    refused = example.get("errors", ())
    details = "; ".join(f"{each['field']}: {each['message']}" for each in refused)
    return example | {"code": status, "details": details or None}


def build_example(status: int) -> Schema:
    """Return the body of an error of this status. API Gateway's own is a message alone."""
    message = {"message": EXAMPLES[status]}
    match status:
        case 401 | 403:
            return message
        case 422:
            return {"success": False, **message, "errors": [REFUSED]}
    return {"success": False, **message}
