"""Pages of the changes between two moments, and of the feed, over HTTP."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Response
from msgspec import Raw
from pydantic import BeforeValidator

from datamesh.errors.requests import RefusedParameters
from datamesh.http.answers import build_json_response
from datamesh.http.parameters import X_NEXT_OFFSET, X_TRUNCATED, check_timestamp
from datamesh.models.values import Timestamp
from datamesh.services.time_travel.changes import ChangesFilter, ChangesPage, ListsOfChanges
from datamesh.wiring.resources import Resources

if TYPE_CHECKING:
    from datamesh.services.time_travel.feed import FeedPage, FeedReader

MAX_WAIT_SECONDS = 10
"""The longest wait: with the reading behind it, below the functions' 25 s."""

ChangesSince = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(
        description="From this moment on (RFC 3339); required unless there is `after`.",
        examples=["2026-01-01T00:00:00Z"],
    ),
]
FeedCursor = Annotated[
    str | None,
    Query(
        max_length=4096,
        description="Follow the commits behind this cursor: `next_cursor` of the page before,"
        " `oldest` to begin with the oldest commit that is kept, or `now` to begin behind the"
        " newest. Not with `since`, `until` and `offset`.",
    ),
]
FeedWait = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="With `after`: how many seconds to wait for a commit if there is none.",
    ),
]


def check_feed_parameters(since: datetime | None, until: datetime | None, offset: int) -> None:
    """Refuse what belongs to the comparison of two moments. Raises RefusedParameters."""
    given = {"since": since is not None, "until": until is not None, "offset": offset > 0}
    if problems := {
        name: "cannot be sent with `after`" for name, is_sent in given.items() if is_sent
    }:
        raise RefusedParameters(problems)


def open_feed_reader(resources: Resources, only: ChangesFilter) -> "FeedReader":
    """Return what reads the feed as the caller may see it."""
    # Imported by whoever follows commits: no other needs it at its cold start.
    from datamesh.services.time_travel.feed import FeedReader
    from datamesh.services.time_travel.feed_items import FeedView

    view = FeedView(resources.registry_at, resources.show_past_products, only)
    return FeedReader(resources.open_feed(), view, resources.registry)


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


def build_feed_response(page: "FeedPage") -> Response:
    """Return a page of the feed as JSON."""
    commits = Raw(b"[%b]" % b",".join(page.commits))
    return build_json_response({"commits": commits, "next_cursor": page.next_cursor})


def _join_lists(changes: ListsOfChanges) -> dict[str, Raw]:
    lists = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
    return {name: Raw(b"[%b]" % b",".join(items)) for name, items in lists.items()}
