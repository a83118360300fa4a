"""List the files of a dataset, with links that download them."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from datamesh.http.access import declare_read
from datamesh.http.answers import JSON
from datamesh.http.app import require_principal
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.deprecation import add_deprecation_headers
from datamesh.http.domains.parameters import READING, SmallDataset, SmallDomain, create_router
from datamesh.http.errors import document_errors
from datamesh.http.parameters import CUT_PAGE_HEADER, X_TRUNCATED, DataAsOf, Limit
from datamesh.models.downloads import LISTING_CURSOR, DownloadPage
from datamesh.models.read_access import ReadKind
from datamesh.services.datasets import reading

router = create_router()

ListingCursor = Annotated[
    str | None,
    Query(pattern=LISTING_CURSOR, description="`next` of the page before."),
]


@router.get(
    "/domains/{domain}/{dataset}/files",
    response_model=DownloadPage,
    responses={200: {"headers": CUT_PAGE_HEADER}} | document_errors(301, 401, 403, 410) | READING,
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.FILES)
async def list_dataset_files(
    domain: SmallDomain,
    dataset: SmallDataset,
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    limit: Limit = 100,
    cursor: ListingCursor = None,
    as_of: DataAsOf = None,
) -> Response:
    """List the files of a product.

    They are those that its rows are read from. Each has a link, which downloads the whole file
    without a key until `expires_at`. A file may have columns that are not registered, so that this
    read needs a key.
    """
    # Few requests download, and the others are not to start later for it.
    from datamesh.services.datasets.downloads import list_downloads

    access = resources.data
    found = reading.open_dataset(context, registry, access, domain, dataset, as_of)
    reading.check_all_columns(context, registry, access, found.product)
    page = list_downloads(found, access.link_seconds, limit, cursor)
    headers = {X_TRUNCATED: "true"} if page.is_cut else None
    response = Response(page.body, media_type=JSON, headers=headers)
    return add_deprecation_headers(request, response, context, registry, found.product)
