"""Count the neighbours of products that a caller may not see: lineage ends before them."""

from collections.abc import Iterable

from datamesh.models.graph import Direction
from datamesh.services.context import RequestContext
from datamesh.services.lineage.visibility import is_visible
from datamesh.services.lineage.walk import Graph, LineageFilter
from datamesh.storage.files import ProductsFile


def count_hidden_neighbours(
    context: RequestContext,
    graph: Graph,
    everything: ProductsFile | None,
    names: Iterable[str],
    direction: Direction,
    only: LineageFilter,
) -> dict[str, int]:
    """Return product -> how many of its neighbours are hidden, for those that have any.

    Readers of a product hear it: whoever is none must not learn that there are private products.
    `everything` is the file with the products that are hidden; None if there are none.
    """
    if everything is None:
        return {}
    counts = {}
    for name in names:
        if not context.permissions.is_reader(graph.products[name]):
            continue
        hidden = {
            end
            for way in direction.ways
            for position in graph.adjacency.find_positions(name, way)
            for entry in (graph.entries[position],)
            for end in (entry.source, entry.target)
            if end not in graph.products and only.is_match(entry) and is_visible(entry, everything)
        }
        if hidden:
            counts[name] = len(hidden)
    return counts
