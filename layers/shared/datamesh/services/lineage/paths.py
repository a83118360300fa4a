"""The paths from one product to another."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from datamesh.models.graph import LineagePath, LineagePaths, Way
from datamesh.services.lineage.walk import Filter, Graph, distances
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord

SLACK = 1 - 1e-9
"""More than rounding takes away from a product, however its factors are grouped."""

SMALLEST = 1e-290
"""Below it, floats round more coarsely than that."""

type Arrivals = dict[str, tuple[float, int]]
"""Product -> the best confidence of a path of some number of hops to it, and the place of its last
entry."""

type Worth = Callable[[str, float, int], bool]
"""(product, confidence so far, hops left) -> whether to go on from there."""


def between(
    registry: Registry, source: str, target: str, *, depth: int, only: Filter
) -> LineagePaths:
    """A most confident and a shortest path of at most `depth` hops, ties broken by the other.

    From a product to itself it is the path without entries. Raises ProductNotFound.
    """
    graph = Graph(registry, only)
    for end in (source, target):
        graph.product(end)
    confident = short = None
    if source == target:
        confident = short = _path(graph, [], source)
    elif hops := distances(graph, target, Way.UPSTREAM, depth, until=source).get(source):
        *_, short = _through(graph, source, target, hops)
        confident = _most_confident(graph, source, target, depth)
    return {"source": source, "target": target, "most_confident": confident, "shortest": short}


def _through(graph: Graph, source: str, target: str, depth: int) -> Iterator[LineagePath]:
    """What `_improving` finds if it may go wherever the target can still be reached from."""
    to_go = distances(graph, target, Way.UPSTREAM, depth)
    return _improving(
        graph, source, target, depth, lambda name, _, left: to_go.get(name, depth) <= left
    )


def _most_confident(graph: Graph, source: str, target: str, depth: int) -> LineagePath:
    """Go only where the best product can still be reached. If there it takes more than `depth`
    hops, or all of them are next to nothing, go everywhere."""
    ahead = _confidence_ahead(graph, source, target)
    bar = ahead.get(source, 0.0) * SLACK
    found: list[LineagePath] = []
    if bar > SMALLEST:
        found = list(
            _improving(
                graph,
                source,
                target,
                depth,
                lambda name, so_far, _: so_far * ahead.get(name, 0.0) >= bar,
            )
        )
    return (found or list(_through(graph, source, target, depth)))[-1]


def _confidence_ahead(graph: Graph, source: str, target: str) -> dict[str, float]:
    """Product -> the best product of confidences from it to the target, but for rounding; of those
    products alone for which it is no smaller than for the source."""
    entries, ends = graph.entries, graph.adjacency.ends(Way.UPSTREAM)
    settled: dict[str, float] = {}
    best = {target: 1.0}
    heap = [(-1.0, target)]
    while heap and -heap[0][0] >= settled.get(source, 0.0) * SLACK:
        negated, name = heappop(heap)
        if name in settled:
            continue
        settled[name] = -negated
        for place in graph.followed(graph.adjacency.places(name, Way.UPSTREAM)):
            other, confidence = ends[place], -negated * entries[place].confidence
            if confidence > best.get(other, -1.0):
                best[other] = confidence
                heappush(heap, (-confidence, other))
    return settled


def _improving(
    graph: Graph, source: str, target: str, depth: int, worth: Worth
) -> Iterator[LineagePath]:
    """Paths by their number of hops, each the most confident of its length, and more confident
    than every shorter one.

    All products on the way are reached hop by hop. An arrival is gone on from only if it is more
    confident than every shorter path to the same product, and than every path to the target so
    far: no confidence is above 1, so going on never makes up for that.
    """
    entries, ends = graph.entries, graph.adjacency.ends(Way.DOWNSTREAM)
    best = {source: 1.0}
    layers: list[Arrivals] = []
    frontier = {source: 1.0}
    for left in reversed(range(depth)):
        arrivals: Arrivals = {}
        for name, so_far in frontier.items():
            for place in graph.followed(graph.adjacency.places(name, Way.DOWNSTREAM)):
                other, confidence = ends[place], so_far * entries[place].confidence
                if (
                    confidence > best.get(other, -1.0)
                    and confidence > best.get(target, -1.0)
                    and (other not in arrivals or confidence > arrivals[other][0])
                    and worth(other, confidence, left)
                ):
                    arrivals[other] = confidence, place
        if not arrivals:
            return
        layers.append(arrivals)
        frontier = {name: confidence for name, (confidence, _) in arrivals.items()}
        best |= frontier
        if target in arrivals:
            yield _path(graph, layers, target)


def _path(graph: Graph, layers: list[Arrivals], target: str) -> LineagePath:
    """The path that arrived in the last layer, followed back."""
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
