"""Marquez' lists: namespaces, the datasets of one, and the results of a search."""

from datamesh.errors import NodeNotFound
from datamesh.models.json_codec import encode_model
from datamesh.models.marquez import MarquezNamespace, MarquezResult
from datamesh.services.context import RequestContext
from datamesh.services.marquez.datasets import DatasetBuilder
from datamesh.services.marquez.index import MarquezIndex, NamespaceSpan, open_index
from datamesh.services.marquez.nodes import IndexedNode, NodeKind, get_name_key, get_time
from datamesh.services.marquez.search_orders import ANYTHING, SearchFilter
from datamesh.services.registry.registry import EncodedPage, Page, Registry, cut_page, encode_page


def list_namespaces(
    context: RequestContext, registry: Registry, limit: int, offset: int
) -> EncodedPage:
    """List the namespaces of datasets and of jobs, by name."""
    spans = open_index(context, registry).namespaces
    return encode_page(cut_page([*spans.items()], limit, offset), _encode_namespace)


def list_datasets(
    context: RequestContext, registry: Registry, namespace: str, limit: int, offset: int
) -> EncodedPage:
    """List the datasets of a namespace, by name. Raises NodeNotFound if nothing is in it."""
    index = open_index(context, registry)
    packed = namespace.encode(errors="surrogatepass")
    if packed not in index.namespaces:
        raise NodeNotFound("namespace", namespace)
    page = cut_page(index.datasets_of_namespaces.get(packed, ()), limit, offset)
    builder = DatasetBuilder(context, registry)
    return encode_page(page, lambda each: encode_model(builder.build_dataset(each)))


def get_namespace(context: RequestContext, registry: Registry, name: str) -> MarquezNamespace:
    """Return a namespace. Raises NodeNotFound if nothing is in it."""
    packed = name.encode(errors="surrogatepass")
    span = open_index(context, registry).namespaces.get(packed)
    if span is None:
        raise NodeNotFound("namespace", name)
    return _build_namespace((packed, span))


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


def _encode_namespace(found: tuple[bytes, NamespaceSpan]) -> bytes:
    return encode_model(_build_namespace(found))


def _build_namespace(found: tuple[bytes, NamespaceSpan]) -> MarquezNamespace:
    name, span = found
    return MarquezNamespace(
        name=name.decode(), created_at=span.created_at, updated_at=span.updated_at
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
