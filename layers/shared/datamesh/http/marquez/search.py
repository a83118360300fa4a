"""Search Marquez' datasets and jobs."""

from typing import Annotated, Literal

from fastapi import Query, Response
from msgspec import Raw
from pydantic import BeforeValidator

from datamesh.http.answers import build_json_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.errors import Responses
from datamesh.http.marquez.parameters import (
    Limit,
    Moment,
    create_router,
    document_errors,
    parse_choice,
)
from datamesh.http.parameters import CUT_PAGE_HEADER, X_TRUNCATED
from datamesh.models.marquez import MarquezResults
from datamesh.services.marquez import lists
from datamesh.services.marquez.nodes import NodeKind
from datamesh.services.marquez.search_orders import SearchFilter

router = create_router()
SEARCH: Responses = {200: {"headers": CUT_PAGE_HEADER}}
KINDS: dict[str, NodeKind] = {"dataset": "DATASET", "job": "JOB"}


@router.get(
    "/api/v1/search",
    response_model=MarquezResults,
    responses=SEARCH | document_errors(422, 503),
)
async def marquez_search(
    context: CurrentContext,
    registry: CurrentRegistry,
    q: Annotated[
        str,
        Query(
            description="Part of the name, in upper or lower case; empty finds all.",
            examples=["orders"],
        ),
    ],
    kind: Annotated[
        Literal["dataset", "job"] | None,
        BeforeValidator(parse_choice),
        Query(alias="filter", description="Find datasets or jobs alone, in lower or upper case."),
    ] = None,
    sort: Annotated[
        Literal["name", "update_at"],
        BeforeValidator(parse_choice),
        Query(
            description="By name, or the latest update first, in lower or upper case;"
            " `updated_at` is taken too."
        ),
    ] = "name",
    limit: Limit = 10,
    namespace: Annotated[
        str | None, Query(description="Find what is in this namespace alone.", examples=["sales"])
    ] = None,
    before: Moment = None,
    after: Moment = None,
) -> Response:
    """Search datasets and jobs by name.

    Those whose name contains `q` are found, if they were last updated after `after` and before
    `before`.
    """
    wanted = KINDS[kind] if kind else None
    by_time = sort == "update_at"
    only = SearchFilter(namespace, before, after)
    page = lists.search_nodes(context, registry, q, wanted, by_time=by_time, limit=limit, only=only)
    answer = build_json_response({"totalCount": page.total, "results": Raw(page.array)})
    if page.is_cut:
        answer.headers[X_TRUNCATED] = "true"
    return answer
