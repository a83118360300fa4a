"""Column lineage of a whole product: of all its columns, both ways, in one read."""

from collections.abc import Iterator, Mapping, Sequence

from datamesh.models.graph import Direction, ProductColumnGraph, Way
from datamesh.models.lineage import ColumnLineage
from datamesh.services.context import RequestContext
from datamesh.services.lineage.columns import (
    ColumnIndex,
    ProductColumn,
    build_column_edges,
    compute_column_distances,
)
from datamesh.services.lineage.known_columns import KnownColumns
from datamesh.services.lineage.walk import Graph
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.records import LineageRecord


def build_product_column_graph(
    context: RequestContext,
    registry: Registry,
    product: str,
    *,
    direction: Direction,
    depth: int,
    max_nodes: int,
    limit: int,
    offset: int,
) -> tuple[ProductColumnGraph, Page[str]]:
    """Return the lineage of the columns of a page of a product, and that page.

    Beside these columns the answer has the `max_nodes` nearest others within `depth` hops. Raises
    ProductNotFound.
    """
    graph = Graph(context, registry)
    graph.get_product(product)
    known = KnownColumns(graph.products)
    indexes = {way: ColumnIndex(graph, way, known) for way in Way}
    page = cut_page(_list_columns(product, known, indexes), limit, offset)
    starts = [ProductColumn(product, name) for name in page.items]
    enough = len(starts) + max_nodes
    reached = {
        way: compute_column_distances(indexes[way], starts, depth, enough) for way in direction.ways
    }
    nearest: dict[ProductColumn, int] = {}
    for distances in reached.values():
        for column, distance in distances.items():
            nearest[column] = min(distance, nearest.get(column, distance))
    others = sorted((distance, column) for column, distance in nearest.items() if distance)
    kept = starts + [column for _, column in others[:max_nodes]]
    edges, cut = build_column_edges(_iterate_pairs(indexes, reached, kept))
    answer: ProductColumnGraph = {
        "product": product,
        "direction": direction,
        "depth": depth,
        "nodes": [
            {"product": each.product, "column": each.name, "distance": nearest[each]}
            for each in kept
        ],
        "edges": edges,
        "truncated": cut or len(others) > max_nodes,
    }
    return answer, page


def _list_columns(
    product: str, known: KnownColumns, indexes: Mapping[Way, ColumnIndex]
) -> Sequence[str]:
    """Return the columns of the schema in its order, then others that lineage names, by name."""
    named = {name for index in indexes.values() for name in index.list_columns(product)}
    columns = known.get_columns(product).names
    return [*columns, *sorted(named.difference(columns))]


def _iterate_pairs(
    indexes: Mapping[Way, ColumnIndex],
    reached: Mapping[Way, Mapping[ProductColumn, int]],
    kept: Sequence[ProductColumn],
) -> Iterator[tuple[LineageRecord, ColumnLineage]]:
    """Yield what was followed between the columns, each once, those of the nearest first."""
    seen: set[tuple[str, str, str]] = set()
    among = {way: {*kept} & distances.keys() for way, distances in reached.items()}
    for column in kept:
        for way, columns in among.items():
            for other, entry, pair in indexes[way].find_hops(column) if column in columns else ():
                key = (entry.id, pair.source, pair.target)
                if other in columns and key not in seen:
                    seen.add(key)
                    yield entry, pair
