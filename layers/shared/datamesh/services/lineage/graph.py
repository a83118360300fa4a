"""The lineage graph around a product, and the impact of a change to it."""

from collections.abc import Callable, Sequence

from datamesh.models.graph import (
    MAX_EDGES,
    Direction,
    GraphEdge,
    GraphNode,
    Impact,
    ImpactedProduct,
    ImpactGroup,
    LineageGraph,
)
from datamesh.services.context import RequestContext
from datamesh.services.lineage.cycles import find_cycles
from datamesh.services.lineage.hidden import count_hidden_neighbours
from datamesh.services.lineage.walk import Graph, LineageFilter, WalkNode, walk_graph
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord


def build_graph(
    context: RequestContext,
    registry: Registry,
    name: str,
    *,
    direction: Direction,
    depth: int,
    only: LineageFilter,
    max_nodes: int,
    find_everything: Callable[[], ProductsFile | None] = lambda: None,
) -> LineageGraph:
    """Return the products around one, nearest first, with their edges and cycles.

    `find_everything` returns the file with the products that the caller may not see, if there are
    any; it is called once the registry was read. Raises ProductNotFound.
    """
    graph = Graph(context, registry, only)
    found = walk_graph(graph, name, direction, depth, max_nodes)
    return {
        "product": name,
        "direction": direction,
        "depth": depth,
        "nodes": [_build_node(graph.products[each], node) for each, node in found.nodes.items()],
        "edges": _build_edges(graph, found.positions[:MAX_EDGES]),
        "cycles": find_cycles(list(found.nodes), graph.adjacency.list_ends(found.positions)),
        "hidden_neighbours": count_hidden_neighbours(
            context, graph, find_everything(), found.nodes, direction, only
        ),
        "truncated": found.truncated or len(found.positions) > MAX_EDGES,
    }


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


def _build_node(product: ProductRecord, node: WalkNode) -> GraphNode:
    return {
        "name": product.name,
        "domain": product.domain,
        "owner": product.owner,
        "status": product.status.value,
        "distance": node.distance,
        "path_confidence": node.confidence,
        "direction": node.way and node.way.value,
    }


def _build_edges(graph: Graph, positions: Sequence[int]) -> list[GraphEdge]:
    entries, adjacency = graph.entries, graph.adjacency
    ids, sources, targets = adjacency.ids, adjacency.sources, adjacency.targets
    return [
        {
            "id": ids[position],
            "source": sources[position],
            "target": targets[position],
            "lineage_type": entry.lineage_type,
            "confidence": entry.confidence,
        }
        for position, entry in zip(positions, map(entries.__getitem__, positions), strict=True)
    ]


def _build_impacted_product(product: ProductRecord, node: WalkNode) -> ImpactedProduct:
    return {
        "name": product.name,
        "status": product.status.value,
        "distance": node.distance,
        "path_confidence": node.confidence,
    }
