"""List Marquez' namespaces, and read one."""

from fastapi import Response
from msgspec import Raw

from datamesh.http.answers import build_object_response
from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import (
    PAGE,
    CurrentDeclarations,
    Limit,
    NamespaceName,
    create_router,
    document_errors,
)
from datamesh.http.parameters import Offset
from datamesh.models.marquez import MarquezNamespace, MarquezNamespaces
from datamesh.services.marquez import lists

router = create_router()


@router.get(
    "/api/v1/namespaces",
    response_model=MarquezNamespaces,
    responses=PAGE | document_errors(422, 503),
)
async def marquez_namespaces(
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List the namespaces of datasets and jobs.

    The domains of products are namespaces too, and so are those that somebody has created.
    """
    page = lists.list_namespaces(context, registry, declared.namespaces, limit, offset)
    return build_object_response({"namespaces": Raw(page.array)}, page)


@router.get("/api/v1/namespaces/{namespace}", responses=document_errors(404, 422, 503))
async def marquez_namespace(
    namespace: NamespaceName,
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
) -> MarquezNamespace:
    """Read a namespace.

    It has the times of the first and of the latest change of what is in it.
    """
    return lists.get_namespace(context, registry, declared.namespaces, namespace)
