"""Query parameters that several routes share."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator

from datamesh.http.errors import Responses
from datamesh.models.types import CALENDAR_DATE, RFC_3339_TIMESTAMP
from datamesh.models.values import Timestamp


def check_calendar_date(value: Any) -> Any:
    """Refuse text that is no date: pydantic would take `20230701` for seconds since 1970.

    Raises ValueError.
    """
    if isinstance(value, str) and not CALENDAR_DATE.fullmatch(value):
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


def check_timestamp(value: Any) -> Any:
    """Refuse text that is no time with a zone: without one it could be anywhere.

    Raises ValueError.
    """
    if isinstance(value, str) and not RFC_3339_TIMESTAMP.fullmatch(value):
        raise ValueError(
            "must be a time with its zone (RFC 3339), YYYY-MM-DDThh:mm:ssZ; + is sent as %2B"
        )
    return value


Limit = Annotated[int, Query(ge=1, le=1000, description="Answer with at most this many.")]
Offset = Annotated[int, Query(ge=0, description="Skip this many.")]
Partial = Annotated[bool, Query(description="Register the good items even if others are refused.")]
StartDate = Annotated[
    date | None, BeforeValidator(check_calendar_date), Query(description="First day, inclusive.")
]
EndDate = Annotated[
    date | None, BeforeValidator(check_calendar_date), Query(description="Last day, inclusive.")
]

AsOf = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(
        description="Answer with what was current at this moment (RFC 3339), such as "
        "`2026-01-31T09:30:00Z`; 410 if the registry no longer keeps it."
    ),
]
DataAsOf = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(
        description="Answer with the rows that a Delta table had at this moment (RFC 3339), by the"
        " times in its log; 410 if the log no longer tells. Other data has no past."
    ),
]
Since = Annotated[
    Timestamp,
    BeforeValidator(check_timestamp),
    Query(description="From this moment on (RFC 3339).", examples=["2026-01-01T00:00:00Z"]),
]
Until = Annotated[
    Timestamp | None,
    BeforeValidator(check_timestamp),
    Query(description="Until this moment (RFC 3339); now if left out."),
]
X_TOTAL_COUNT = "X-Total-Count"
X_NEXT_OFFSET = "X-Next-Offset"
X_TRUNCATED = "X-Truncated"
TRUNCATED_HEADER = {
    X_TRUNCATED: {
        "description": "Whether there is more than the bounds let into this answer.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    }
}

X_SKIPPED_PARTS = "X-Skipped-Parts"
MAX_SKIPPED_PARTS = 20
"""How many places the header and the log name."""
SKIPPED_PARTS_HEADER: dict[str, Any] = {
    X_SKIPPED_PARTS: {
        "description": "How many parts of the events were not read, and where the first of them"
        " stand, such as `2; outputs.0, inputs.3.facets`; in a batch behind the event's index."
        " Absent if all was read.",
        "schema": {"type": "string"},
        "required": False,
    }
}


def describe_skipped_parts(parts: Sequence[str]) -> str:
    """Return what the header says of parts that were not read.

    >>> describe_skipped_parts(["outputs.0", "eventType"])
    '2; outputs.0, eventType'
    """
    return f"{len(parts)}; {', '.join(parts[:MAX_SKIPPED_PARTS])}"


CUT_PAGE_HEADER: dict[str, Any] = {
    X_TRUNCATED: {
        "description": "`true` if the page has fewer items than `limit` asks for, although there"
        " are more: they would not fit into an answer, or into the time for it. Else absent.",
        "schema": {"type": "string", "enum": ["true"]},
        "required": False,
    }
}
NEXT_OFFSET_HEADERS: dict[str, Any] = {
    X_NEXT_OFFSET: {
        "description": "The `offset` of the next page; absent on the last one.",
        "schema": {"type": "integer"},
        "required": False,
    },
    **CUT_PAGE_HEADER,
}
LIST_PAGE: Responses = {
    200: {
        "headers": {
            X_TOTAL_COUNT: {
                "description": "How many meet the filters, whatever limit and offset.",
                "schema": {"type": "integer"},
            },
            **NEXT_OFFSET_HEADERS,
        }
    }
}
"""The part of the API's document about a page of a list."""
COLUMNS_PAGE: Responses = {
    200: {
        "headers": {
            X_TOTAL_COUNT: {
                "description": "How many columns the product has.",
                "schema": {"type": "integer"},
            },
            X_NEXT_OFFSET: NEXT_OFFSET_HEADERS[X_NEXT_OFFSET],
        }
    }
}
