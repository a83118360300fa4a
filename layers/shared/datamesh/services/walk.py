"""Walks over visible lineage: which products are reached from one, how near and how surely.

Distances, path confidences and what a bound leaves out are defined in
docs/adr/0008-path-confidence.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from datamesh.errors import ProductNotFound
from datamesh.models.graph import Direction, Way
from datamesh.models.lineage import LineageType, StoredLineageEntry
from datamesh.models.products import StoredProduct
from datamesh.services.lineage import is_visible
from datamesh.services.registry import Registry

type Steps = Mapping[str, Sequence[int]]
"""Product -> the places of the entries that are followed from it."""


@dataclass(frozen=True)
class Filter:
    """Which entries are followed."""

    min_confidence: float = 0.0
    lineage_type: LineageType | None = None

    def accepts(self, entry: StoredLineageEntry) -> bool:
        return entry.confidence >= self.min_confidence and (
            self.lineage_type is None or entry.lineage_type == self.lineage_type
        )


class Graph:
    """The visible lineage of a registry that a filter accepts, as one request sees it."""

    def __init__(self, registry: Registry, only: Filter | None = None) -> None:
        file = registry.products.read()
        lineage = registry.lineage.read()
        self.products = file.products
        self.entries = lineage.lineage
        self.adjacency = registry.lineage_index.of(lineage)
        self._file = file
        self._only = only or Filter()
        self._verdicts: dict[int, bool] = {}

    def product(self, name: str) -> StoredProduct:
        """Raises ProductNotFound."""
        try:
            return self.products[name]
        except KeyError:
            raise ProductNotFound(name) from None

    def follows(self, place: int) -> bool:
        """Whether the entry at a place is visible and accepted; found out once."""
        verdict = self._verdicts.get(place)
        if verdict is None:
            entry = self.entries[place]
            verdict = self._only.accepts(entry) and is_visible(entry, self._file)
            self._verdicts[place] = verdict
        return verdict

    def followed(self, name: str, way: Way) -> list[StoredLineageEntry]:
        places = self.adjacency.places(name, way)
        return [self.entries[place] for place in places if self.follows(place)]


class Reached(NamedTuple):
    """How a walk comes to a product. The one it starts from is reached in no way."""

    distance: int
    confidence: float
    way: Way | None


@dataclass(frozen=True)
class Walk:
    nodes: dict[str, Reached]
    """Nearest first; those of one distance by their names."""
    entries: list[StoredLineageEntry]
    """What was followed between the nodes, those of the nearest node first."""
    truncated: bool
    """Whether there are more nodes within the depth."""


def walk(graph: Graph, start: str, direction: Direction, depth: int, max_nodes: int) -> Walk:
    """The nearest products within `depth` hops. Raises ProductNotFound."""
    graph.product(start)
    reached = {way: _distances(graph, start, way, depth, max_nodes) for way in direction.ways}
    nearest: dict[str, int] = {}
    for distances in reached.values():
        for name, distance in distances.items():
            nearest[name] = min(distance, nearest.get(name, distance))
    kept = sorted(nearest, key=lambda name: (nearest[name], name))
    truncated = len(kept) > max_nodes
    del kept[max_nodes:]
    steps = {
        way: _steps(graph, [name for name in kept if name in distances], way)
        for way, distances in reached.items()
    }
    confidences = {way: _confidences(graph, start, way, steps[way]) for way in steps}
    nodes = {name: _reached(name, reached, confidences) for name in kept}
    nodes[start] = Reached(0, 1.0, None)
    # Once, though both ways may have followed it: around a cycle through the start.
    places = {at: None for name in kept for found in steps.values() for at in found.get(name, ())}
    return Walk(nodes, [graph.entries[place] for place in places], truncated)


def _distances(graph: Graph, start: str, way: Way, depth: int, enough: int) -> dict[str, int]:
    """Product -> the fewest hops to it, up to the distance at which there are more than enough."""
    entries, upstream, follows = graph.entries, way is Way.UPSTREAM, graph.follows
    adjacent = graph.adjacency.of(way)
    distances = {start: 0}
    frontier: Iterable[str] = (start,)
    for distance in range(1, depth + 1):
        found: dict[str, int] = {}
        for name in frontier:
            for place in adjacent.get(name, ()):
                other = entries[place].source if upstream else entries[place].target
                if other not in distances and other not in found and follows(place):
                    found[other] = distance
        distances |= found
        frontier = found
        if not found or len(distances) > enough:
            break
    return distances


def _steps(graph: Graph, names: Sequence[str], way: Way) -> Steps:
    """What is followed from each of these products to any of them."""
    entries, upstream, follows = graph.entries, way is Way.UPSTREAM, graph.follows
    adjacent, among = graph.adjacency.of(way), set(names)
    return {
        name: [
            place
            for place in adjacent.get(name, ())
            if (entries[place].source if upstream else entries[place].target) in among
            and follows(place)
        ]
        for name in names
    }


def _confidences(graph: Graph, start: str, way: Way, steps: Steps) -> dict[str, float]:
    """Product -> the best product of confidences over all paths to it, multiplied from the start.

    Dijkstra's algorithm: no confidence is above 1, so a product never grows along a path, and
    rounded multiplication keeps the order of its operands.
    """
    entries, upstream = graph.entries, way is Way.UPSTREAM
    best = {start: 1.0}
    heap = [(-1.0, start)]
    settled: set[str] = set()
    while heap:
        negated, name = heappop(heap)
        if name in settled:
            continue
        settled.add(name)
        for place in steps[name]:
            entry = entries[place]
            other = entry.source if upstream else entry.target
            confidence = -negated * entry.confidence
            if confidence > best.get(other, -1.0):
                best[other] = confidence
                heappush(heap, (-confidence, other))
    return best


def _reached(
    name: str,
    distances: Mapping[Way, Mapping[str, int]],
    confidences: Mapping[Way, Mapping[str, float]],
) -> Reached:
    """The nearer way, or the more confident one of two that are as near."""
    found = [
        Reached(distances[way][name], confidences[way][name], way)
        for way in distances
        if name in confidences[way]
    ]
    return min(found, key=lambda reached: (reached.distance, -reached.confidence))
