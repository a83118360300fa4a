"""Walks over visible lineage: the products reached from one, their distance and confidence.

Distances, path confidences and what a bound leaves out are defined in
docs/adr/0008-path-confidence.md. A position is an entry's index in the list of lineage entries.
"""

from array import array
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
from datamesh.services.registry.lineage_index import GraphCache, NodeSteps
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import require_product_record
from datamesh.storage.records import LineageRecord, ProductRecord

type Steps = Mapping[str, Sequence[tuple[str, float, int]]]
"""Product -> where entries that are followed from it lead, their confidence and position."""


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
        self.cache = registry.lineage_index.get_cache(lineage, file)
        self._file = file
        self._only = only
        # A filter of one request is not worth remembering what it lets through.
        self._steps = self.cache.steps if only == NO_FILTER else {way: {} for way in Way}

    def get_product(self, name: str) -> ProductRecord:
        """Return a product. Raises ProductNotFound if none has that name."""
        return require_product_record(self._file, name)

    def select_followed(self, positions: Iterable[int]) -> list[int]:
        """Return those positions whose entries are visible and match the filter."""
        states, check, is_match = self.cache.states, self._check_visibility, self._only.is_match
        found = [at for at in positions if (states[at] or check(at)) == GraphCache.VISIBLE]
        if self._only == NO_FILTER:
            return found
        return [at for at in found if is_match(self.entries[at])]

    def _check_visibility(self, position: int) -> int:
        """Find out whether an entry is visible, and cache it: VISIBLE or HIDDEN."""
        entry = self.entries[position]
        # Files of old may hold any number.
        visible = entry.confidence >= 0 and is_visible(entry, self._file)
        state = GraphCache.VISIBLE if visible else GraphCache.HIDDEN
        self.cache.states[position] = state
        return state

    def find_neighbours(self, names: Iterable[str], way: Way) -> set[str]:
        """Return the products one hop from any of some."""
        get_steps = self._steps[way].get
        found = (get_steps(name) or self._find_node_steps(name, way) for name in names)
        return set().union(*(steps.neighbours for steps in found))

    def find_steps_between(self, names: Sequence[str], way: Way) -> Steps:
        """Return what is followed from each of some products to any of them."""
        get_steps, among = self._steps[way].get, set(names)
        return {
            name: [
                step
                for step in zip(*(get_steps(name) or self._find_node_steps(name, way)), strict=True)
                if step[0] in among
            ]
            for name in names
        }

    def _find_node_steps(self, name: str, way: Way) -> NodeSteps:
        positions = self.select_followed(self.adjacency.find_positions(name, way))
        neighbours = self.adjacency.get_neighbours(way)
        steps = NodeSteps(
            tuple(neighbours[at] for at in positions),
            array("d", (self.entries[at].confidence for at in positions)),
            array("L", positions),
        )
        known = self._steps[way]
        if known is self.cache.steps[way]:
            return self.cache.keep_part(known, name, steps)
        known[name] = steps
        return steps

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
    nearest = _find_nearest(reached.values())
    # By name, then by distance: two sorts of plain keys are quicker than one of pairs.
    kept = sorted(sorted(nearest), key=nearest.__getitem__)[:max_nodes]
    steps = {
        way: graph.find_steps_between([name for name in kept if name in found], way)
        for way, found in reached.items()
    }
    nodes: dict[str, WalkNode] = {}
    for way, found in reached.items():
        for name, confidence in _compute_confidences(start, steps[way]).items():
            node, known = WalkNode(found[name], confidence, way), nodes.get(name)
            if known is None or node.is_better_than(known):
                nodes[name] = node
    nodes[start] = WalkNode(0, 1.0, None)
    # Both ways may have followed an entry, around a cycle through the start: a dict keeps it once.
    positions = {
        at: None for name in kept for each in steps.values() for _, _, at in each.get(name, ())
    }
    return Walk({name: nodes[name] for name in kept}, list(positions), len(nearest) > max_nodes)


def _find_nearest(ways: Iterable[dict[str, int]]) -> dict[str, int]:
    """Return the distance of each product by the way that is nearer."""
    nearest, *others = ways
    for found in others:
        nearest = nearest | found | {n: min(nearest[n], found[n]) for n in nearest.keys() & found}
    return nearest


def compute_distances(
    graph: Graph, start: str, way: Way, depth: int, *, enough: float = inf, until: str | None = None
) -> dict[str, int]:
    """Return the fewest hops from the start to each product within `depth` hops.

    Stop after the distance at which more than `enough` products, or the product `until`, are
    reached.
    """
    reached = {start: 0}
    found = {start}
    for distance in range(1, depth + 1):
        found = graph.find_neighbours(found, way) - reached.keys()
        reached |= dict.fromkeys(found, distance)
        if not found or until in found or len(reached) > enough:
            break
    return reached


def _compute_confidences(start: str, steps: Steps) -> dict[str, float]:
    """Return each product's best path confidence, multiplied from the start.

    Dijkstra's algorithm: no confidence is above 1, so a path's confidence never grows with its
    length, and rounded multiplication keeps the order of its operands.
    """
    # Negated throughout: the heap has its smallest first, and a factor leaves the sign as it is.
    best = dict.fromkeys(steps, 1.0) | {start: -1.0}
    heap = [(-1.0, start)]
    while heap:
        so_far, name = heappop(heap)
        if so_far > best[name]:
            continue
        for other, factor, _ in steps[name]:
            confidence = so_far * factor
            if confidence < best[other]:
                best[other] = confidence
                heappush(heap, (confidence, other))
    return {name: -confidence for name, confidence in best.items() if confidence <= 0}
