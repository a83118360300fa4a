"""List Marquez' datasets, and read one."""

from fastapi import Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import (
    PAGE,
    Limit,
    NamespaceName,
    create_router,
    document_errors,
)
from datamesh.http.parameters import Offset
from datamesh.models.marquez import MarquezDatasets
from datamesh.services.marquez import lists

router = create_router()


@router.get(
    "/api/v1/namespaces/{namespace}/datasets",
    response_model=MarquezDatasets,
    responses=PAGE | document_errors(404, 422, 503),
)
async def marquez_datasets(
    namespace: NamespaceName,
    context: CurrentContext,
    registry: CurrentRegistry,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the datasets of a namespace.

    A product without a dataset of OpenLineage is a dataset of its domain.
    """
    page = lists.list_datasets(context, registry, namespace, limit, offset)
    return build_object_response({"datasets": Raw(page.array), "totalCount": page.total}, page)
