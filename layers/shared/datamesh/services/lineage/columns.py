"""Column lineage: which columns a column comes from, and which are made of it."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from datamesh.models.graph import MAX_EDGES, ColumnEdge, ColumnGraph, Way
from datamesh.models.lineage import ColumnLineage
from datamesh.services.lineage.walk import Graph
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord

MAX_TEXT = 500_000
"""Characters of the names of columns in the edges of an answer: nothing else bounds these names."""


class Column(NamedTuple):
    product: str
    name: str


type Hop = tuple[Column, LineageRecord, ColumnLineage]
"""Where a column leads to, and what says so."""


def around(
    registry: Registry, product: str, column: str, *, way: Way, depth: int, max_nodes: int
) -> ColumnGraph:
    """The nearest columns within `depth` hops; a column without lineage alone.

    Raises ProductNotFound.
    """
    graph = Graph(registry)
    graph.product(product)
    columns = _Columns(graph, way)
    distances = _distances(columns, Column(product, column), depth, max_nodes)
    kept = sorted(distances, key=lambda found: (distances[found], found))[:max_nodes]
    among = set(kept)
    between = (
        _edge(entry, pair)
        for found in kept
        for other, entry, pair in columns.hops(found)
        if other in among
    )
    edges, cut = _bounded(between)
    return {
        "product": product,
        "column": column,
        "direction": way,
        "depth": depth,
        "nodes": [
            {"product": found.product, "column": found.name, "distance": distances[found]}
            for found in kept
        ],
        "edges": edges,
        "truncated": cut or len(distances) > max_nodes,
    }


class _Columns:
    """What leads from column to column; the entries of a product are looked through once."""

    def __init__(self, graph: Graph, way: Way) -> None:
        self._graph = graph
        self._way = way
        self._of_product: dict[str, dict[str, list[Hop]]] = {}

    def hops(self, column: Column) -> list[Hop]:
        if column.product not in self._of_product:
            self._of_product[column.product] = self._looked_through(column.product)
        return self._of_product[column.product].get(column.name, [])

    def _looked_through(self, product: str) -> dict[str, list[Hop]]:
        found: dict[str, list[Hop]] = {}
        for entry in self._graph.leading(product, self._way):
            for pair in entry.to_model().columns:
                if self._way is Way.UPSTREAM:
                    here, there = pair.target, Column(entry.source, pair.source)
                else:
                    here, there = pair.source, Column(entry.target, pair.target)
                found.setdefault(here, []).append((there, entry, pair))
        return found


def _distances(columns: _Columns, start: Column, depth: int, enough: int) -> dict[Column, int]:
    """Column -> the fewest hops to it, up to the distance at which there are more than enough."""
    distances = {start: 0}
    frontier = [start]
    for distance in range(1, depth + 1):
        hops = chain.from_iterable(map(columns.hops, frontier))
        frontier = list(_new(hops, distances))
        distances |= dict.fromkeys(frontier, distance)
        if not frontier or len(distances) > enough:
            break
    return distances


def _new(hops: Iterator[Hop], known: dict[Column, int]) -> dict[Column, None]:
    return {other: None for other, _, _ in hops if other not in known}


def _bounded(edges: Iterable[ColumnEdge]) -> tuple[list[ColumnEdge], bool]:
    """The first of them, and whether there are more."""
    kept: list[ColumnEdge] = []
    left = MAX_TEXT
    for edge in edges:
        left -= len(edge["source_column"]) + len(edge["target_column"])
        if left < 0 or len(kept) == MAX_EDGES:
            return kept, True
        kept.append(edge)
    return kept, False


def _edge(entry: LineageRecord, pair: ColumnLineage) -> ColumnEdge:
    return {
        "id": entry.id,
        "source_product": entry.source,
        "source_column": pair.source,
        "target_product": entry.target,
        "target_column": pair.target,
        "lineage_type": pair.lineage_type.value,
    }
