"""The index over what Marquez shows: the same answers as without one, and built once a revision."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.models.json_codec import encode_model
from datamesh.models.lineage import Job, StoredLineageEntry
from datamesh.models.products import DatasetName
from datamesh.models.stored_products import StoredProduct
from datamesh.services.marquez import graph, index, nodes
from datamesh.services.marquez.lists import list_datasets, list_namespaces, search_nodes
from datamesh.services.marquez.search_orders import SearchFilter
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import job_event, send
from tests.graphs import Edge, entry, product
from tests.meshes import NOON, add_lineage, add_products, event_pipeline, mesh, resources
from tests.unit.marquez.straightforward import StraightforwardMarquez

NAMES = ("a", "b", "c", "d", "Straße")
SPACES = ("x", "x:y", "y", "z")
"""Names such as `y:a`, with which two datasets or two jobs may have one id."""
TIMES = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
JOBS = st.builds(Job, namespace=st.sampled_from(SPACES), name=st.sampled_from(("j", "y:j", "K")))
ALIASES = st.builds(
    DatasetName, namespace=st.sampled_from(SPACES), name=st.sampled_from(("a", "y:a", "B"))
)
MAX_NODES = 6


@st.composite
def products(draw: st.DrawFn) -> ProductsFile:
    found: list[StoredProduct] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5)):
        update = {
            "domain": draw(st.sampled_from(SPACES)),
            "openlineage": draw(st.lists(ALIASES, max_size=2)),
            "created_at": draw(TIMES),
            "updated_at": draw(TIMES),
        }
        found.append(product(name, draw(st.integers(1, 2))).model_copy(update=update))
    return ProductsFile.from_models(found, revision=2)


@st.composite
def lineage(draw: st.DrawFn) -> LineageFile:
    found: list[StoredLineageEntry] = []
    ends = st.sampled_from(NAMES)
    for number in range(draw(st.integers(0, 8))):
        edge = Edge(
            draw(ends),
            draw(ends),
            superseded=draw(st.integers(0, 9)) == 0,
            seen=draw(st.sampled_from((1, 2, 2, 2))),
        )
        update = {"job": draw(st.none() | JOBS), "timestamp": draw(TIMES)}
        found.append(entry(number, edge).model_copy(update=update))
    return LineageFile.from_models(found, revision=1)


def stored_mesh(lineage: LineageFile, products: ProductsFile) -> Registry:
    return mesh(
        products=MemoryObject("products.json", b"".join(products.encode_parts())),
        lineage=MemoryObject("lineage.json", b"".join(lineage.encode_parts())),
    )


@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(lineage(), products())
def test_answers_are_those_of_a_straightforward_model(
    lineage: LineageFile, products: ProductsFile
) -> None:
    registry, model = stored_mesh(lineage, products), StraightforwardMarquez(lineage, products)
    spaces = model.namespaces()
    found = list_namespaces(CONTEXT, registry, {}, 100, 0)
    assert [*found.items] == [encode_model(space) for space in spaces]
    for space in spaces:
        found = list_datasets(CONTEXT, registry, {}, space.name, 100, 0)
        expected = model.datasets_of(space.name)
        assert [*found.items] == [encode_model(dataset) for dataset in expected.datasets]
        assert found.total == expected.total_count
    kinds: tuple[nodes.NodeKind | None, ...] = (None, "DATASET", "JOB")
    for wanted, kind, by_time, limit in [
        (wanted, kind, by_time, limit)
        for wanted in ("a", "J", "strasse", " -> ", "nowhere")
        for kind in kinds
        for by_time in (False, True)
        for limit in (2, 100)
    ]:
        hits = search_nodes(CONTEXT, registry, wanted, kind, by_time=by_time, limit=limit)
        results = model.search(wanted, kind, by_time, limit)
        assert [*hits.items] == [encode_model(result) for result in results.results]
        assert hits.total == results.total_count
    with patch.object(graph, "MAX_GRAPH_NODES", MAX_NODES):
        for asked in (*model.datasets, *model.jobs):
            for depth in (0, 1, 20):
                shown = graph.build_graph(CONTEXT, registry, asked, depth)
                expected_graph = model.graph(asked, depth, MAX_NODES)
                assert shown.graph.model_dump_json() == expected_graph.model_dump_json()


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(lineage(), products())
def test_searches_of_a_time_or_namespace_are_those_of_a_straightforward_model(
    lineage: LineageFile, products: ProductsFile
) -> None:
    registry, model = stored_mesh(lineage, products), StraightforwardMarquez(lineage, products)
    moments = (None, NOON, NOON + timedelta(minutes=2))
    for only, by_time, limit in [
        (SearchFilter(namespace, before, after), by_time, limit)
        for namespace in (None, "x", "nowhere")
        for before in moments
        for after in moments
        for by_time in (False, True)
        for limit in (1, 100)
    ]:
        for wanted in ("", "a"):
            hits = search_nodes(
                CONTEXT, registry, wanted, None, by_time=by_time, limit=limit, only=only
            )
            results = model.search(wanted, None, by_time, limit, only)
            assert [*hits.items] == [encode_model(result) for result in results.results]
            assert hits.total == results.total_count


READS: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/lineage", {"nodeId": "dataset:sales:a"}),
    ("/api/v1/namespaces", {}),
    ("/api/v1/namespaces/sales/datasets", {}),
    ("/api/v1/search", {"q": "a"}),
    ("/api/v1/search", {"q": "a", "sort": "update_at"}),
]


@pytest.mark.parametrize(("path", "query"), READS)
def test_a_second_read_of_a_revision_looks_through_nothing(
    serve: Serve, registry: Registry, path: str, query: dict[str, Any]
) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    client = serve("marquez", resources(registry))
    first = client.get(path, **query)
    with patch.object(index, "select_visible", None), patch.object(index, "list_names", None):
        assert client.get(path, **query).content == first.content


def test_what_a_writer_adds_is_found_at_once(serve: Serve, registry: Registry) -> None:
    client = serve("marquez", resources(registry))

    def found(wanted: str) -> int:
        return int(client.get("/api/v1/search", q=wanted).body["totalCount"])

    assert found("a") == 0
    add_products(registry, "ab")
    assert found("a") == 1
    send(registry, event_pipeline(), job_event(["t1"], ["t2"], job="a job"))
    assert (found("a"), found("t1")) == (2, 1)


def test_the_index_lives_no_longer_than_its_revision(registry: Registry) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    built = index.open_index(CONTEXT, registry)
    assert index.open_index(CONTEXT, registry) is built
    registry.products.commit(lambda file: (file.model_copy(), None), NO_DEADLINE)
    assert index.open_index(CONTEXT, registry) is not built
