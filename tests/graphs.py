"""Graphs of lineage, put straight into the registry's files, and what networkx makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx

from datamesh.models.lineage import LineageType, StoredLineageEntry
from datamesh.models.stored_products import StoredProduct
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from tests.contexts import NO_DEADLINE
from tests.meshes import NOON, mesh

REVISION = 10
"""The revision of the products: what was registered in it is younger than an entry that saw an
older one."""


@dataclass(frozen=True)
class Edge:
    """An entry, as far as it matters to a walk."""

    source: str
    target: str
    confidence: float = 1.0
    kind: LineageType = LineageType.DIRECT
    superseded: bool = False
    seen: int = REVISION


RINGS = [
    Edge("raw", "orders", 0.9),
    Edge("orders", "revenue", 0.5),
    Edge("orders", "revenue", 0.8),
    Edge("revenue", "report"),
    Edge("orders", "report", 0.7),
    Edge("report", "revenue", 0.1),
    Edge("orders", "orders", 0.2),
    Edge("island", "shore"),
]
"""A cycle, a product that feeds itself, parallel entries, two ways, and what is not connected."""


def product(name: str, since: int = 1) -> StoredProduct:
    return StoredProduct(
        name=name,
        domain=f"domain of {name}",
        owner=f"owner of {name}",
        description="One of a graph",
        schema={},
        created_at=NOON,
        updated_at=NOON,
        since_revision=since,
    )


def entry(number: int, edge: Edge) -> StoredLineageEntry:
    return StoredLineageEntry(
        id=f"entry-{number}",
        source=edge.source,
        target=edge.target,
        transformation=f"step {number}",
        lineage_type=edge.kind,
        confidence=edge.confidence,
        superseded=edge.superseded,
        products_revision=edge.seen,
        timestamp=NOON,
    )


def lineage_file(edges: Iterable[Edge], revision: int = 1) -> LineageFile:
    entries = [entry(number, edge) for number, edge in enumerate(edges)]
    return LineageFile.from_models(entries, revision=revision)


def graph_mesh(
    edges: Sequence[Edge], names: Iterable[str] | None = None, reborn: Iterable[str] = ()
) -> Registry:
    """A registry with these entries. `names` are the products, by default all ends; those of
    `reborn` were registered anew in the latest revision."""
    if names is None:
        names = dict.fromkeys(end for edge in edges for end in (edge.source, edge.target))
    again = set(reborn)
    registered = [product(name, REVISION if name in again else 1) for name in names]
    products = ProductsFile.from_models(registered, revision=REVISION)
    return mesh(
        products=MemoryObject("products.json", products.encode()),
        lineage=MemoryObject("lineage.json", lineage_file(edges).encode()),
    )


def chain(*names: str, confidence: float = 1.0) -> list[Edge]:
    return [Edge(source, target, confidence) for source, target in pairwise(names)]


def as_networkx(registry: Registry, edges: Sequence[Edge]) -> "nx.MultiDiGraph[str]":
    """The visible entries, by a definition of visibility of its own."""
    products = registry.products.read(NO_DEADLINE).products
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(products)
    for number, edge in enumerate(edges):
        ends = [products.get(edge.source), products.get(edge.target)]
        if not edge.superseded and all(end and end.since_revision <= edge.seen for end in ends):
            graph.add_edge(
                edge.source,
                edge.target,
                key=f"entry-{number}",
                confidence=edge.confidence,
                kind=edge.kind,
            )
    return graph


def simple_paths(
    judge: "nx.MultiDiGraph[str]", start: str, target: str, cutoff: int | None = None
) -> list[tuple[float, int]]:
    """The product of confidences, multiplied in the order of the path, and the hops of each simple
    path. From a product to itself that is the one without hops."""
    if start == target:
        return [(1.0, 0)]
    found = []
    paths: Any = nx.all_simple_edge_paths(judge, start, target, cutoff=cutoff)
    for path in paths:
        product = 1.0
        for hop in path:
            product *= judge.edges[hop]["confidence"]
        found.append((product, len(path)))
    return found
