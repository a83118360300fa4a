"""Query parameters that several routes share."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator

from datamesh.http.errors import Responses
from datamesh.models.graph import MAX_DEPTH, MAX_NODES
from datamesh.models.lineage import LineageType
from datamesh.models.types import CALENDAR_DATE, RFC_3339_TIMESTAMP
from datamesh.models.values import Timestamp
from datamesh.services.lineage.walk import LineageFilter


def calendar_date(value: Any) -> Any:
    """Keep pydantic from taking `20230701` for seconds since 1970."""
    if isinstance(value, str) and not CALENDAR_DATE.fullmatch(value):
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


def moment(value: Any) -> Any:
    """As for dates; and a time without a zone could be anywhere."""
    if isinstance(value, str) and not RFC_3339_TIMESTAMP.fullmatch(value):
        raise ValueError(
            "must be a time with its zone (RFC 3339), YYYY-MM-DDThh:mm:ssZ; + is sent as %2B"
        )
    return value


Limit = Annotated[int, Query(ge=1, le=1000, description="At most this many.")]
Offset = Annotated[int, Query(ge=0, description="Skip this many.")]
Partial = Annotated[bool, Query(description="Register the good items though others are refused.")]
StartDate = Annotated[
    date | None, BeforeValidator(calendar_date), Query(description="First day, inclusive.")
]
EndDate = Annotated[
    date | None, BeforeValidator(calendar_date), Query(description="Last day, inclusive.")
]

AsOf = Annotated[
    Timestamp | None,
    BeforeValidator(moment),
    Query(
        description="Answer what was current at this moment (RFC 3339), such as "
        "2026-01-31T09:30:00Z; 410 if the registry no longer keeps it."
    ),
]
Since = Annotated[Timestamp, BeforeValidator(moment), Query(description="RFC 3339.")]
Until = Annotated[
    Timestamp | None, BeforeValidator(moment), Query(description="RFC 3339; now if left out.")
]
Depth = Annotated[int, Query(ge=1, le=MAX_DEPTH, description="Follow lineage this many hops.")]
MaxNodes = Annotated[int, Query(ge=1, le=MAX_NODES, description="Answer at most this many.")]


async def _filter(
    min_confidence: Annotated[
        float,
        Query(ge=0, le=1, allow_inf_nan=False, description="Follow entries at least as confident."),
    ] = 0.0,
    lineage_type: Annotated[
        LineageType | None, Query(description="Follow entries of this type alone.")
    ] = None,
) -> LineageFilter:
    return LineageFilter(min_confidence, lineage_type)


Followed = Annotated[LineageFilter, Depends(_filter)]
"""Which entries a walk follows."""

X_TOTAL_COUNT = "X-Total-Count"
TotalCount: Responses = {
    200: {
        "headers": {
            X_TOTAL_COUNT: {
                "description": "How many meet the filters, whatever limit and offset.",
                "schema": {"type": "integer"},
            }
        }
    }
}

X_TRUNCATED = "X-Truncated"
TRUNCATED_HEADER = {
    X_TRUNCATED: {
        "description": "Whether there is more than the bounds let into this answer.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    }
}
