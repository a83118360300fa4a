"""The lineage around a product, and who is affected by a change to it."""

from collections.abc import Sequence

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
from datamesh.services.lineage.cycles import cycles
from datamesh.services.lineage.walk import Filter, Graph, Reached, walk
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord


def around(
    registry: Registry,
    name: str,
    *,
    direction: Direction,
    depth: int,
    only: Filter,
    max_nodes: int,
) -> LineageGraph:
    """Raises ProductNotFound."""
    graph = Graph(registry, only)
    found = walk(graph, name, direction, depth, max_nodes)
    return {
        "product": name,
        "direction": direction,
        "depth": depth,
        "nodes": [_node(graph.products[each], reached) for each, reached in found.nodes.items()],
        "edges": _edges(graph, found.places[:MAX_EDGES]),
        "cycles": cycles(list(found.nodes), graph.adjacency.ends_of(found.places)),
        "truncated": found.truncated or len(found.places) > MAX_EDGES,
    }


def impact(registry: Registry, name: str, *, depth: int, only: Filter, max_nodes: int) -> Impact:
    """Everything downstream of a product, by who has to be told. Raises ProductNotFound.

    Spellings of a domain that differ in case alone are one, shown as that of the nearest product.
    """
    graph = Graph(registry, only)
    # The product itself is a node of the walk, and none of those that it affects.
    found = walk(graph, name, Direction.DOWNSTREAM, depth, max_nodes + 1)
    affected = {each: reached for each, reached in found.nodes.items() if each != name}
    groups: dict[tuple[str, str], ImpactGroup] = {}
    for each, reached in affected.items():
        product = graph.products[each]
        key = (product.domain.casefold(), product.owner)
        none_yet: ImpactGroup = {"domain": product.domain, "owner": product.owner, "products": []}
        groups.setdefault(key, none_yet)["products"].append(_affected(product, reached))
    return {
        "product": name,
        "depth": depth,
        "total": len(affected),
        "groups": [groups[key] for key in sorted(groups)],
        "truncated": found.truncated,
    }


def _node(product: ProductRecord, reached: Reached) -> GraphNode:
    return {
        "name": product.name,
        "domain": product.domain,
        "owner": product.owner,
        "status": product.status.value,
        "distance": reached.distance,
        "path_confidence": reached.confidence,
        "direction": reached.way and reached.way.value,
    }


def _edges(graph: Graph, places: Sequence[int]) -> list[GraphEdge]:
    entries, adjacency = graph.entries, graph.adjacency
    ids, sources, targets = adjacency.ids, adjacency.sources, adjacency.targets
    return [
        {
            "id": ids[place],
            "source": sources[place],
            "target": targets[place],
            "lineage_type": entry.lineage_type,
            "confidence": entry.confidence,
        }
        for place, entry in zip(places, map(entries.__getitem__, places), strict=True)
    ]


def _affected(product: ProductRecord, reached: Reached) -> ImpactedProduct:
    return {
        "name": product.name,
        "status": product.status.value,
        "distance": reached.distance,
        "path_confidence": reached.confidence,
    }
