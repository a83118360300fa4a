"""Answers that are JSON already: FastAPI does not check them against the model of the response.

1,000 nodes with their edges take milliseconds less so (`make bench`).
"""

from typing import Protocol

from fastapi import Response

from datamesh.http.parameters import X_NEXT_OFFSET, X_TOTAL_COUNT, X_TRUNCATED
from datamesh.models.answer_size import take_page
from datamesh.models.graph import ExportFormat
from datamesh.models.json_codec import encode_answer
from datamesh.services.registry.registry import Page

CSV = "text/csv"
JSON = "application/json"
EXPORT_MEDIA_TYPES = {
    ExportFormat.MERMAID: "application/vnd.mermaid",
    ExportFormat.DOT: "text/vnd.graphviz",
    ExportFormat.GRAPHML: "application/xml",
    ExportFormat.JSON: JSON,
}


def build_json_response(answer: object) -> Response:
    """Return an answer of plain types as JSON; whoever built it has seen to its model."""
    return Response(encode_answer(answer), media_type=JSON)


class PublicRecord(Protocol):
    """A product or lineage entry that knows its JSON."""

    @property
    def public_json(self) -> bytes:
        """The JSON that readers of the API get."""
        ...


def build_page_response(page: Page[PublicRecord]) -> Response:
    """Return a page of a list as a JSON array, as far as it fits into an answer.

    The headers say how long the list is, where the next page begins, and whether this one is cut.
    """
    items = take_page(record.public_json for record in page.items)
    headers = {X_TOTAL_COUNT: str(page.total)}
    if page.offset + len(items) < page.total:
        headers[X_NEXT_OFFSET] = str(page.offset + len(items))
    if len(items) < len(page.items):
        headers[X_TRUNCATED] = "true"
    return Response(b"[%b]" % b",".join(items), media_type=JSON, headers=headers)


def mark_truncation(response: Response, truncated: bool) -> Response:
    """Say in X-Truncated whether an answer is cut, for formats that cannot say it themselves."""
    response.headers[X_TRUNCATED] = str(truncated).lower()
    return response
