"""The index over lineage: what it holds, when it is extended, and what it may never hide."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.models.graph import Direction, Way
from datamesh.services.lineage import graph
from datamesh.services.lineage.queries import find_upstream
from datamesh.services.lineage.registration import remove_lineage
from datamesh.services.lineage.walk import LineageFilter
from datamesh.services.products.registration import delete_product
from datamesh.services.registry.lineage_index import (
    MAX_REMEMBERED_BYTES,
    Adjacency,
    GraphCache,
    LineageIndex,
)
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.graphs import Edge, chain, entry, graph_mesh, lineage_file
from tests.meshes import add_lineage, add_product, add_products, mesh

ENDS = st.builds(Edge, st.sampled_from("abcd"), st.sampled_from("abcd"))


def contents(adjacency: Adjacency) -> object:
    return (
        adjacency.sources,
        adjacency.targets,
        dict(adjacency.get_positions(Way.UPSTREAM)),
        dict(adjacency.get_positions(Way.DOWNSTREAM)),
    )


def rebuilt(file: LineageFile) -> object:
    return contents(LineageIndex().get_adjacency(file))


def test_it_holds_the_places_of_the_entries_around_each_product() -> None:
    adjacency = LineageIndex().get_adjacency(
        lineage_file([Edge("a", "b"), Edge("b", "c"), Edge("a", "b")])
    )
    assert adjacency.find_positions("b", Way.UPSTREAM) == [0, 2]
    assert adjacency.find_positions("b", Way.DOWNSTREAM) == [1]
    assert adjacency.find_positions("nobody", Way.UPSTREAM) == ()
    assert adjacency.list_ends([1]) == [("b", "c")]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.lists(ENDS, max_size=4), st.integers(0, 3)), max_size=6))
def test_after_any_history_it_is_as_if_built_anew(history: list[tuple[list[Edge], int]]) -> None:
    """Versions that append, that remove from the middle, or both."""
    index, entries, number = LineageIndex(), list[Edge](), 0
    ids: list[int] = []
    for revision, (added, removed) in enumerate(history, start=1):
        if removed < len(entries):
            del entries[:removed], ids[:removed]
        entries += added
        ids += range(number, number + len(added))
        number += len(added)
        stored = [entry(at, edge) for at, edge in zip(ids, entries, strict=True)]
        file = LineageFile.from_models(stored, revision=revision)
        assert contents(index.get_adjacency(file)) == rebuilt(file)


def test_a_version_that_only_appends_extends_it() -> None:
    index = LineageIndex()
    first, second = lineage_file(chain(*"abc"), 1), lineage_file(chain(*"abcd"), 2)
    adjacency = index.get_adjacency(first)
    assert index.get_adjacency(second) is adjacency
    assert adjacency.find_positions("c", Way.DOWNSTREAM) == [2]


def test_a_version_without_an_entry_is_built_anew() -> None:
    index = LineageIndex()
    adjacency = index.get_adjacency(lineage_file(chain(*"abc"), 1))
    shorter = LineageFile(revision=2, lineage=lineage_file(chain(*"abc")).lineage[1:])
    assert index.get_adjacency(shorter) is not adjacency
    assert contents(index.get_adjacency(shorter)) == rebuilt(shorter)


def test_an_unchanged_file_is_not_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    index, file = LineageIndex(), lineage_file(chain(*"abc"))
    adjacency = index.get_adjacency(file)
    monkeypatch.setattr(Adjacency, "is_prefix_of", None)
    assert index.get_adjacency(file) is adjacency


def test_the_past_does_not_cost_the_present_its_index() -> None:
    index = LineageIndex()
    past, present = lineage_file(chain(*"ab"), 1), lineage_file(chain(*"abc"), 2)
    adjacency = index.get_adjacency(present)
    assert contents(index.get_adjacency(past)) == rebuilt(past)
    assert index.get_adjacency(present) is adjacency
    assert contents(adjacency) == rebuilt(present)


# what is found out of visibility holds for two versions alone


def reached(registry: Registry, name: str) -> list[str]:
    encoded = graph.encode_graph(
        CONTEXT,
        registry,
        name,
        direction=Direction.BOTH,
        depth=9,
        only=LineageFilter(),
        max_nodes=99,
    )
    found = json.loads(encoded)
    return [node["name"] for node in found["nodes"]]


def test_a_product_that_comes_back_hides_entries_that_were_visible() -> None:
    registry = graph_mesh(chain(*"abc"))
    assert reached(registry, "a") == ["a", "b", "c"]

    def reborn(name: str) -> None:
        unchanged = registry.lineage.read(NO_DEADLINE)
        registry.products.commit(
            lambda file: (
                file.model_copy(
                    update={"products": {k: v for k, v in file.products.items() if k != name}}
                ),
                None,
            ),
            NO_DEADLINE,
        )
        add_product(registry, name)
        assert registry.lineage.read(NO_DEADLINE) is unchanged

    reborn("c")
    assert reached(registry, "a") == ["a", "b"]
    assert find_upstream(CONTEXT, registry, "c") == []


def test_what_a_writer_adds_and_removes_is_walked_at_once(registry: Registry) -> None:
    add_products(registry, "abcd")
    add_lineage(registry, "a", "b")
    assert reached(registry, "a") == ["a", "b"]
    add_lineage(registry, "b", "c")
    add_lineage(registry, "c", "d")
    assert reached(registry, "a") == ["a", "b", "c", "d"]
    remove_lineage(CONTEXT, registry, "b", "c")
    assert reached(registry, "a") == ["a", "b"]
    delete_product(CONTEXT, registry, "b")
    assert reached(registry, "a") == ["a"]


def test_an_entry_superseded_in_its_place_is_no_longer_walked() -> None:
    """Its id stays, so that the index is extended, not built anew."""
    registry = graph_mesh(chain(*"abc"))
    assert reached(registry, "a") == ["a", "b", "c"]
    adjacency = registry.lineage_index.get_adjacency(registry.lineage.read(NO_DEADLINE))

    def supersede(file: LineageFile) -> tuple[LineageFile, None]:
        first, second = file.lineage
        changed = [
            first,
            LineageRecord.from_model(second.to_model().model_copy(update={"superseded": True})),
        ]
        return file.model_copy(update={"lineage": changed}), None

    registry.lineage.commit(supersede, NO_DEADLINE)
    assert reached(registry, "a") == ["a", "b"]
    assert registry.lineage_index.get_adjacency(registry.lineage.read(NO_DEADLINE)) is adjacency


def test_json_of_nodes_and_edges_is_kept_while_both_files_are_the_same(registry: Registry) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    assert reached(registry, "a") == ["a", "b"] == reached(registry, "a")
    cache = find_cache(registry)
    assert [*cache.nodes] == ["a", "b"] and [*cache.edges] == [0]
    assert [*cache.steps[Way.DOWNSTREAM]] == ["a", "b"]
    add_products(registry, "c")
    assert find_cache(registry) is not cache
    assert reached(registry, "a") == ["a", "b"]


def find_cache(registry: Registry) -> GraphCache:
    lineage, products = registry.lineage.read(NO_DEADLINE), registry.products.read(NO_DEADLINE)
    return registry.lineage_index.get_cache(lineage, products)


def test_json_of_nodes_and_edges_is_forgotten_when_it_is_too_much() -> None:
    cache = GraphCache(0)
    for position in range(4):
        text = bytes(MAX_REMEMBERED_BYTES // 4)  # and an object's head
        assert cache.keep_part(cache.edges, position, text) is text
    assert [*cache.edges] == [3]


def test_two_registries_have_indices_of_their_own() -> None:
    assert mesh().lineage_index is not mesh().lineage_index
