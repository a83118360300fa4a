"""The parameters of Marquez' routes, and what the API's document says of all of them."""

from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AfterValidator, BeforeValidator, Field

from datamesh.http import errors
from datamesh.http.dependencies import get_context, get_resources
from datamesh.http.errors import Responses
from datamesh.http.marquez.paths import decode_segment
from datamesh.http.marquez.problems import MarquezProblem
from datamesh.http.marquez.routing import MarquezRoute
from datamesh.http.parameters import NEXT_OFFSET_HEADERS, check_timestamp
from datamesh.models.declarations import Declarations
from datamesh.models.types import CALENDAR_DATE
from datamesh.models.values import Timestamp

TAGS: list[str | Enum] = ["Marquez"]
"""The tag of the routes that answer as Marquez does."""
PAGE: Responses = {200: {"headers": NEXT_OFFSET_HEADERS}}
MOST_OF_PAGE = 1000


def create_router() -> APIRouter:
    """Return a router for routes of Marquez' API."""
    return APIRouter(
        route_class=MarquezRoute,
        tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
    )


def document_errors(*statuses: int) -> Responses:
    """Return what the API's document says of a route that answers these error statuses."""
    return errors.document_errors(*statuses, model=MarquezProblem)


def cut_limit(limit: int) -> int:
    """Return how many a page has: clients of Marquez ask for any number."""
    return min(limit, MOST_OF_PAGE)


def parse_choice(value: Any) -> Any:
    """Return a choice as the API's document has it: clients of Marquez also send `NAME`."""
    text = value.lower() if isinstance(value, str) else value
    return "update_at" if text == "updated_at" else text


def parse_moment(value: Any) -> Any:
    """Return a moment; a day is its beginning. Raises ValueError."""
    if isinstance(value, str) and CALENDAR_DATE.fullmatch(value):
        return f"{value}T00:00:00Z"
    return check_timestamp(value)


async def get_declarations(request: Request) -> Declarations:
    """Return the tags, namespaces and sources that people declared. Raises StorageUnavailable."""
    context, resources = await get_context(request), await get_resources(request)
    return resources.open_declarations().read(context.deadline).declared


CurrentDeclarations = Annotated[Declarations, Depends(get_declarations)]
Moment = Annotated[
    Timestamp | None,
    BeforeValidator(parse_moment),
    Query(description="A day, `2026-01-31`, which is its beginning, or a moment (RFC 3339)."),
]
Limit = Annotated[
    int,
    Field(ge=0),  # before what follows, or the document does not say it
    AfterValidator(cut_limit),
    Query(description="Answer with at most this many, and never with more than 1,000."),
]
NamespaceName = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Name of the namespace, percent-encoded.", examples=["sales"]),
]
DatasetName = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Name of the dataset, percent-encoded.", examples=["orders"]),
]
JobNamespace = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Namespace of the job, percent-encoded.", examples=["nightly"]),
]
JobName = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Name of the job, percent-encoded.", examples=["daily_revenue"]),
]
RunId = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(
        description="Id of the run, percent-encoded.",
        examples=["0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"],
    ),
]
SourceName = Annotated[
    str,
    BeforeValidator(decode_segment),
    Path(description="Name of the source, percent-encoded.", examples=["sales"]),
]
NodeId = Annotated[
    str,
    Query(
        alias="nodeId",
        description="The dataset or job: `dataset:<namespace>:<name>` or `job:<namespace>:<name>`.",
        examples=["dataset:sales:orders"],
    ),
]
