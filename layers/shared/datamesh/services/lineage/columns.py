"""Column lineage: which columns a column is made from, and which are made from it."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from datamesh.models.graph import MAX_EDGES, ColumnEdge, ColumnGraph, Way
from datamesh.models.lineage import ColumnLineage
from datamesh.services.context import RequestContext
from datamesh.services.lineage.known_columns import KnownColumns
from datamesh.services.lineage.walk import Graph
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord

MAX_TEXT = 500_000
"""The most characters of column names in an answer's edges; nothing else bounds these names."""


class ProductColumn(NamedTuple):
    """A column of a product: the node of a walk over column lineage."""

    product: str
    name: str


type Hop = tuple[ProductColumn, LineageRecord, ColumnLineage]
"""A neighbouring column, and the entry and the pair of columns in it that lead there."""


def build_column_graph(
    context: RequestContext,
    registry: Registry,
    product: str,
    column: str,
    *,
    way: Way,
    depth: int,
    max_nodes: int,
) -> ColumnGraph:
    """Return the nearest columns within `depth` hops, and the edges between them.

    A column without lineage is returned alone. Raises ProductNotFound.
    """
    graph = Graph(context, registry)
    graph.get_product(product)
    columns = ColumnIndex(graph, way, KnownColumns(graph.products))
    start = ProductColumn(product, column)
    distances = compute_column_distances(columns, [start], depth, max_nodes)
    kept = sorted(distances, key=lambda found: (distances[found], found))[:max_nodes]
    among = set(kept)
    edges, cut = build_column_edges(
        (entry, pair)
        for found in kept
        for other, entry, pair in columns.find_hops(found)
        if other in among
    )
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


class ColumnIndex:
    """The hops from each column; the entries of a product are read at its first column only."""

    def __init__(self, graph: Graph, way: Way, known: KnownColumns) -> None:
        self._graph = graph
        self._way = way
        self._hops: dict[str, dict[str, list[Hop]]] = {}
        self._known = known

    def find_hops(self, column: ProductColumn) -> list[Hop]:
        """Return the hops from a column, oldest entry first."""
        if column.product not in self._hops:
            self._hops[column.product] = self._index_product(column.product)
        return self._hops[column.product].get(column.name, [])

    def list_columns(self, product: str) -> Iterable[str]:
        """Return the columns of a product that there are hops from."""
        self.find_hops(ProductColumn(product, ""))
        return self._hops[product]

    def _index_product(self, product: str) -> dict[str, list[Hop]]:
        """Return the hops from each column of a product by the column's name."""
        found: dict[str, list[Hop]] = {}
        for entry in self._graph.find_column_entries(product, self._way):
            for pair in self._known.select_pairs(entry):
                if self._way is Way.UPSTREAM:
                    here, there = pair.target, ProductColumn(entry.source, pair.source)
                else:
                    here, there = pair.source, ProductColumn(entry.target, pair.target)
                found.setdefault(here, []).append((there, entry, pair))
        return found


def compute_column_distances(
    columns: ColumnIndex, starts: Sequence[ProductColumn], depth: int, enough: int
) -> dict[ProductColumn, int]:
    """Return the fewest hops from one of the starts to each column within `depth` hops.

    Stop after the distance at which more than `enough` columns are reached.
    """
    distances = dict.fromkeys(starts, 0)
    frontier = [*starts]
    for distance in range(1, depth + 1):
        hops = chain.from_iterable(map(columns.find_hops, frontier))
        frontier = list(dict.fromkeys(other for other, _, _ in hops if other not in distances))
        distances |= dict.fromkeys(frontier, distance)
        if not frontier or len(distances) > enough:
            break
    return distances


def build_column_edges(
    pairs: Iterable[tuple[LineageRecord, ColumnLineage]],
) -> tuple[list[ColumnEdge], bool]:
    """Return the first edges, within MAX_EDGES and MAX_TEXT, and whether there are more."""
    kept: list[ColumnEdge] = []
    left = MAX_TEXT
    for entry, pair in pairs:
        left -= len(pair.source) + len(pair.target)
        if left < 0 or len(kept) == MAX_EDGES:
            return kept, True
        kept.append(_build_edge(entry, pair))
    return kept, False


def _build_edge(entry: LineageRecord, pair: ColumnLineage) -> ColumnEdge:
    return {
        "id": entry.id,
        "source_product": entry.source,
        "source_column": pair.source,
        "target_product": entry.target,
        "target_column": pair.target,
        "lineage_type": pair.lineage_type.value,
    }
