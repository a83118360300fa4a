"""Walks over visible lineage: which products are reached from one, how near and how surely.

Distances, path confidences and what a bound leaves out are defined in
docs/adr/0008-path-confidence.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

from datamesh.errors import ProductNotFound
from datamesh.models.graph import Direction, Way
from datamesh.models.lineage import LineageType
from datamesh.services.lineage.visibility import is_visible
from datamesh.services.registry.lineage_index import Verdicts
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord

type Steps = Mapping[str, Sequence[int]]
"""Product -> the places of the entries that are followed from it."""


@dataclass(frozen=True)
class Filter:
    """Which entries are followed."""

    min_confidence: float = 0.0
    lineage_type: LineageType | None = None

    def accepts(self, entry: LineageRecord) -> bool:
        return entry.confidence >= self.min_confidence and (
            self.lineage_type is None or entry.lineage_type is self.lineage_type
        )


EVERYTHING = Filter()


class Graph:
    """The visible lineage of a registry that a filter accepts, as one request sees it."""

    def __init__(self, registry: Registry, only: Filter = EVERYTHING) -> None:
        file = registry.products.read()
        lineage = registry.lineage.read()
        self.products = file.products
        self.entries = lineage.lineage
        self.adjacency = registry.lineage_index.of(lineage)
        self._file = file
        self._accepts = None if only == EVERYTHING else only.accepts
        self._verdicts = registry.lineage_index.verdicts.of(lineage, file)

    def product(self, name: str) -> ProductRecord:
        """Raises ProductNotFound."""
        try:
            return self.products[name]
        except KeyError:
            raise ProductNotFound(name) from None

    def followed(self, places: Iterable[int]) -> list[int]:
        """Those places whose entries are visible and accepted."""
        verdicts, visible = self._verdicts, Verdicts.VISIBLE
        found = [at for at in places if (verdicts[at] or self._judged(at)) == visible]
        if self._accepts is None:
            return found
        return [at for at in found if self._accepts(self.entries[at])]

    def _judged(self, place: int) -> int:
        entry = self.entries[place]
        # Files of old may hold any number.
        visible = entry.confidence >= 0 and is_visible(entry, self._file)
        verdict = Verdicts.VISIBLE if visible else Verdicts.HIDDEN
        self._verdicts[place] = verdict
        return verdict

    def leading(self, name: str, way: Way) -> list[LineageRecord]:
        """The entries that are followed from a product, oldest first."""
        return [self.entries[at] for at in self.followed(self.adjacency.places(name, way))]


class Reached(NamedTuple):
    """How a walk comes to a product. The one it starts from is reached in no way."""

    distance: int
    confidence: float
    way: Way | None

    def is_better_than(self, other: "Reached") -> bool:
        """Nearer, or more confident at the same distance."""
        return (self.distance, -self.confidence) < (other.distance, -other.confidence)


@dataclass(frozen=True)
class Walk:
    nodes: dict[str, Reached]
    """Nearest first; those of one distance by their names."""
    places: list[int]
    """Of the entries that were followed between the nodes, those of the nearest node first."""
    truncated: bool
    """Whether there are more nodes within the depth."""


def walk(graph: Graph, start: str, direction: Direction, depth: int, max_nodes: int) -> Walk:
    """The nearest products within `depth` hops. Raises ProductNotFound."""
    graph.product(start)
    reached = {way: distances(graph, start, way, depth, enough=max_nodes) for way in direction.ways}
    nearest: dict[str, int] = {}
    for found in reached.values():
        for name, distance in found.items():
            nearest[name] = min(distance, nearest.get(name, distance))
    ranked = sorted(zip(nearest.values(), nearest, strict=True))
    kept = [name for _, name in ranked[:max_nodes]]
    steps = {
        way: _steps(graph, [name for name in kept if name in found], way)
        for way, found in reached.items()
    }
    nodes: dict[str, Reached] = {}
    for way, found in reached.items():
        for name, confidence in _confidences(graph, start, way, steps[way]).items():
            node = Reached(found[name], confidence, way)
            if name not in nodes or node.is_better_than(nodes[name]):
                nodes[name] = node
    nodes[start] = Reached(0, 1.0, None)
    # Each once, though both ways may have followed it: around a cycle through the start.
    places = {at: None for name in kept for each in steps.values() for at in each.get(name, ())}
    return Walk({name: nodes[name] for name in kept}, list(places), len(ranked) > max_nodes)


def distances(
    graph: Graph,
    start: str,
    way: Way,
    depth: int,
    *,
    enough: float = inf,
    until: str | None = None,
) -> dict[str, int]:
    """Product -> the fewest hops to it, up to the distance at which there are more than enough, or
    `until` is among them."""
    adjacent, ends = graph.adjacency.of(way), graph.adjacency.ends(way)
    reached = {start: 0}
    frontier: Iterable[str] = (start,)
    for distance in range(1, depth + 1):
        found: dict[str, int] = {}
        for name in frontier:
            new = [at for at in adjacent.get(name, ()) if ends[at] not in reached]
            found.update((ends[at], distance) for at in graph.followed(new))
        reached |= found
        frontier = found
        if not found or until in found or len(reached) > enough:
            break
    return reached


def _steps(graph: Graph, names: Sequence[str], way: Way) -> Steps:
    """What is followed from each of these products to any of them."""
    adjacent, ends, among = graph.adjacency.of(way), graph.adjacency.ends(way), set(names)
    return {
        name: graph.followed([at for at in adjacent.get(name, ()) if ends[at] in among])
        for name in names
    }


def _confidences(graph: Graph, start: str, way: Way, steps: Steps) -> dict[str, float]:
    """Product -> the best product of confidences over all paths to it, multiplied from the start.

    Dijkstra's algorithm: no confidence is above 1, so a product never grows along a path, and
    rounded multiplication keeps the order of its operands.
    """
    entries, ends = graph.entries, graph.adjacency.ends(way)
    best = {start: 1.0}
    heap = [(-1.0, start)]
    settled: set[str] = set()
    while heap:
        negated, name = heappop(heap)
        if name in settled:
            continue
        settled.add(name)
        for place in steps[name]:
            other, confidence = ends[place], -negated * entries[place].confidence
            if confidence > best.get(other, -1.0):
                best[other] = confidence
                heappush(heap, (-confidence, other))
    return best
