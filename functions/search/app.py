"""Find products by what they are called, what they say, and what columns they have."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Query

from datamesh.http.app import create_app
from datamesh.http.dependencies import CurrentContext, CurrentResources, RegistryAsOf
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.models.products import ProductStatus
from datamesh.models.search import (
    MAX_SEARCH_PAGE,
    FacetName,
    ProductType,
    QualityState,
    ResultOrder,
    SearchPage,
)
from datamesh.models.values import SearchText
from datamesh.services.search.queries import SearchQuery, search_products

MAX_CURSOR_LENGTH = 400

app = create_app("Search")


@app.get("/search", responses=document_errors(410, 422, 503))
async def search(
    context: CurrentContext,
    registry: RegistryAsOf,
    resources: CurrentResources,
    q: Annotated[
        SearchText | None,
        Query(
            description="A question, or words of one. All products if left out.",
            examples=["revenue by day"],
        ),
    ] = None,
    domain: Annotated[SearchText | None, Query(description="The products of this domain.")] = None,
    owner: Annotated[SearchText | None, Query(description="The products of this owner.")] = None,
    tag: Annotated[SearchText | None, Query(description="The products with this tag.")] = None,
    status: Annotated[
        ProductStatus | None, Query(description="The products of this status.")
    ] = None,
    quality: Annotated[
        QualityState | None, Query(description="The products whose latest checks say this.")
    ] = None,
    type: Annotated[  # what clients call it
        ProductType | None,
        Query(description="The products whose output port has this format; `none`: has no port."),
    ] = None,
    dropped: Annotated[
        bool, Query(description="Also the products whose dataset was dropped, as events say.")
    ] = False,
    sort: Annotated[
        ResultOrder,
        Query(description="`relevance`: best first; without `q`, oldest registration first."),
    ] = ResultOrder.RELEVANCE,
    limit: Annotated[
        int, Query(ge=1, le=MAX_SEARCH_PAGE, description="Answer with at most this many.")
    ] = 20,
    cursor: Annotated[
        str | None,
        Query(min_length=1, max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of a page."),
    ] = None,
) -> SearchPage:
    """Search for products, best first.

    Their names, titles, descriptions, owners, tags, columns, descriptions of columns and names of
    datasets are searched, in any case, without regard to accents, and with a letter mistyped. A
    product that is called as `q` says comes first, then those whose names begin so, then those that
    have any of its words. `matched` says where. The filters must all be met, in any case; the
    counts of a facet leave out the filter of that facet. `cursor` goes on behind the last product
    of the page before, wherever that stands now.
    """
    filters: dict[FacetName, str | None] = {
        "domain": domain,
        "owner": owner,
        "tag": tag,
        "status": status,
        "quality": quality,
        "type": type,
    }
    given = {name: value for name, value in filters.items() if value is not None}
    query = SearchQuery(q, given, sort, dropped)
    indexes = resources.search_indexes
    return search_products(context, registry, indexes, query, limit=limit, cursor=cursor)


handler = create_lambda_handler(app, os.environ)
