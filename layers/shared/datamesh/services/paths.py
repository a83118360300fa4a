"""The paths from one product to another."""

from datamesh.models.graph import LineagePath, LineagePaths, Way
from datamesh.models.lineage import LineageEntry
from datamesh.services.registry import Registry
from datamesh.services.walk import Filter, Graph

type Arrivals = dict[str, tuple[float, LineageEntry]]
"""Product -> the best confidence of a path of some number of hops to it, and its last entry."""


def between(
    registry: Registry, source: str, target: str, *, depth: int, only: Filter
) -> LineagePaths:
    """A most confident and a shortest path of at most `depth` hops, ties broken by the other.

    From a product to itself it is the path without entries. Raises ProductNotFound.
    """
    graph = Graph(registry, only)
    for end in (source, target):
        graph.product(end)
    if source == target:
        found: list[LineagePath] = [{"products": [source], "entries": [], "confidence": 1.0}]
    else:
        found = _improving(graph, source, target, depth)
    return {
        "source": source,
        "target": target,
        "most_confident": found[-1] if found else None,
        "shortest": found[0] if found else None,
    }


def _improving(graph: Graph, source: str, target: str, depth: int) -> list[LineagePath]:
    """Paths by their number of hops, each the most confident of its length, and more confident
    than every shorter one.

    All products are reached hop by hop. An arrival is worth going on from only if it is more
    confident than every shorter path to the same product, and than every path to the target so
    far: no confidence is above 1, so going on never makes up for that.
    """
    best = {source: 1.0}
    layers: list[Arrivals] = []
    found: list[LineagePath] = []
    frontier = {source: 1.0}
    while frontier and len(layers) < depth:
        arrivals: Arrivals = {}
        for name, so_far in frontier.items():
            for entry in graph.leading(name, Way.DOWNSTREAM):
                confidence, other = so_far * entry.confidence, entry.target
                bar = max(best.get(other, -1.0), best.get(target, -1.0))
                if confidence > bar and (other not in arrivals or confidence > arrivals[other][0]):
                    arrivals[other] = confidence, entry
        layers.append(arrivals)
        frontier = {name: confidence for name, (confidence, _) in arrivals.items()}
        best |= frontier
        if target in arrivals:
            found.append(_path(layers, target))
    return found


def _path(layers: list[Arrivals], target: str) -> LineagePath:
    """The path that arrived in the last layer, followed back."""
    entries: list[LineageEntry] = []
    name = target
    for arrivals in reversed(layers):
        entry = arrivals[name][1]
        entries.insert(0, entry)
        name = entry.source
    return {
        "products": [name, *(entry.target for entry in entries)],
        "entries": entries,
        "confidence": layers[-1][target][0],
    }
