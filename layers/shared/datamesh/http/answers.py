"""Answers that are written as they are, past the check of the response against its model."""

from collections.abc import Iterable

from fastapi import Response

from datamesh.http.parameters import X_TOTAL_COUNT, X_TRUNCATED
from datamesh.models.graph import ExportFormat
from datamesh.models.json_codec import encode_answer
from datamesh.services.registry.registry import Page
from datamesh.storage.records import LineageRecord, ProductRecord

CSV = "text/csv"
JSON = "application/json"
MEDIA_TYPES = {
    ExportFormat.MERMAID: "application/vnd.mermaid",
    ExportFormat.DOT: "text/vnd.graphviz",
    ExportFormat.GRAPHML: "application/xml",
    ExportFormat.JSON: JSON,
}


def as_json(answer: object) -> Response:
    """For what is made of its model's own types: 1,000 nodes with their edges take milliseconds
    less than through FastAPI's check of the response (`make bench`)."""
    return Response(encode_answer(answer), media_type=JSON)


def shown_all(rows: Iterable[ProductRecord | LineageRecord]) -> Response:
    body = b",".join([row.public_json for row in rows])
    return Response(b"[%b]" % body, media_type=JSON)


def shown_page(found: Page[ProductRecord] | Page[LineageRecord]) -> Response:
    """The page as the answer's body, its total as a header."""
    answer = shown_all(found.items)
    answer.headers[X_TOTAL_COUNT] = str(found.total)
    return answer


def marked(response: Response, truncated: bool) -> Response:
    """For formats that have no place of their own to say it."""
    response.headers[X_TRUNCATED] = str(truncated).lower()
    return response
