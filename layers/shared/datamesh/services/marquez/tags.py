"""Marquez' tags, and its sources."""

from collections.abc import Sequence

import msgspec

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.declarations import Declarations
from datamesh.models.marquez_reads import MarquezSource, MarquezTag
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import read_registry_files
from datamesh.services.marquez.index import open_index
from datamesh.services.marquez.nodes import IndexedDataset
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import ProductRecord


class _TagsOfColumns(msgspec.Struct, frozen=True, gc=False):
    columns: dict[str, tuple[str, ...]] = {}


class _SaidTags(msgspec.Struct, frozen=True, gc=False):
    value: _TagsOfColumns = _TagsOfColumns()


class _SaidOfColumns(msgspec.Struct, frozen=True, gc=False):
    tags: _SaidTags = _SaidTags()


class _TaggedColumns(msgspec.Struct, gc=False):
    """The part of a product that tells the tags of its columns."""

    schema: dict[str, msgspec.Raw] = {}
    said: _SaidOfColumns = _SaidOfColumns()
    column_tags: dict[str, tuple[str, ...]] = {}


_TAGGED_COLUMNS = msgspec.json.Decoder(_TaggedColumns)


def read_column_tags(product: ProductRecord) -> set[str]:
    """Return the tags of the columns that a product has."""
    text = bytes(product.json)
    if b'"said":' not in text and b'"column_tags":' not in text:
        return set()
    found = _TAGGED_COLUMNS.decode(product.json)
    tags = {**found.said.tags.value.columns, **found.column_tags}
    return {tag for column in found.schema for tag in tags.get(column, ())}


class TagIndex:
    """The tags of products and of their columns, of one revision of the registry."""

    def __init__(self, lineage: LineageFile, products: ProductsFile) -> None:
        tags: set[str] = set()
        for product in products.products.values():
            tags.update(product.tags, read_column_tags(product))
        self.names = sorted(tags)


def list_tags(
    context: RequestContext, registry: Registry, declared: Declarations, limit: int, offset: int
) -> Page[MarquezTag]:
    """List the tags that products and their columns have, and those people declared, by name."""
    index = registry.revision_cache.get(TagIndex, *read_registry_files(context, registry))
    known = declared.tags
    page = cut_page(sorted({*index.names, *known}) if known else index.names, limit, offset)
    tags = [build_tag(name, declared) for name in page.items]
    return Page(tags, page.total, page.offset)


def build_tag(name: str, declared: Declarations) -> MarquezTag:
    """Return a tag with its description, if somebody has given it one."""
    told = declared.tags.get(name)
    return MarquezTag(name=name, description=told.description if told else None)


def list_sources(
    context: RequestContext, registry: Registry, declared: Declarations, limit: int, offset: int
) -> Page[MarquezSource]:
    """List the namespaces that have datasets, and the sources that people declared, by name."""
    datasets = open_index(context, registry).datasets_of_namespaces
    names = sorted({*datasets, *(name.encode() for name in declared.sources)})
    page = cut_page(names, limit, offset)
    found = [build_source(name, datasets.get(name, ()), declared) for name in page.items]
    return Page(found, page.total, page.offset)


def get_source(
    context: RequestContext, registry: Registry, declared: Declarations, name: str
) -> MarquezSource:
    """Return a source. Raises NodeNotFound if nobody declared it and no dataset is in it."""
    packed = name.encode(errors="surrogatepass")
    datasets = open_index(context, registry).datasets_of_namespaces.get(packed, ())
    if not datasets and name not in declared.sources:
        raise NodeNotFound("source", name)
    return build_source(packed, datasets, declared)


def build_source(
    packed: bytes, datasets: Sequence[IndexedDataset], declared: Declarations
) -> MarquezSource:
    """Return a source as it was declared, or else a namespace as one.

    `postgres://db:5432` is of type `POSTGRES`.
    """
    name = packed.decode()
    if told := declared.sources.get(name):
        return MarquezSource(name=name, **msgspec.structs.asdict(told))
    scheme, separator, _ = name.partition("://")
    return MarquezSource(
        type=scheme.upper() if separator else "UNKNOWN",
        name=name,
        created_at=min(each.created_at for each in datasets),
        updated_at=max(each.updated_at for each in datasets),
        connection_url=name,
    )
