"""List Marquez' tags and sources."""

from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator

from datamesh.http.dependencies import CurrentContext, CurrentRegistry
from datamesh.http.marquez.parameters import Limit, create_router, document_errors
from datamesh.http.marquez.paths import decode_segment
from datamesh.http.parameters import Offset
from datamesh.models.marquez_reads import MarquezSource, MarquezSources, MarquezTags
from datamesh.services.marquez import tags

router = create_router()


@router.get("/api/v1/tags", responses=document_errors(422, 503))
async def marquez_tags(
    context: CurrentContext, registry: CurrentRegistry, limit: Limit = 100, offset: Offset = 0
) -> MarquezTags:
    """List the tags of products and of their columns.

    They are sorted by name, and have no descriptions.
    """
    page = tags.list_tags(context, registry, limit, offset)
    return MarquezTags(tags=[*page.items])


@router.get("/api/v1/sources", responses=document_errors(422, 503))
async def marquez_sources(
    context: CurrentContext, registry: CurrentRegistry, limit: Limit = 100, offset: Offset = 0
) -> MarquezSources:
    """List the sources of datasets.

    There is one for each namespace that has datasets.
    """
    page = tags.list_sources(context, registry, limit, offset)
    return MarquezSources(sources=[*page.items])


@router.get("/api/v1/sources/{source}", responses=document_errors(404, 422, 503))
async def marquez_source(
    source: Annotated[
        str,
        BeforeValidator(decode_segment),
        Path(description="Name of the source, percent-encoded.", examples=["sales"]),
    ],
    context: CurrentContext,
    registry: CurrentRegistry,
) -> MarquezSource:
    """Read a source.

    It is the namespace of datasets under another name.
    """
    return tags.get_source(context, registry, source)
