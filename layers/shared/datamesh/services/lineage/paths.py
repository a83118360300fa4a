"""The paths from one product to another."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from datamesh.models.graph import LineagePath, LineagePaths, Way
from datamesh.services.context import RequestContext
from datamesh.services.lineage.walk import Graph, LineageFilter, compute_distances
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord

SLACK = 1 - 1e-9
"""A factor that takes more from a path confidence than rounding does, in any order of factors."""

SMALLEST = 1e-290
"""The confidence below which floats round more coarsely than SLACK allows for."""

type Arrivals = dict[str, tuple[float, int]]
"""Product -> the best confidence of a path to it with a given number of hops, and the position of
that path's last entry."""

type ExtensionTest = Callable[[str, float, int], bool]
"""(product, confidence so far, hops left) -> whether to extend the path from there."""


def find_paths(
    context: RequestContext,
    registry: Registry,
    source: str,
    target: str,
    *,
    depth: int,
    only: LineageFilter,
) -> LineagePaths:
    """Return a most confident and a shortest path of at most `depth` hops.

    Ties are broken by the other criterion. Both are None if no path leads there, and the path
    without entries if `source` is `target`. Raises ProductNotFound.
    """
    graph = Graph(context, registry, only)
    for end in (source, target):
        graph.get_product(end)
    confident = short = None
    if source == target:
        confident = short = _build_path(graph, [], source)
    elif hops := compute_distances(graph, target, Way.UPSTREAM, depth, until=source).get(source):
        *_, short = _iterate_reachable_paths(graph, source, target, hops)
        confident = _find_most_confident_path(graph, source, target, depth)
    return {"source": source, "target": target, "most_confident": confident, "shortest": short}


def _iterate_reachable_paths(
    graph: Graph, source: str, target: str, depth: int
) -> Iterator[LineagePath]:
    """Yield ever more confident paths, extended wherever the target is still within `depth`."""
    to_go = compute_distances(graph, target, Way.UPSTREAM, depth)
    return _iterate_improving_paths(
        graph, source, target, depth, lambda name, _, left: to_go.get(name, depth) <= left
    )


def _find_most_confident_path(graph: Graph, source: str, target: str, depth: int) -> LineagePath:
    """Return the most confident path, extending paths only where it can still lie.

    If the most confident of all takes more than `depth` hops, or if all confidences are next to
    nothing, look everywhere.
    """
    ahead = _compute_confidences_ahead(graph, source, target)
    bar = ahead.get(source, 0.0) * SLACK
    found: list[LineagePath] = []
    if bar > SMALLEST:
        found = list(
            _iterate_improving_paths(
                graph,
                source,
                target,
                depth,
                lambda name, so_far, _: so_far * ahead.get(name, 0.0) >= bar,
            )
        )
    return (found or list(_iterate_reachable_paths(graph, source, target, depth)))[-1]


def _compute_confidences_ahead(graph: Graph, source: str, target: str) -> dict[str, float]:
    """Return the best path confidence from each product to the target, but for rounding.

    Products for which it is smaller than for the source are left out.
    """
    entries, neighbours = graph.entries, graph.adjacency.get_neighbours(Way.UPSTREAM)
    settled: dict[str, float] = {}
    best = {target: 1.0}
    heap = [(-1.0, target)]
    while heap and -heap[0][0] >= settled.get(source, 0.0) * SLACK:
        negated, name = heappop(heap)
        if name in settled:
            continue
        settled[name] = -negated
        for position in graph.select_followed(graph.adjacency.find_positions(name, Way.UPSTREAM)):
            other, confidence = neighbours[position], -negated * entries[position].confidence
            if confidence > best.get(other, -1.0):
                best[other] = confidence
                heappush(heap, (-confidence, other))
    return settled


def _iterate_improving_paths(
    graph: Graph, source: str, target: str, depth: int, can_extend: ExtensionTest
) -> Iterator[LineagePath]:
    """Yield paths by their number of hops, each more confident than every shorter one.

    Each is the most confident of its length. All products on the way are reached hop by hop. A
    path is extended only if it is more confident than every shorter path to the same product, and
    than every path to the target so far: no confidence is above 1, so an extension never makes up
    for that.
    """
    entries, neighbours = graph.entries, graph.adjacency.get_neighbours(Way.DOWNSTREAM)
    best = {source: 1.0}
    layers: list[Arrivals] = []
    frontier = {source: 1.0}
    for left in reversed(range(depth)):
        arrivals: Arrivals = {}
        for name, so_far in frontier.items():
            positions = graph.adjacency.find_positions(name, Way.DOWNSTREAM)
            for position in graph.select_followed(positions):
                other, confidence = neighbours[position], so_far * entries[position].confidence
                if (
                    confidence > best.get(other, -1.0)
                    and confidence > best.get(target, -1.0)
                    and (other not in arrivals or confidence > arrivals[other][0])
                    and can_extend(other, confidence, left)
                ):
                    arrivals[other] = confidence, position
        if not arrivals:
            return
        layers.append(arrivals)
        frontier = {name: confidence for name, (confidence, _) in arrivals.items()}
        best |= frontier
        if target in arrivals:
            yield _build_path(graph, layers, target)


def _build_path(graph: Graph, layers: list[Arrivals], target: str) -> LineagePath:
    """Return the path that reached the target in the last layer, traced back from there."""
    entries: list[LineageRecord] = []
    name = target
    for arrivals in reversed(layers):
        entry = graph.entries[arrivals[name][1]]
        entries.insert(0, entry)
        name = entry.source
    return {
        "products": [name, *(entry.target for entry in entries)],
        "entries": [entry.to_model() for entry in entries],
        "confidence": layers[-1][target][0] if layers else 1.0,
    }
