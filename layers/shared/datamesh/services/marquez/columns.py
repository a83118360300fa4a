"""Marquez' graph of columns: those that some are made from, and those that are made from them."""

from collections.abc import Iterator

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.graph import Way
from datamesh.models.lineage import ColumnLineage
from datamesh.models.marquez import MarquezEdge
from datamesh.models.marquez_reads import MarquezColumn, MarquezColumnGraph, MarquezColumnNode
from datamesh.models.stored_products import StoredProduct
from datamesh.services.context import RequestContext
from datamesh.services.lineage.columns import ProductColumn
from datamesh.services.lineage.known_columns import KnownColumns
from datamesh.services.lineage.walk import Graph
from datamesh.services.marquez.datasets import build_input_field
from datamesh.services.marquez.index import MarquezIndex, open_index
from datamesh.services.marquez.nodes import list_names
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, RecordedName

MAX_COLUMNS = 500
"""How many columns a graph has at most: the nearest."""
MAX_PAIRS = 5000
"""How many pairs of columns a graph has at most."""
MAX_SPLITS = 100
"""How many ways of reading the id of a column are looked at."""

type ColumnHop = tuple[ProductColumn, LineageRecord, ColumnLineage]
"""A neighbouring column, and the entry and the pair of columns in it that lead there."""


def build_column_graph(
    context: RequestContext,
    registry: Registry,
    asked: str,
    depth: int,
    *,
    with_downstream: bool,
) -> tuple[MarquezColumnGraph, bool]:
    """Return the graph around a dataset, a column or a job, and whether some is left out.

    A column without lineage is in no graph. A version in the id is ignored. Raises NodeNotFound.
    """
    walk = _ColumnWalk(open_index(context, registry), Graph(context, registry))
    starts = walk.find_starts(asked)
    if starts is None and "#" in asked:
        starts = walk.find_starts(asked.rpartition("#")[0])
    if starts is None:
        raise NodeNotFound("node", asked)
    ways = [Way.UPSTREAM, Way.DOWNSTREAM] if with_downstream else [Way.UPSTREAM]
    found = dict.fromkeys(starts[:MAX_COLUMNS])
    for way in ways:
        walk.add_columns(found, starts[:MAX_COLUMNS], way, depth)
    graph = walk.build_graph(list(found))
    return graph, walk.is_cut or len(starts) > MAX_COLUMNS


def encode_column(name: str) -> str:
    """Return the name of a column without colons: `b:c` -> `b%3Ac`."""
    return name.replace("%", "%25").replace(":", "%3A")


def decode_column(encoded: str) -> str:
    """Return the name of a column; behind colons, percent signs at the end stand for nothing."""
    told = encoded.rstrip("%") if "%3A" in encoded else encoded
    return told.replace("%3A", ":").replace("%25", "%")


class _ColumnWalk:
    """Walks over columns; the entries of a product are read once."""

    def __init__(self, index: MarquezIndex, graph: Graph) -> None:
        self._index = index
        self._graph = graph
        self._known = KnownColumns(graph.products)
        self._hops: dict[tuple[Way, str], dict[str, list[ColumnHop]]] = {}
        self._products: dict[str, StoredProduct] = {}
        self.is_cut = False

    def find_starts(self, asked: str) -> list[ProductColumn] | None:
        """Return the columns that an id means; None if there is no such node."""
        id = asked.encode(errors="surrogatepass")
        if id in self._index.datasets:
            return self._list_columns(self._index.datasets[id].product.name)
        if id in self._index.jobs:
            outputs = self._index.jobs[id].outputs
            return [each for output in outputs for each in self._list_columns(output)]
        if asked.startswith("datasetField:"):
            return next(self._find_columns(asked.removeprefix("datasetField:")), None)
        return None

    def _find_columns(self, rest: str) -> Iterator[list[ProductColumn]]:
        """Yield the columns that the rest of an id may mean, the longest dataset first."""
        colons = [at for at, letter in enumerate(rest) if letter == ":"]
        for at in colons[: -MAX_SPLITS - 1 : -1]:
            id = f"dataset:{rest[:at]}".encode(errors="surrogatepass")
            if dataset := self._index.datasets.get(id):
                product, name = dataset.product.name, rest[at + 1 :]
                columns = set(self._list_columns(product))
                for column in (name, decode_column(name)):
                    if (found := ProductColumn(product, column)) in columns:
                        yield [found]

    def _list_columns(self, product: str) -> list[ProductColumn]:
        """Return the columns of a product: those of its schema, and others that lineage names."""
        names = [*self._get_product(product).schema_]
        for way in (Way.UPSTREAM, Way.DOWNSTREAM):
            names += self._index_hops(product, way)
        return [ProductColumn(product, name) for name in dict.fromkeys(names)]

    def _get_product(self, name: str) -> StoredProduct:
        if name not in self._products:
            self._products[name] = self._graph.products[name].to_model()
        return self._products[name]

    def _index_hops(self, product: str, way: Way) -> dict[str, list[ColumnHop]]:
        """Return the hops from each column of a product."""
        found = self._hops.get((way, product))
        if found is None:
            found = self._hops[way, product] = {}
            for entry in self._graph.find_column_entries(product, way):
                for pair in self._known.select_pairs(entry):
                    source = ProductColumn(entry.source, pair.source)
                    target = ProductColumn(entry.target, pair.target)
                    here, there = (target, source) if way is Way.UPSTREAM else (source, target)
                    found.setdefault(here.name, []).append((there, entry, pair))
        return found

    def find_hops(self, column: ProductColumn, way: Way) -> list[ColumnHop]:
        """Return the hops from a column, those of the oldest entry first."""
        return self._index_hops(column.product, way).get(column.name, [])

    def add_columns(
        self, found: dict[ProductColumn, None], starts: list[ProductColumn], way: Way, depth: int
    ) -> None:
        """Add what is reached from the starts in one direction, as far as a graph may have it."""
        latest = starts
        for _ in range(depth):
            new: dict[ProductColumn, None] = {}
            for column in latest:
                new |= {each: None for each, _, _ in self.find_hops(column, way)}
                if len(found) + len(new) > 2 * MAX_COLUMNS:
                    break
            latest = [each for each in new if each not in found]
            room = MAX_COLUMNS - len(found)
            self.is_cut = self.is_cut or len(latest) > room
            latest = latest[:room]
            found |= dict.fromkeys(latest)
            if not latest:
                return

    def build_graph(self, columns: list[ProductColumn]) -> MarquezColumnGraph:
        """Return the columns that have lineage among themselves, with the edges between them."""
        within, left = set(columns), MAX_PAIRS
        hops: dict[ProductColumn, list[ColumnHop]] = {}
        for column in columns:
            kept = [hop for hop in self.find_hops(column, Way.UPSTREAM) if hop[0] in within]
            self.is_cut = self.is_cut or len(kept) > left
            if kept[:left]:
                hops[column] = kept[:left]
            left -= len(kept[:left])
        made: dict[ProductColumn, list[ProductColumn]] = {}
        for column, into in hops.items():
            for source in dict.fromkeys(each for each, _, _ in into):
                made.setdefault(source, []).append(column)
        return MarquezColumnGraph(
            graph=[
                self._build_node(column, hops.get(column, []), made.get(column, []))
                for column in columns
                if column in hops or column in made
            ]
        )

    def _build_node(
        self, column: ProductColumn, hops: list[ColumnHop], made: list[ProductColumn]
    ) -> MarquezColumnNode:
        id, name = self._build_id(column), self._get_name(column)
        # As Marquez has it: the node itself is the origin of its edges, of those into it too.
        into = dict.fromkeys(self._build_id(each) for each, _, _ in hops)
        return MarquezColumnNode(
            id=id,
            data=MarquezColumn(
                namespace=name.namespace,
                dataset=name.name,
                field=column.name,
                field_type=self._get_product(column.product).schema_.get(column.name),
                transformation_type=hops[0][2].lineage_type.value.upper() if hops else None,
                input_fields=[
                    build_input_field(source.namespace, source.name, pair)
                    for each, _, pair in hops
                    for source in [self._get_name(each)]
                ],
            ),
            in_edges=[MarquezEdge(origin=id, destination=each) for each in into],
            out_edges=[MarquezEdge(origin=id, destination=self._build_id(each)) for each in made],
        )

    def _get_name(self, column: ProductColumn) -> RecordedName:
        return list_names(self._graph.products[column.product])[0]

    def _build_id(self, column: ProductColumn) -> str:
        """Return the id of a column, which no other has.

        Its colons are encoded if the id would mean another one, and percent signs follow as long
        as a column of the same dataset is called so.
        """
        dataset = self._index.get_node_id("DATASET", self._get_name(column)).removeprefix(
            "dataset:"
        )
        if ":" in column.name:
            first = next(self._find_columns(f"{dataset}:{column.name}"), [])
            if first != [column]:
                encoded = encode_column(column.name)
                columns = {each.name for each in self._list_columns(column.product)}
                while encoded in columns:
                    encoded += "%"
                return f"datasetField:{dataset}:{encoded}"
        return f"datasetField:{dataset}:{column.name}"
