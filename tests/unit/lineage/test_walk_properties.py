"""Walks over random graphs, with cycles, self-loops and parallel entries, judged by networkx."""

import json
from collections.abc import Iterable
from itertools import pairwise
from math import prod

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.models.graph import Direction, LineageGraph
from datamesh.models.lineage import LineageType
from datamesh.services.lineage import graph, paths
from datamesh.services.lineage.walk import LineageFilter
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.graphs import REVISION, Edge, as_networkx, graph_mesh, simple_paths

NAMES = "abcdefg"
CONFIDENCES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)

type Judge = nx.MultiDiGraph[str]

edges = st.lists(
    st.builds(
        Edge,
        source=st.sampled_from(NAMES),
        target=st.sampled_from(NAMES),
        confidence=st.sampled_from(CONFIDENCES) | st.floats(0, 1),
        kind=st.sampled_from(LineageType),
        superseded=st.sampled_from((False, False, False, True)),
        seen=st.sampled_from((REVISION, REVISION, REVISION - 1)),
    ),
    max_size=18,
)
meshes = st.tuples(edges, st.sets(st.sampled_from(NAMES[1:])), st.sets(st.sampled_from(NAMES)))
"""Entries; products that are not registered, though never the first; those registered again."""
filters = st.builds(
    LineageFilter,
    min_confidence=st.sampled_from((0.0, 0.0, 0.3, 0.9)),
    lineage_type=st.none() | st.sampled_from(LineageType),
)
START = NAMES[0]
many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def built(drawn: tuple[list[Edge], set[str], set[str]]) -> tuple[Registry, Judge]:
    edges, missing, reborn = drawn
    registry = graph_mesh(edges, [name for name in NAMES if name not in missing], reborn)
    return registry, as_networkx(registry, edges)


def filtered(judge: Judge, only: LineageFilter) -> Judge:
    kept: Judge = nx.MultiDiGraph()
    kept.add_nodes_from(judge)
    for source, target, key, data in judge.edges(keys=True, data=True):
        if data["confidence"] >= only.min_confidence and only.lineage_type in (None, data["kind"]):
            kept.add_edge(source, target, key=key, **data)
    return kept


def towards(judge: Judge, direction: Direction) -> list[Judge]:
    """The graph as each of the direction's ways follows it."""
    downstream = [judge] if direction is not Direction.UPSTREAM else []
    upstream = [judge.reverse()] if direction is not Direction.DOWNSTREAM else []
    return upstream + downstream


def best_product(judge: Judge, target: str) -> float:
    return max(product for product, _ in simple_paths(judge, START, target))


def answered(
    registry: Registry,
    direction: Direction = Direction.BOTH,
    depth: int = 50,
    only: LineageFilter | None = None,
    max_nodes: int = 1000,
) -> LineageGraph:
    encoded = graph.encode_graph(
        CONTEXT,
        registry,
        START,
        direction=direction,
        depth=depth,
        only=only or LineageFilter(),
        max_nodes=max_nodes,
    )
    answer: LineageGraph = json.loads(encoded)
    return answer


def distances_of(answer: LineageGraph) -> dict[str, int]:
    return {node["name"]: node["distance"] for node in answer["nodes"]}


def nearest(ways: Iterable[Judge], depth: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for way in ways:
        reached = nx.single_source_shortest_path_length(way, START, cutoff=depth)
        for name, distance in dict(reached).items():
            found[name] = min(distance, found.get(name, distance))
    return found


@many
@given(meshes, st.sampled_from(Direction), st.integers(1, 8), filters)
def test_what_is_reached_and_how_far_it_is(
    drawn: tuple[list[Edge], set[str], set[str]],
    direction: Direction,
    depth: int,
    only: LineageFilter,
) -> None:
    registry, judge = built(drawn)
    answer = answered(registry, direction, depth, only)
    expected = nearest(towards(filtered(judge, only), direction), depth)
    assert distances_of(answer) == expected
    order = [(node["distance"], node["name"]) for node in answer["nodes"]]
    assert order == sorted(order)
    assert not answer["truncated"]


@many
@given(meshes, st.sampled_from(Direction), st.integers(1, 8), filters)
def test_path_confidence_is_the_best_product_through_the_answer(
    drawn: tuple[list[Edge], set[str], set[str]],
    direction: Direction,
    depth: int,
    only: LineageFilter,
) -> None:
    registry, judge = built(drawn)
    answer = answered(registry, direction, depth, only)
    ways = dict(zip(direction.ways, towards(filtered(judge, only), direction), strict=True))
    walks = {
        way.value: graph_of.subgraph(nearest([graph_of], depth)) for way, graph_of in ways.items()
    }
    for node in answer["nodes"]:
        if node["name"] == START:
            assert (node["path_confidence"], node["direction"]) == (1.0, None)
            continue
        reached = {
            way: (nx.shortest_path_length(walk, START, node["name"]), walk)
            for way, walk in walks.items()
            if node["name"] in walk
        }
        candidates = {
            way: best_product(walk, node["name"])
            for way, (distance, walk) in reached.items()
            if distance == node["distance"]
        }
        assert node["path_confidence"] == max(candidates.values())
        assert candidates[str(node["direction"])] == node["path_confidence"]


@many
@given(meshes, st.sampled_from(Direction), st.integers(1, 8), filters)
def test_edges_are_the_visible_entries_between_what_a_walk_reaches(
    drawn: tuple[list[Edge], set[str], set[str]],
    direction: Direction,
    depth: int,
    only: LineageFilter,
) -> None:
    registry, judge = built(drawn)
    answer = answered(registry, direction, depth, only)
    expected: set[str] = set()
    for way in towards(filtered(judge, only), direction):
        among = way.subgraph(nearest([way], depth))
        expected |= {key for _, _, key in among.edges(keys=True)}
    ids = [edge["id"] for edge in answer["edges"]]
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


@many
@given(meshes, st.sampled_from(Direction), st.integers(1, 8))
def test_cycles_are_cycles_and_there_is_one_for_each_component(
    drawn: tuple[list[Edge], set[str], set[str]], direction: Direction, depth: int
) -> None:
    registry, _ = built(drawn)
    answer = answered(registry, direction, depth)
    shown: nx.DiGraph[str] = nx.DiGraph()
    shown.add_nodes_from(node["name"] for node in answer["nodes"])
    shown.add_edges_from((edge["source"], edge["target"]) for edge in answer["edges"])
    components = [c for c in nx.strongly_connected_components(shown) if len(c) > 1]
    loops = [cycle for cycle in answer["cycles"] if len(cycle) == 1]
    around = [cycle for cycle in answer["cycles"] if len(cycle) > 1]
    assert sorted(loops) == sorted([name] for name in nx.nodes_with_selfloops(shown))
    for cycle in around:
        assert len(set(cycle)) == len(cycle)
        assert [hop for hop in pairwise([*cycle, cycle[0]]) if not shown.has_edge(*hop)] == []
    covered = [next(c for c in components if cycle[0] in c) for cycle in around]
    assert sorted(map(sorted, covered)) == sorted(map(sorted, components))
    assert [
        (cycle, component)
        for (cycle, component) in zip(around, covered, strict=True)
        if not (set(cycle) <= component)
    ] == []


@many
@given(meshes, st.sampled_from(Direction), st.integers(1, 8), st.integers(1, 7))
def test_truncation_keeps_the_nearest_and_says_so(
    drawn: tuple[list[Edge], set[str], set[str]], direction: Direction, depth: int, bound: int
) -> None:
    registry, judge = built(drawn)
    whole = answered(registry, direction, depth)
    answer = answered(registry, direction, depth, max_nodes=bound)
    kept = [(node["name"], node["distance"]) for node in whole["nodes"][:bound]]
    assert [(node["name"], node["distance"]) for node in answer["nodes"]] == kept
    assert answer["truncated"] == (len(whole["nodes"]) > bound)
    among = judge.subgraph(name for name, _ in kept)
    for node in answer["nodes"]:
        if node["direction"]:
            [way] = towards(among, Direction(node["direction"]))
            reached = way.subgraph(nearest(towards(judge, Direction(node["direction"])), depth))
            assert node["path_confidence"] == best_product(reached, node["name"])
    assert [
        edge for edge in answer["edges"] if not ({edge["source"], edge["target"]} <= set(among))
    ] == []


@many
@given(meshes, st.sampled_from(NAMES), st.integers(1, 8), filters)
def test_the_two_paths_are_the_best_of_all_simple_paths(
    drawn: tuple[list[Edge], set[str], set[str]], target: str, depth: int, only: LineageFilter
) -> None:
    registry, judge = built(drawn)
    if target not in judge:
        return
    found = paths.find_paths(CONTEXT, registry, START, target, depth=depth, only=only)
    scores = simple_paths(filtered(judge, only), START, target, cutoff=depth)
    confident, short = found["most_confident"], found["shortest"]
    if not scores:
        assert confident is short is None
        return
    assert confident and short
    assert (confident["confidence"], len(confident["entries"])) == min(
        scores, key=lambda score: (-score[0], score[1])
    )
    assert (short["confidence"], len(short["entries"])) == min(
        scores, key=lambda score: (score[1], -score[0])
    )
    for path in (confident, short):
        hops = [(entry.source, entry.target) for entry in path["entries"]]
        assert hops == list(pairwise(path["products"]))
        assert path["confidence"] == prod(entry.confidence for entry in path["entries"])
        assert (path["products"][0], path["products"][-1]) == (START, target)
