"""Pages of a dataset over HTTP: the filters in the query, and the headers of the answer."""

import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from annotated_types import Ge, Le
from fastapi import Query, Request, Response
from pydantic import ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator

from datamesh.http.errors import Responses
from datamesh.http.negotiation import choose_media_type
from datamesh.http.parameters import X_TRUNCATED
from datamesh.http.strict_query import WHOLE_NUMBER
from datamesh.models.datasets import PageFormat
from datamesh.services.datasets.reading import DatasetPage
from datamesh.tables.query import ALL_ROWS

MEDIA_TYPES = {
    PageFormat.JSON: "application/json",
    PageFormat.CSV: "text/csv",
    PageFormat.JSONL: "application/x-ndjson",
    PageFormat.PARQUET: "application/vnd.apache.parquet",
    PageFormat.ARROW: "application/vnd.apache.arrow.stream",
}
"""The media types of a page; the first is for clients that do not care."""
EXTENSIONS = {PageFormat.ARROW: "arrows"}
"""Endings of file names that are not the format's name; this one is of an Arrow stream."""
MAX_MISSING_BYTES = 1000
"""The most bytes of the header that names missing columns."""
NOT_PLAIN_IN_NAME = re.compile(r"[^A-Za-z0-9._-]")
RESERVED_PARAMETERS = (
    *("limit", "cursor", "columns", "order_by", "format", "as_of"),
    *("group_by", "count", "sum", "avg", "min", "max"),
)
"""Parameters that are no filters. A column of such a name needs an operator: `limit_in=3`."""

PageAs = Annotated[
    PageFormat | None,
    Query(
        description="The format of the page, as a file to download; it wins over `Accept`.",
        examples=["json"],
    ),
]


def accept_all(value: object, handler: ValidatorFunctionWrapHandler) -> int:
    """Return the limit; ALL_ROWS, which no client can send as a number, for the text `all`."""
    if value == "all":
        return ALL_ROWS
    if isinstance(value, str) and not WHOLE_NUMBER.fullmatch(value):
        raise ValueError("must be a whole number, or `all`")
    limit: int = handler(value)
    return limit


RowLimit = Annotated[
    int,
    Ge(1),
    Le(1000),
    WrapValidator(accept_all),
    WithJsonSchema(
        {"type": ["integer", "string"], "minimum": 1, "maximum": 1000, "pattern": "^all$"}
    ),
    Query(
        description="Answer with at most this many rows, or with `all` that the bounds of a request"
        " and an answer allow.",
        examples=[100],
    ),
]

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
    " `_ne`, `_gt`, `_gte`, `_lt`, `_lte`, `_in` (values with commas between), `_contains` or"
    " `_starts_with` (of text, as it is) or `_is` (`null` or `not_null`) behind it. Values are"
    " read by the column's registered type; times without a zone are in UTC. All filters must be"
    " met; a null meets none but `_is=null`. Large orders of a month are"
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
            "Content-Disposition": {
                "description": "With `format`, the name of the file, such as `orders.csv`.",
                "schema": {"type": "string"},
                "required": False,
            },
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
            "X-Missing-Columns": {
                "description": "Columns of the query that are null because a file that was read"
                " lacks them, percent-encoded, with commas between; `*` at the end stands for"
                f" others beyond {MAX_MISSING_BYTES} bytes. Of JSON Lines, those of which neither"
                " the page nor the first 100 rows of its files know anything.",
                "schema": {"type": "string"},
                "required": False,
            },
            X_TRUNCATED: {
                "description": "`true` if the page has fewer rows than `limit` asks for, although"
                " there are more: an answer has at most 4 MiB; or if there are more groups. Else"
                " absent.",
                "schema": {"type": "string", "enum": ["true"]},
                "required": False,
            },
            "X-Skipped-Files": {
                "description": "How many files of the folder are neither data nor hidden, such as"
                " `README.md`; absent if there are none.",
                "schema": {"type": "integer"},
                "required": False,
            },
        },
    }
}


def read_filters(request: Request) -> list[tuple[str, str]]:
    """Return the filters of a request in their order: `?a_gte=1&limit=5` -> `[("a_gte", "1")]`."""
    return [
        pair for pair in request.query_params.multi_items() if pair[0] not in RESERVED_PARAMETERS
    ]


def choose_page_type(request: Request, format: PageFormat | None) -> str:
    """Return the media type of a page: that of `format`, or else what Accept prefers.

    Raises NotAcceptable.
    """
    if format is not None:
        return MEDIA_TYPES[format]
    return choose_media_type(request.headers.get("accept", ""), [*MEDIA_TYPES.values()])


def build_dataset_page_response(
    page: DatasetPage, media_type: str, disposition: str | None
) -> Response:
    """Return a page of rows; its headers say what reading it took, and where the next begins."""
    headers = {
        "X-Files-Read": str(page.files_read),
        "X-Bytes-Read": str(page.bytes_read),
    }
    if page.missing_columns:
        headers["X-Missing-Columns"] = _write_names(page.missing_columns)
    if page.skipped_files:
        headers["X-Skipped-Files"] = str(page.skipped_files)
    if page.is_cut:
        headers[X_TRUNCATED] = "true"
    if page.next_cursor:
        headers["X-Next-Cursor"] = page.next_cursor
    if disposition:
        headers["Content-Disposition"] = disposition
    return Response(page.body, media_type=media_type, headers=headers)


def _write_names(names: Sequence[str]) -> str:
    """Return a header's list of names: `("a,b", "c")` -> `a%2Cb,c`."""
    written = ""
    for name in names:
        more = f"{written}," if written else ""
        more += quote(name, safe="")
        if len(more) > MAX_MISSING_BYTES:
            return f"{written},*".lstrip(",")
        written = more
    return written


def build_disposition(dataset: str, format: PageFormat) -> str:
    """Return the Content-Disposition of a download (RFC 6266): `attachment; filename="orders.csv"`.

    A name of other characters is sent in UTF-8 too, as RFC 8187 encodes it.
    """
    name = f"{dataset}.{EXTENSIONS.get(format, format)}"
    plain = NOT_PLAIN_IN_NAME.sub("_", name)
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{encoded}'
