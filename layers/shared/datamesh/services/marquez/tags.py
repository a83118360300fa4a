"""Marquez' tags, and its sources."""

from collections.abc import Sequence

from datamesh.errors import NodeNotFound
from datamesh.models.marquez_reads import MarquezSource, MarquezTag
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import read_registry_files
from datamesh.services.marquez.index import open_index
from datamesh.services.marquez.nodes import IndexedDataset
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.files import LineageFile, ProductsFile


class TagIndex:
    """The tags of one revision of the registry."""

    def __init__(self, lineage: LineageFile, products: ProductsFile) -> None:
        self.names = sorted({tag for each in products.products.values() for tag in each.tags})


def list_tags(
    context: RequestContext, registry: Registry, limit: int, offset: int
) -> Page[MarquezTag]:
    """List the tags that products have, by name."""
    index = registry.revision_cache.get(TagIndex, *read_registry_files(context, registry))
    page = cut_page(index.names, limit, offset)
    return Page([MarquezTag(name=name) for name in page.items], page.total, page.offset)


def list_sources(
    context: RequestContext, registry: Registry, limit: int, offset: int
) -> Page[MarquezSource]:
    """List the namespaces that have datasets, by name."""
    datasets = open_index(context, registry).datasets_of_namespaces
    page = cut_page(sorted(datasets), limit, offset)
    found = [build_source(name, datasets[name]) for name in page.items]
    return Page(found, page.total, page.offset)


def get_source(context: RequestContext, registry: Registry, name: str) -> MarquezSource:
    """Return the source of a namespace. Raises NodeNotFound if no dataset is in it."""
    packed = name.encode(errors="surrogatepass")
    datasets = open_index(context, registry).datasets_of_namespaces.get(packed)
    if not datasets:
        raise NodeNotFound("source", name)
    return build_source(packed, datasets)


def build_source(packed: bytes, datasets: Sequence[IndexedDataset]) -> MarquezSource:
    """Return a namespace as a source: `postgres://db:5432` is of type `POSTGRES`."""
    name = packed.decode()
    scheme, separator, _ = name.partition("://")
    return MarquezSource(
        type=scheme.upper() if separator else "UNKNOWN",
        name=name,
        created_at=min(each.created_at for each in datasets),
        updated_at=max(each.updated_at for each in datasets),
        connection_url=name,
    )
