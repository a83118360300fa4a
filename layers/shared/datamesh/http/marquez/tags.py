"""List Marquez' tags and sources."""

from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import (
    CurrentDeclarations,
    Limit,
    SourceName,
    create_router,
    document_errors,
)
from datamesh.http.parameters import Offset
from datamesh.models.marquez_reads import MarquezSource, MarquezSources, MarquezTags
from datamesh.services.marquez import tags

router = create_router()


@router.get("/api/v1/tags", responses=document_errors(422, 503))
async def marquez_tags(
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MarquezTags:
    """List the tags of products and of their columns.

    They are sorted by name. So are those that somebody has created, which may have descriptions.
    """
    page = tags.list_tags(context, registry, declared, limit, offset)
    return MarquezTags(tags=[*page.items])


@router.get("/api/v1/sources", responses=document_errors(422, 503))
async def marquez_sources(
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
    limit: Limit = 100,
    offset: Offset = 0,
) -> MarquezSources:
    """List the sources of datasets.

    There is one for each namespace that has datasets, and those that somebody has created.
    """
    page = tags.list_sources(context, registry, declared, limit, offset)
    return MarquezSources(sources=[*page.items])


@router.get("/api/v1/sources/{source}", responses=document_errors(404, 422, 503))
async def marquez_source(
    source: SourceName,
    context: CurrentContext,
    registry: CurrentRegistry,
    declared: CurrentDeclarations,
) -> MarquezSource:
    """Read a source.

    It is the namespace of datasets under another name, unless somebody has created it.
    """
    return tags.get_source(context, registry, declared, source)
