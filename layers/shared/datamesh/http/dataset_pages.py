"""Pages of a dataset over HTTP: the filters in the query, and the headers of the answer."""

from typing import Any

from fastapi import Request, Response

from datamesh.http.errors import Responses
from datamesh.services.datasets.reading import DatasetPage

MEDIA_TYPES = (
    "application/json",
    "text/csv",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.stream",
)
"""What a page can be answered as; the first is for clients that do not care."""
RESERVED_PARAMETERS = ("limit", "cursor", "columns", "order_by")
"""Parameters that are no filters. A column of such a name needs an operator: `limit_in=3`."""

FILTERS_PARAMETER: dict[str, Any] = {
    "name": "filters",
    "in": "query",
    "style": "form",
    "explode": True,
    "required": False,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 20},
    # Which columns there are depends on the product: nothing is filled in.
    "example": {},
    "description": "Each a parameter of its own: a column of the schema for equality, or with"
    " `_ne`, `_gt`, `_gte`, `_lt`, `_lte` or `_in` (values with commas between) behind it. Values"
    " are read by the column's registered type; times without a zone are in UTC. All filters must"
    " be met; a null meets none. Large orders of a month are"
    " `order_date_gte=1997-07-01&order_date_lt=1997-08-01&amount_gte=100`.",
}

_PAGE_CONTENT: dict[str, Any] = {
    "application/json": {
        "schema": {"type": "array", "items": {"type": "object"}},
        "example": [{"order_id": "O000001", "order_date": "1997-01-01", "amount": "11.77"}],
    },
    "text/csv": {"schema": {"type": "string"}},
    "application/x-ndjson": {"schema": {"type": "string"}},
    "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
}
DATASET_PAGE_RESPONSE: Responses = {
    200: {
        "description": "In JSON, decimals, dates and times are text, integers have all their"
        " digits, and a number that is none is null. In CSV, text that a spreadsheet would take"
        " for a formula begins with an apostrophe.",
        "content": _PAGE_CONTENT,
        "headers": {
            "X-Next-Cursor": {
                "description": "The cursor of the next page; absent on the last one.",
                "schema": {"type": "string"},
                "required": False,
            },
            "X-Files-Read": {
                "description": "How many stored files the page was read from.",
                "schema": {"type": "integer"},
            },
            "X-Bytes-Read": {
                "description": "How many bytes of them.",
                "schema": {"type": "integer"},
            },
        },
    }
}


def read_filters(request: Request) -> list[tuple[str, str]]:
    """Return the filters of a request in their order: `?a_gte=1&limit=5` -> `[("a_gte", "1")]`."""
    return [
        pair for pair in request.query_params.multi_items() if pair[0] not in RESERVED_PARAMETERS
    ]


def build_dataset_page_response(page: DatasetPage, media_type: str) -> Response:
    """Return a page of rows; its headers say what reading it took, and where the next begins."""
    headers = {
        "X-Files-Read": str(page.files_read),
        "X-Bytes-Read": str(page.bytes_read),
    }
    if page.next_cursor:
        headers["X-Next-Cursor"] = page.next_cursor
    return Response(page.body, media_type=media_type, headers=headers)
