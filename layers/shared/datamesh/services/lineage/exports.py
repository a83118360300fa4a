"""The graph of lineage in the formats of other tools."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from datamesh.models.graph import MAX_EDGES, MAX_NODES, Direction, ExportFormat
from datamesh.services.lineage.export_formats import WRITERS
from datamesh.services.lineage.walk import Filter, Graph, walk
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord


@dataclass(frozen=True)
class Export:
    text: str
    truncated: bool


def export(
    registry: Registry,
    kind: ExportFormat,
    *,
    product: str | None,
    direction: Direction,
    depth: int,
    only: Filter,
) -> Export:
    """The whole graph in the order of registration, or that around a product, nearest first.

    Bounded in products and entries, and by what the format's tools open. Raises ProductNotFound.
    """
    graph = Graph(registry, only)
    if product is None:
        nodes: Sequence[ProductRecord] = list(islice(graph.products.values(), MAX_NODES))
        entries: Iterable[LineageRecord] = _between(graph, {node.name for node in nodes})
        more = len(graph.products) > len(nodes)
    else:
        found = walk(graph, product, direction, depth, MAX_NODES)
        nodes = [graph.products[name] for name in found.nodes]
        entries, more = (graph.entries[at] for at in found.places), found.truncated
    text, cut = _written(kind, nodes, entries)
    return Export(text, more or cut)


def _between(graph: Graph, names: set[str]) -> Iterator[LineageRecord]:
    for place, entry in enumerate(graph.entries):
        if entry.source in names and entry.target in names and graph.followed([place]):
            yield entry


def _written(
    kind: ExportFormat, nodes: Iterable[ProductRecord], entries: Iterable[LineageRecord]
) -> tuple[str, bool]:
    """The text, and whether something had to be left out: nodes may take half of the room."""
    writer = WRITERS[kind]()
    left, max_edges = writer.max_bytes, min(MAX_EDGES, writer.max_edges)
    drawn: dict[str, str] = {}
    lines: list[str] = []
    cut = False
    for node in nodes:
        line = writer.node(node)
        if 2 * (left - len(line.encode())) < writer.max_bytes:
            cut = True
            break
        left -= len(line.encode())
        drawn[node.name] = line
    for entry in entries:
        if entry.source not in drawn or entry.target not in drawn:
            continue
        line = writer.edge(entry)
        left -= len(line.encode())
        if left < 0 or len(lines) == max_edges:
            cut = True
            break
        lines.append(line)
    return writer.document(list(drawn.values()), lines), cut
