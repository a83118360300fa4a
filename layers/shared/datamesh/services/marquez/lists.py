"""Marquez' lists: namespaces, the datasets of one, and the results of a search."""

from collections.abc import Mapping

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.declarations import DeclaredNamespace
from datamesh.models.json_codec import encode_model
from datamesh.models.marquez import MarquezNamespace, MarquezResult
from datamesh.services.context import RequestContext
from datamesh.services.marquez.datasets import DatasetBuilder
from datamesh.services.marquez.index import MarquezIndex, NamespaceSpan, open_index
from datamesh.services.marquez.nodes import IndexedNode, NodeKind, get_name_key, get_time
from datamesh.services.marquez.search_orders import ANYTHING, SearchFilter
from datamesh.services.registry.registry import EncodedPage, Page, Registry, cut_page, encode_page

type Declared = Mapping[str, DeclaredNamespace]
"""The namespaces that people declared, by name."""


def list_namespaces(
    context: RequestContext, registry: Registry, declared: Declared, limit: int, offset: int
) -> EncodedPage:
    """List the namespaces of datasets and of jobs, and those that people declared, by name."""
    spans = open_index(context, registry).namespaces
    names: list[bytes] = [*spans]
    if declared:
        names = sorted({*names, *(name.encode() for name in declared)})
    page = cut_page(names, limit, offset)
    return encode_page(
        page, lambda name: encode_model(_build_namespace(name, spans.get(name), declared))
    )


def list_datasets(
    context: RequestContext,
    registry: Registry,
    declared: Declared,
    namespace: str,
    limit: int,
    offset: int,
) -> EncodedPage:
    """List the datasets of a namespace, by name.

    Raises NodeNotFound if nothing is in it, and nobody declared it.
    """
    index = open_index(context, registry)
    packed = namespace.encode(errors="surrogatepass")
    if packed not in index.namespaces and namespace not in declared:
        raise NodeNotFound("namespace", namespace)
    page = cut_page(index.datasets_of_namespaces.get(packed, ()), limit, offset)
    builder = DatasetBuilder(context, registry)
    return encode_page(page, lambda each: encode_model(builder.build_dataset(each)))


def get_namespace(
    context: RequestContext, registry: Registry, declared: Declared, name: str
) -> MarquezNamespace:
    """Return a namespace. Raises NodeNotFound if nothing is in it, and nobody declared it."""
    packed = name.encode(errors="surrogatepass")
    span = open_index(context, registry).namespaces.get(packed)
    if span is None and name not in declared:
        raise NodeNotFound("namespace", name)
    return _build_namespace(packed, span, declared)


def search_nodes(
    context: RequestContext,
    registry: Registry,
    wanted: str,
    kind: NodeKind | None,
    *,
    by_time: bool,
    limit: int,
    only: SearchFilter = ANYTHING,
) -> EncodedPage:
    """Find datasets and jobs whose name contains a text, ignoring case.

    They are sorted by name, or the latest first if `by_time`.
    """
    index = open_index(context, registry)
    orders = index.by_time if by_time else index.by_name
    nodes: list[IndexedNode] = []
    total = 0
    for of_kind, order in orders.items():
        if kind in (None, of_kind):
            found, count = order.find_nodes(wanted, limit, only)
            nodes += found
            total += count
    nodes.sort(key=get_name_key)
    if by_time:
        nodes.sort(key=get_time, reverse=True)
    return encode_page(
        Page(nodes[:limit], total, offset=0), lambda node: _encode_result(index, node)
    )


def _build_namespace(
    packed: bytes, span: NamespaceSpan | None, declared: Declared
) -> MarquezNamespace:
    """Return a namespace with what people declared of it, as old as the first that is known."""
    name = packed.decode()
    told = declared.get(name)
    times = [*(span or ()), *((told.created_at, told.updated_at) if told else ())]
    created_at, updated_at = min(times), max(times)
    if told is None:
        return MarquezNamespace(name=name, created_at=created_at, updated_at=updated_at)
    return MarquezNamespace(
        name=name,
        created_at=created_at,
        updated_at=updated_at,
        owner_name=told.owner_name,
        description=told.description,
    )


def _encode_result(index: MarquezIndex, node: IndexedNode) -> bytes:
    return encode_model(
        MarquezResult(
            type=node.kind,
            name=node.name.name,
            updated_at=node.updated_at,
            namespace=node.name.namespace,
            node_id=index.get_node_id(node.kind, node.name),
        )
    )
