"""Pages of the changes between two moments over HTTP."""

from fastapi import Response
from msgspec import Raw

from datamesh.http.answers import build_json_response
from datamesh.http.parameters import X_NEXT_OFFSET, X_TRUNCATED
from datamesh.services.time_travel.changes import ChangesPage, ListsOfChanges


def build_changes_response(page: ChangesPage) -> Response:
    """Return a page of the changes between two moments, as JSON.

    The headers say where the next page begins, and whether this one is cut.
    """
    answer = build_json_response(
        {
            "since": page.since,
            "until": page.until,
            "truncated": page.next_offset is not None,
            "products": _join_lists(page.products),
            "lineage": _join_lists(page.lineage),
        }
    )
    if page.next_offset is not None:
        answer.headers[X_NEXT_OFFSET] = str(page.next_offset)
    if page.is_cut:
        answer.headers[X_TRUNCATED] = "true"
    return answer


def _join_lists(changes: ListsOfChanges) -> dict[str, Raw]:
    lists = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
    return {name: Raw(b"[%b]" % b",".join(items)) for name, items in lists.items()}
