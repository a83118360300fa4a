"""Column lineage, through the function's handler."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from datamesh.models.graph import ColumnGraph, Way
from datamesh.models.lineage import ColumnLineage, LineageType, StoredLineageEntry
from datamesh.services.lineage import columns
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile
from datamesh.storage.objects import MemoryObject
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.graphs import Edge, entry, graph_mesh
from tests.lambdas import Client
from tests.meshes import mesh, resources

type Mapping = tuple[str, str, list[tuple[str, str]]]
"""Source and target product, and the pairs of columns."""


def with_columns(number: int, mapping: Mapping, superseded: bool = False) -> StoredLineageEntry:
    source, target, pairs = mapping
    kinds = tuple(LineageType)
    found = tuple(
        ColumnLineage(source=left, target=right, lineage_type=kinds[at % 3])
        for at, (left, right) in enumerate(pairs)
    )
    edge = Edge(source, target, superseded=superseded)
    return entry(number, edge).model_copy(update={"columns": found})


def columns_mesh(entries: list[StoredLineageEntry], names: str) -> Registry:
    products = graph_mesh([], names=names).products
    body = LineageFile.from_models(entries, revision=1).encode()
    registry = mesh(lineage=MemoryObject("lineage.json", body))
    return Registry(products=products, lineage=registry.lineage)


MAPPINGS: list[Mapping] = [
    ("a", "b", [("id", "key"), ("amount", "sum"), ("tax", "sum")]),
    ("b", "c", [("sum", "total"), ("key", "key")]),
    ("c", "b", [("total", "sum")]),
    ("b", "d", []),
]


@pytest.fixture
def client(serve: Serve) -> Client:
    entries = [with_columns(number, mapping) for number, mapping in enumerate(MAPPINGS)]
    entries.append(with_columns(9, ("a", "c", [("secret", "total")]), superseded=True))
    entries.append(with_columns(10, ("gone", "c", [("id", "total")])))
    return serve("lineage", resources(columns_mesh(entries, "abcd")))


def nodes(body: ColumnGraph) -> list[tuple[str, str, int]]:
    return [(node["product"], node["column"], node["distance"]) for node in body["nodes"]]


def test_the_columns_that_one_comes_from_are_answered_as_documented(client: Client) -> None:
    answer = client.get("/lineage/columns/c/total")
    TypeAdapter(ColumnGraph).validate_python(answer.body)
    assert (answer.status, answer.body["direction"], answer.body["depth"]) == (200, "upstream", 10)
    assert nodes(answer.body) == [
        ("c", "total", 0),
        ("b", "sum", 1),
        ("a", "amount", 2),
        ("a", "tax", 2),
    ]
    assert answer.body["edges"] == [
        {
            "id": f"entry-{number}",
            "source_product": source[0],
            "source_column": source[1],
            "target_product": target[0],
            "target_column": target[1],
            "lineage_type": kind,
        }
        for number, source, target, kind in [
            (1, ("b", "sum"), ("c", "total"), "direct"),
            (0, ("a", "amount"), ("b", "sum"), "derived"),
            (0, ("a", "tax"), ("b", "sum"), "aggregated"),
            (2, ("c", "total"), ("b", "sum"), "direct"),
        ]
    ]
    assert not answer.body["truncated"]


def test_downstream_and_depth(client: Client) -> None:
    body = client.get("/lineage/columns/a/id", direction="downstream").body
    assert nodes(body) == [("a", "id", 0), ("b", "key", 1), ("c", "key", 2)]
    body = client.get("/lineage/columns/a/id", direction="downstream", depth=1).body
    assert nodes(body) == [("a", "id", 0), ("b", "key", 1)]
    assert not body["truncated"]


@pytest.mark.parametrize(("product", "column"), [("a", "id"), ("d", "total"), ("d", "no such, ä")])
def test_a_column_without_lineage_is_answered_alone(
    client: Client, product: str, column: str
) -> None:
    answer = client.get(f"/lineage/columns/{product}/{column}")
    assert (answer.status, nodes(answer.body)) == (200, [(product, column, 0)])
    assert answer.body["edges"] == []


def test_the_nearest_columns_are_kept(client: Client) -> None:
    body = client.get("/lineage/columns/c/total", max_nodes=3).body
    assert nodes(body) == [("c", "total", 0), ("b", "sum", 1), ("a", "amount", 2)]
    assert body["truncated"]
    assert {(edge["source_column"], edge["target_column"]) for edge in body["edges"]} == {
        ("sum", "total"),
        ("total", "sum"),
        ("amount", "sum"),
    }


def test_more_than_10_000_pairs_are_cut(serve: Serve) -> None:
    pairs = [("x", "y")] * 10_001
    client = serve("lineage", resources(columns_mesh([with_columns(0, ("a", "b", pairs))], "ab")))
    body = client.get("/lineage/columns/b/y").body
    assert (len(body["edges"]), body["truncated"]) == (10_000, True)


def test_long_names_of_columns_are_bounded_too(serve: Serve) -> None:
    pairs = [("x" * 500, "y")] * 1_500
    client = serve("lineage", resources(columns_mesh([with_columns(0, ("a", "b", pairs))], "ab")))
    body = client.get("/lineage/columns/b/y").body
    assert (len(body["edges"]), body["truncated"]) == (500_000 // 501, True)


NAMES, COLUMNS = "abcd", "xyz"
mappings = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.lists(st.tuples(st.sampled_from(COLUMNS), st.sampled_from(COLUMNS)), max_size=4),
    ),
    max_size=10,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(mappings, st.sampled_from(Way), st.integers(1, 5), st.integers(1, 8))
def test_walks_over_columns_are_those_of_networkx(
    drawn: list[Mapping], way: Way, depth: int, bound: int
) -> None:
    entries = [with_columns(number, mapping) for number, mapping in enumerate(drawn)]
    judge: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    judge.add_node(("a", "x"))
    for source, target, pairs in drawn:
        judge.add_edges_from(((source, left), (target, right)) for left, right in pairs)
    judge = judge if way is Way.DOWNSTREAM else judge.reverse()
    distances = dict(nx.single_source_shortest_path_length(judge, ("a", "x"), cutoff=depth))
    expected = sorted((distance, *column) for column, distance in distances.items())
    registry = columns_mesh(entries, NAMES)
    found = columns.build_column_graph(
        CONTEXT, registry, "a", "x", way=way, depth=depth, max_nodes=bound
    )
    assert [(at, *column) for *column, at in nodes(found)] == expected[:bound]
    assert found["truncated"] == (len(expected) > bound)
    kept = {(product, column) for product, column, _ in nodes(found)}
    ends = [
        (
            (edge["source_product"], edge["source_column"]),
            (edge["target_product"], edge["target_column"]),
        )
        for edge in found["edges"]
    ]
    assert len(ends) == sum(
        {(source, left), (target, right)} <= kept
        for source, target, pairs in drawn
        for left, right in pairs
    )
    assert [pair for pair in ends if not (set(pair) <= kept)] == []
