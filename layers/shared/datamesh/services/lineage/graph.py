"""The lineage graph around a product, and the impact of a change to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Raw

from datamesh.models.graph import (
    MAX_EDGES,
    Direction,
    Impact,
    ImpactedProduct,
    ImpactGroup,
    Way,
)
from datamesh.models.json_codec import encode_answer
from datamesh.services.context import RequestContext
from datamesh.services.lineage.cycles import find_cycles
from datamesh.services.lineage.hidden import count_hidden_neighbours
from datamesh.services.lineage.walk import Graph, LineageFilter, WalkNode, walk_graph
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

ENCODED_WAYS = {way: encode_answer(way) for way in (None, *Way)}
"""The way that leads to a node -> its JSON."""


def encode_graph(
    context: RequestContext,
    registry: Registry,
    name: str,
    *,
    direction: Direction,
    depth: int,
    only: LineageFilter,
    max_nodes: int,
    find_everything: Callable[[], ProductsFile | None] = lambda: None,
) -> bytes:
    """Return the products around one, nearest first, with their edges and cycles: a LineageGraph.

    It is JSON, most of which is remembered between requests.

    `find_everything` returns the file with the products that the caller may not see, if there are
    any; it is called once the registry was read. Raises ProductNotFound.
    """
    graph = Graph(context, registry, only)
    found = walk_graph(graph, name, direction, depth, max_nodes)
    answer = {
        "product": name,
        "direction": direction,
        "depth": depth,
        "nodes": _encode_nodes(graph, found.nodes),
        "edges": _encode_edges(graph, found.positions[:MAX_EDGES]),
        "cycles": find_cycles(list(found.nodes), graph.adjacency.list_ends(found.positions)),
        "hidden_neighbours": count_hidden_neighbours(
            context, graph, find_everything(), found.nodes, direction, only
        ),
        "truncated": found.truncated or len(found.positions) > MAX_EDGES,
    }
    return encode_answer(answer)


def find_impact(
    context: RequestContext,
    registry: Registry,
    name: str,
    *,
    depth: int,
    only: LineageFilter,
    max_nodes: int,
) -> Impact:
    """Return the products downstream of one, grouped by domain and owner.

    Domains that differ in case alone are one group, spelled as by its nearest product. Raises
    ProductNotFound.
    """
    graph = Graph(context, registry, only)
    # One more: the walk counts the product itself, which is not among those that it affects.
    found = walk_graph(graph, name, Direction.DOWNSTREAM, depth, max_nodes + 1)
    affected = {each: node for each, node in found.nodes.items() if each != name}
    groups: dict[tuple[str, str], ImpactGroup] = {}
    for each, node in affected.items():
        product = graph.products[each]
        key = (product.domain.casefold(), product.owner)
        empty: ImpactGroup = {"domain": product.domain, "owner": product.owner, "products": []}
        groups.setdefault(key, empty)["products"].append(_build_impacted_product(product, node))
    return {
        "product": name,
        "depth": depth,
        "total": len(affected),
        "groups": [groups[key] for key in sorted(groups)],
        "truncated": found.truncated,
    }


def _encode_nodes(graph: Graph, nodes: Mapping[str, WalkNode]) -> Raw:
    """Return the nodes of a LineageGraph."""
    get_node, confidences = graph.cache.nodes.get, [node.confidence for node in nodes.values()]
    encoded = zip(nodes.items(), encode_answer(confidences)[1:-1].split(b","), strict=True)
    return _join_array(
        b'%b,"distance":%d,"path_confidence":%b,"direction":%b}'
        % (
            get_node(name) or _encode_node(graph, name),
            node.distance,
            confidence,
            ENCODED_WAYS[node.way],
        )
        for (name, node), confidence in encoded
    )


def _encode_node(graph: Graph, name: str) -> bytes:
    """Return the beginning of a node, without what depends on the walk."""
    product = graph.products[name]
    node = {
        "name": product.name,
        "domain": product.domain,
        "owner": product.owner,
        "status": product.status.value,
    }
    return graph.cache.keep_part(graph.cache.nodes, name, encode_answer(node)[:-1])


def _encode_edges(graph: Graph, positions: Sequence[int]) -> Raw:
    """Return the edges of a LineageGraph."""
    get_edge = graph.cache.edges.get
    return _join_array(get_edge(at) or _encode_edge(graph, at) for at in positions)


def _encode_edge(graph: Graph, position: int) -> bytes:
    entry, adjacency = graph.entries[position], graph.adjacency
    edge = {
        "id": adjacency.ids[position],
        "source": adjacency.sources[position],
        "target": adjacency.targets[position],
        "lineage_type": entry.lineage_type,
        "confidence": entry.confidence,
    }
    return graph.cache.keep_part(graph.cache.edges, position, encode_answer(edge))


def _join_array(items: Iterable[bytes]) -> Raw:
    return Raw(b"[%b]" % b",".join(items))


def _build_impacted_product(product: ProductRecord, node: WalkNode) -> ImpactedProduct:
    return {
        "name": product.name,
        "status": product.status.value,
        "distance": node.distance,
        "path_confidence": node.confidence,
    }
