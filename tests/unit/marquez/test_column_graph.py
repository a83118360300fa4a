"""Marquez' graph of columns is that of `/lineage/columns`, and its ids are of one column each."""

from typing import Any

import pytest

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.graph import Way
from datamesh.models.products import DatasetName, ProductUpdate
from datamesh.services.lineage.columns import build_column_graph
from datamesh.services.marquez import columns as marquez
from datamesh.services.products.registration import update_product
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import WAREHOUSE, column_lineage, dataset, run_event, send
from tests.meshes import event_pipeline, mesh

type Column = tuple[str, str]
type Edges = set[tuple[Column, Column]]


def fields(*names: str) -> dict[str, Any]:
    return {"schema": {"fields": [{"name": name, "type": "int"} for name in names]}}


def derive(target: str, names: tuple[str, ...], run: int, **sources: Any) -> dict[str, Any]:
    """A run that makes columns of `target` from one of `sources` each."""
    told = {column: [(*source, "DIRECT")] for column, source in sources.items()}
    read = sorted({source[0] for source in sources.values()})
    facets = fields(*names) | column_lineage(**told)
    written = dataset(target, facets=facets)
    return run_event(read, [written], run=run, job=f"to_{target}", minute=run)


@pytest.fixture
def registry() -> Registry:
    """Return a registry of raw -> stage -> mart -> report: stage was renamed, mart merged, a column
    is gone."""
    registry, into = mesh(), event_pipeline()
    symlinks = {"symlinks": {"identifiers": [dataset("mart_path") | {"type": "TABLE"}]}}
    renamed = {
        "lifecycleStateChange": {
            "lifecycleStateChange": "RENAME",
            "previousIdentifier": dataset("old_stage"),
        }
    }
    send(
        registry,
        into,
        run_event([], [dataset("raw", facets=fields("x", "y"))], run=1, job="load"),
        derive("old_stage", ("a", "b"), 2, a=("raw", "x"), b=("raw", "y")),
        derive("mart", ("m", "gone"), 3, m=("old_stage", "a"), gone=("old_stage", "b")),
        derive("report", ("r", "s"), 4, r=("mart_path", "m"), s=("mart_path", "gone")),
        derive("mart", ("m", "n"), 5, n=("mart", "m")),
        run_event([], [dataset("stage", facets=renamed)], run=6, job="rename", minute=6),
        run_event([], [dataset("mart", facets=fields("m", "n") | symlinks)], run=7, minute=7),
    )
    return registry


def list_columns(registry: Registry) -> list[Column]:
    file = registry.products.read_latest(NO_DEADLINE)
    return [
        (name, column) for name, each in file.products.items() for column in each.to_model().schema_
    ]


def name_dataset(registry: Registry, product: str) -> DatasetName:
    return registry.products.read_latest(NO_DEADLINE).products[product].to_model().openlineage[0]


def read_own(registry: Registry, column: Column, way: Way, depth: int) -> Edges:
    graph = build_column_graph(CONTEXT, registry, *column, way=way, depth=depth, max_nodes=100)
    return {
        (
            (each["source_product"], each["source_column"]),
            (each["target_product"], each["target_column"]),
        )
        for each in graph["edges"]
    }


def read_marquez(registry: Registry, column: Column, depth: int, *, with_downstream: bool) -> Edges:
    products = registry.products.read_latest(NO_DEADLINE).products
    names = {name_dataset(registry, product): product for product in products}
    name = name_dataset(registry, column[0])
    id = f"datasetField:{name.namespace}:{name.name}:{column[1]}"
    graph, is_cut = marquez.build_column_graph(
        CONTEXT, registry, id, depth, with_downstream=with_downstream
    )
    assert not is_cut
    nodes = {
        node.id: (
            names[DatasetName(namespace=node.data.namespace, name=node.data.dataset)],
            node.data.field,
        )
        for node in graph.graph
    }
    into = {
        (nodes[edge.destination], nodes[node.id]) for node in graph.graph for edge in node.in_edges
    }
    out = {
        (nodes[node.id], nodes[edge.destination]) for node in graph.graph for edge in node.out_edges
    }
    assert into == out
    return into


@pytest.mark.parametrize("depth", [1, 2, 3, 20])
def test_both_graphs_of_columns_are_one(registry: Registry, depth: int) -> None:
    columns = list_columns(registry)
    assert len(columns) == 8
    for column in columns:
        up = read_own(registry, column, Way.UPSTREAM, depth)
        assert read_marquez(registry, column, depth, with_downstream=False) == up
        both = up | read_own(registry, column, Way.DOWNSTREAM, depth)
        assert read_marquez(registry, column, depth, with_downstream=True) == both


def test_what_was_renamed_merged_and_dropped_shows_in_both(registry: Registry) -> None:
    assert read_marquez(registry, ("report", "r"), 20, with_downstream=False) == {
        (("raw", "x"), ("stage", "a")),
        (("stage", "a"), ("mart", "m")),
        (("mart", "m"), ("report", "r")),
    }
    update_product(CONTEXT, registry, "stage", ProductUpdate(name="staged"))
    found = read_marquez(registry, ("mart", "n"), 20, with_downstream=False)
    assert (("staged", "a"), ("mart", "m")) in found
    assert (("mart", "m"), ("mart", "n")) in found
    assert read_marquez(registry, ("report", "s"), 20, with_downstream=False) == set()


def test_ids_of_columns_with_colons_and_percent_signs_never_collide() -> None:
    registry = mesh()
    names = ("b:c", "b%3Ac", "b%3Ac%", "b%253Ac")
    told = {name: [("src", "s", "DIRECT")] for name in names}
    event = run_event(
        [dataset("src", facets=fields("s"))],
        [
            dataset("a", facets=fields(*names) | column_lineage(**told)),
            dataset("a:b", facets=fields("c") | column_lineage(c=[("src", "s", "DIRECT")])),
        ],
    )
    send(registry, event_pipeline(), event)
    start = f"dataset:{WAREHOUSE}:src"
    graph, _ = marquez.build_column_graph(CONTEXT, registry, start, 5, with_downstream=True)
    found = {node.id: (node.data.dataset, node.data.field) for node in graph.graph}
    assert len(found) == len(graph.graph) == 6
    for id, column in found.items():
        asked, _ = marquez.build_column_graph(CONTEXT, registry, id, 5, with_downstream=True)
        assert (asked.graph[0].data.dataset, asked.graph[0].data.field) == column


def test_percent_signs_behind_another_column_are_no_id() -> None:
    registry = mesh()
    send(registry, event_pipeline(), run_event([], [dataset("t", facets=fields("n"))]))
    with pytest.raises(NodeNotFound):
        marquez.build_column_graph(
            CONTEXT, registry, f"datasetField:{WAREHOUSE}:t:n%", 5, with_downstream=True
        )
