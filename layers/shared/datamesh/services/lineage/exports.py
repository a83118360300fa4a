"""Export of the lineage graph in the formats of other tools."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from datamesh.models.graph import MAX_EDGES, MAX_NODES, Direction, ExportFormat
from datamesh.services.context import RequestContext
from datamesh.services.lineage.export_formats import WRITERS
from datamesh.services.lineage.walk import Graph, LineageFilter, walk_graph
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord


@dataclass(frozen=True)
class Export:
    """A graph as text in one of the formats."""

    text: str
    truncated: bool
    """True if a bound left something out."""


def export_graph(
    context: RequestContext,
    registry: Registry,
    kind: ExportFormat,
    *,
    product: str | None,
    direction: Direction,
    depth: int,
    only: LineageFilter,
) -> Export:
    """Return the whole graph in the order of registration, or that around `product`, nearest first.

    It is bounded in products and entries, and by what the format's tools can open. Raises
    ProductNotFound.
    """
    graph = Graph(context, registry, only)
    if product is None:
        nodes: Sequence[ProductRecord] = list(islice(graph.products.values(), MAX_NODES))
        entries: Iterable[LineageRecord] = _find_entries_between(
            graph, {node.name for node in nodes}
        )
        more = len(graph.products) > len(nodes)
    else:
        found = walk_graph(graph, product, direction, depth, MAX_NODES)
        nodes = [graph.products[name] for name in found.nodes]
        entries, more = (graph.entries[at] for at in found.positions), found.truncated
    text, cut = _write_graph(kind, nodes, entries)
    return Export(text, more or cut)


def _find_entries_between(graph: Graph, names: set[str]) -> Iterator[LineageRecord]:
    for position, entry in enumerate(graph.entries):
        if entry.source in names and entry.target in names and graph.select_followed([position]):
            yield entry


def _write_graph(
    kind: ExportFormat, nodes: Iterable[ProductRecord], entries: Iterable[LineageRecord]
) -> tuple[str, bool]:
    """Return the text, and whether something was left out. Nodes may take half of the bytes."""
    writer = WRITERS[kind]()
    left, max_edges = writer.max_bytes, min(MAX_EDGES, writer.max_edges)
    written_nodes: dict[str, str] = {}
    lines: list[str] = []
    cut = False
    for node in nodes:
        line = writer.write_node(node)
        if 2 * (left - len(line.encode())) < writer.max_bytes:
            cut = True
            break
        left -= len(line.encode())
        written_nodes[node.name] = line
    for entry in entries:
        if entry.source not in written_nodes or entry.target not in written_nodes:
            continue
        line = writer.write_edge(entry)
        left -= len(line.encode())
        if left < 0 or len(lines) == max_edges:
            cut = True
            break
        lines.append(line)
    return writer.write_document(list(written_nodes.values()), lines), cut
