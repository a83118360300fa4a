"""Walks over visible lineage: the products reached from one, their distance and confidence.

Distances, path confidences and what a bound leaves out are defined in
docs/adr/0008-path-confidence.md. A position is an entry's index in the list of lineage entries.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

from datamesh.models.graph import Direction, Way
from datamesh.models.lineage import LineageType
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import get_adjacency, read_registry_files
from datamesh.services.lineage.visibility import has_own_columns, is_visible
from datamesh.services.registry.lineage_index import VisibilityCache
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import require_product_record
from datamesh.storage.records import LineageRecord, ProductRecord

type Steps = Mapping[str, Sequence[int]]
"""Product -> the positions of the entries that are followed from it."""


@dataclass(frozen=True)
class LineageFilter:
    """The condition on the entries that a walk follows."""

    min_confidence: float = 0.0
    lineage_type: LineageType | None = None

    def is_match(self, entry: LineageRecord) -> bool:
        """Return whether a walk may follow this entry."""
        return entry.confidence >= self.min_confidence and (
            self.lineage_type is None or entry.lineage_type is self.lineage_type
        )


NO_FILTER = LineageFilter()


class Graph:
    """The visible lineage of a registry that matches a filter, as one request sees it."""

    def __init__(
        self, context: RequestContext, registry: Registry, only: LineageFilter = NO_FILTER
    ) -> None:
        lineage, file = read_registry_files(context, registry)
        self.products = file.products
        self.entries = lineage.lineage
        self.adjacency = get_adjacency(registry, lineage, file)
        self._file = file
        self._is_match = None if only == NO_FILTER else only.is_match
        self._states = registry.lineage_index.visibility.get_states(lineage, file)

    def get_product(self, name: str) -> ProductRecord:
        """Return a product. Raises ProductNotFound if none has that name."""
        return require_product_record(self._file, name)

    def select_followed(self, positions: Iterable[int]) -> list[int]:
        """Return those positions whose entries are visible and match the filter."""
        states, visible = self._states, VisibilityCache.VISIBLE
        found = [at for at in positions if (states[at] or self._check_visibility(at)) == visible]
        if self._is_match is None:
            return found
        return [at for at in found if self._is_match(self.entries[at])]

    def _check_visibility(self, position: int) -> int:
        """Find out whether an entry is visible, and cache it: VISIBLE or HIDDEN."""
        entry = self.entries[position]
        # Files of old may hold any number.
        visible = entry.confidence >= 0 and is_visible(entry, self._file)
        state = VisibilityCache.VISIBLE if visible else VisibilityCache.HIDDEN
        self._states[position] = state
        return state

    def find_entries(self, name: str, way: Way) -> list[LineageRecord]:
        """Return the entries that are followed from a product, oldest first."""
        followed = self.select_followed(self.adjacency.find_positions(name, way))
        return [self.entries[at] for at in followed]

    def find_column_entries(self, name: str, way: Way) -> list[LineageRecord]:
        """Return the entries that columns of a product are followed along.

        Those within the product itself come last.
        """
        at_product = (self.entries[at] for at in self.adjacency.find_positions(name, way))
        own = [entry for entry in at_product if has_own_columns(entry, self._file)]
        return self.find_entries(name, way) + own


class WalkNode(NamedTuple):
    """A product that a walk has reached. The way is None for the product that it starts from."""

    distance: int
    """The fewest hops to the product."""
    confidence: float
    """The highest path confidence, 0 to 1."""
    way: Way | None

    def is_better_than(self, other: "WalkNode") -> bool:
        """Return whether this is nearer, or more confident at the same distance."""
        return (self.distance, -self.confidence) < (other.distance, -other.confidence)


@dataclass(frozen=True)
class Walk:
    """The result of a walk: the nearest products and the entries between them."""

    nodes: dict[str, WalkNode]
    """The products by name, nearest first; those of one distance by their names."""
    positions: list[int]
    """The entries that were followed between the nodes, those of the nearest node first."""
    truncated: bool
    """True if there are more nodes within the depth."""


def walk_graph(graph: Graph, start: str, direction: Direction, depth: int, max_nodes: int) -> Walk:
    """Return the nearest products within `depth` hops, the start among them.

    Raises ProductNotFound if the start is not registered.
    """
    graph.get_product(start)
    reached = {
        way: compute_distances(graph, start, way, depth, enough=max_nodes) for way in direction.ways
    }
    nearest: dict[str, int] = {}
    for found in reached.values():
        for name, distance in found.items():
            nearest[name] = min(distance, nearest.get(name, distance))
    ranked = sorted(zip(nearest.values(), nearest, strict=True))
    kept = [name for _, name in ranked[:max_nodes]]
    steps = {
        way: _find_steps(graph, [name for name in kept if name in found], way)
        for way, found in reached.items()
    }
    nodes: dict[str, WalkNode] = {}
    for way, found in reached.items():
        for name, confidence in _compute_confidences(graph, start, way, steps[way]).items():
            node = WalkNode(found[name], confidence, way)
            if name not in nodes or node.is_better_than(nodes[name]):
                nodes[name] = node
    nodes[start] = WalkNode(0, 1.0, None)
    # Both ways may have followed an entry, around a cycle through the start: a dict keeps it once.
    positions = {at: None for name in kept for each in steps.values() for at in each.get(name, ())}
    return Walk({name: nodes[name] for name in kept}, list(positions), len(ranked) > max_nodes)


def compute_distances(
    graph: Graph, start: str, way: Way, depth: int, *, enough: float = inf, until: str | None = None
) -> dict[str, int]:
    """Return the fewest hops from the start to each product within `depth` hops.

    Stop after the distance at which more than `enough` products, or the product `until`, are
    reached.
    """
    positions, neighbours = graph.adjacency.get_positions(way), graph.adjacency.get_neighbours(way)
    reached = {start: 0}
    frontier: Iterable[str] = (start,)
    for distance in range(1, depth + 1):
        found: dict[str, int] = {}
        for name in frontier:
            new = [at for at in positions.get(name, ()) if neighbours[at] not in reached]
            found.update((neighbours[at], distance) for at in graph.select_followed(new))
        reached |= found
        frontier = found
        if not found or until in found or len(reached) > enough:
            break
    return reached


def _find_steps(graph: Graph, names: Sequence[str], way: Way) -> Steps:
    """Return what is followed from each of these products to any of them."""
    positions, neighbours = graph.adjacency.get_positions(way), graph.adjacency.get_neighbours(way)
    among = set(names)
    return {
        name: graph.select_followed(
            [at for at in positions.get(name, ()) if neighbours[at] in among]
        )
        for name in names
    }


def _compute_confidences(graph: Graph, start: str, way: Way, steps: Steps) -> dict[str, float]:
    """Return each product's best path confidence, multiplied from the start.

    Dijkstra's algorithm: no confidence is above 1, so a path's confidence never grows with its
    length, and rounded multiplication keeps the order of its operands.
    """
    entries, neighbours = graph.entries, graph.adjacency.get_neighbours(way)
    best = {start: 1.0}
    heap = [(-1.0, start)]
    settled: set[str] = set()
    while heap:
        negated, name = heappop(heap)
        if name in settled:
            continue
        settled.add(name)
        for position in steps[name]:
            other, confidence = neighbours[position], -negated * entries[position].confidence
            if confidence > best.get(other, -1.0):
                best[other] = confidence
                heappush(heap, (-confidence, other))
    return best
