"""Create namespaces and sources, or describe them anew."""

from datamesh.http.access import declare_write
from datamesh.http.dependencies import CurrentContext, CurrentRegistry, CurrentResources
from datamesh.http.marquez.parameters import (
    NamespaceName,
    SourceName,
    create_router,
    document_errors,
)
from datamesh.models.access import Role
from datamesh.models.declared_access import Place
from datamesh.models.marquez import MarquezNamespace
from datamesh.models.marquez_reads import MarquezSource
from datamesh.models.marquez_requests import NamespaceRequest, SourceRequest
from datamesh.services.marquez import declarations, lists, tags

router = create_router()

ERRORS = document_errors(400, 401, 403, 404, 409, 422, 429, 503)


@router.put("/api/v1/namespaces/{namespace}", responses=ERRORS)
@declare_write(Role.CONTRIBUTOR, Place.NAMESPACE)
async def marquez_put_namespace(
    namespace: NamespaceName,
    request: NamespaceRequest,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezNamespace:
    """Create a namespace, or describe it anew.

    Those that datasets and jobs are in need not be created.
    """
    document = resources.open_declarations()
    declarations.declare_namespace(context, registry, document, namespace, request)
    declared = document.read(context.deadline).declared.namespaces
    return lists.get_namespace(context, registry, declared, namespace)


@router.put("/api/v1/sources/{source}", responses=ERRORS)
@declare_write(Role.CONTRIBUTOR, Place.SOMEWHERE)
async def marquez_put_source(
    source: SourceName,
    request: SourceRequest,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> MarquezSource:
    """Create a source, or describe it anew.

    A namespace that has datasets is a source without it.
    """
    document = resources.open_declarations()
    declarations.declare_source(context, registry, document, source, request)
    declared = document.read(context.deadline).declared
    return tags.get_source(context, registry, declared, source)
