"""List Marquez' namespaces."""

from fastapi import Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import PAGE, Limit, create_router, document_errors
from datamesh.http.parameters import Offset
from datamesh.models.marquez import MarquezNamespaces
from datamesh.services.marquez import lists

router = create_router()


@router.get(
    "/api/v1/namespaces",
    response_model=MarquezNamespaces,
    responses=PAGE | document_errors(422, 503),
)
async def marquez_namespaces(
    context: CurrentContext, registry: CurrentRegistry, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """List the namespaces of datasets and jobs.

    The domains of products are namespaces too.
    """
    page = lists.list_namespaces(context, registry, limit, offset)
    return build_object_response({"namespaces": Raw(page.array)}, page)
