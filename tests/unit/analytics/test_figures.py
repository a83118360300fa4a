"""The figures of a moment, by hand and against networkx."""

import random
from datetime import timedelta
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.models.products import ProductUpdate
from datamesh.models.snapshot import Ranking, Snapshot
from datamesh.services.analytics import snapshot_builder
from datamesh.services.analytics.dependence import measure_dependence
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.meshes import NOON, add_lineage, add_product, add_products, mesh
from tests.past import Timeline


def build_snapshot(registry: Registry, **more: int) -> Snapshot:
    return snapshot_builder.build_snapshot(
        CONTEXT, registry, NOON, **({"stale_days": 90, "pruned": 0} | more), usage=None
    )


def test_an_empty_registry_has_figures_too(registry: Registry) -> None:
    found = build_snapshot(registry)
    assert (found.date.isoformat(), found.products.total, found.lineage.total) == (
        "2026-01-31",
        0,
        0,
    )
    assert found.lineage.mean_confidence is None
    assert found.lineage.lowest_confidence is None
    assert found.lineage.most_depended_upon == []
    assert found.storage.products.revision == 0


def test_products_are_counted_and_judged(registry: Registry) -> None:
    add_product(registry, "a", tags=["gold"])
    add_product(registry, "b", domain="finance", owner="unowned", status="deprecated")
    add_product(registry, "c", domain="finance")
    found = build_snapshot(registry).products
    assert found.total == 3
    assert found.by_domain == {"sales": 1, "finance": 2}
    assert found.by_status == {"active": 2, "deprecated": 1, "inactive": 0}
    assert found.by_owner == {"sales-team": 2, "unowned": 1}
    assert found.complete.model_dump() == {
        "owner": 2,
        "description": 3,
        "schema_": 3,
        "tags": 1,
        "quality": 0,
    }


def test_lineage_is_counted_weighed_and_searched_for_cycles(registry: Registry) -> None:
    add_products(registry, "abcdef")
    add_lineage(registry, "a", "b", confidence=0.5)
    add_lineage(registry, "b", "c", confidence=0.7, lineage_type="derived")
    add_lineage(registry, "c", "b", confidence=0.9)
    add_lineage(registry, "d", "d", confidence=0.1)
    found = build_snapshot(registry).lineage
    assert (found.total, found.cycles) == (4, 2)
    assert found.by_type == {"direct": 3, "derived": 1, "aggregated": 0}
    assert found.mean_confidence == pytest.approx(0.55)
    assert found.lowest_confidence == 0.1
    assert found.orphans.model_dump() == {"count": 2, "names": ["e", "f"]}
    assert [(each.name, each.reach) for each in found.most_depended_upon] == [
        ("a", 2),
        ("b", 1),
        ("c", 1),
    ]


def test_what_was_not_updated_for_long_is_stale() -> None:
    timeline = Timeline()
    add_products(timeline.registry, ["old", "kept"])
    timeline.tick(days=100)
    registration.update_product(
        CONTEXT, timeline.registry, "kept", ProductUpdate.model_validate({"owner": "o"})
    )
    add_product(timeline.registry, "new")
    at = timeline.now
    for stale_days, names in [(101, []), (99, ["old"])]:
        found = snapshot_builder.build_snapshot(
            CONTEXT, timeline.registry, at, stale_days=stale_days, pruned=0, usage=None
        )
        assert found.products.stale.names == names
        assert found.products.stale_days == stale_days
    assert at - NOON == timedelta(days=100)


def test_long_lists_are_cut_and_counted() -> None:
    registry = mesh()
    add_products(registry, (f"p{number:03}" for number in range(150)))
    found = build_snapshot(registry).lineage.orphans
    assert (found.count, len(found.names), found.names[0]) == (150, 100, "p000")


def test_products_are_ranked_by_each_figure(registry: Registry) -> None:
    add_products(registry, "abcd")
    for source, target in ("ab", "ac", "bd", "cd", "cd"):
        add_lineage(registry, source, target)
    ranked = {
        by: [each.name for each in snapshot_builder.rank_products(CONTEXT, registry, by, 3)]
        for by in Ranking
    }
    assert ranked == {
        "downstream": ["a", "b", "c"],
        "upstream": ["d", "b", "c"],
        "reach": ["a", "b", "c"],
    }
    assert [
        each.reach for each in snapshot_builder.rank_products(CONTEXT, registry, Ranking.REACH, 9)
    ] == [3, 1, 1]


edges = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40)
    )
)


@given(edges)
def test_reach_is_the_number_of_descendants(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = graph
    names = [str(number) for number in range(count)]
    found = measure_dependence(names, [(str(a), str(b)) for a, b in pairs])
    judged: nx.DiGraph[int] = nx.DiGraph()
    judged.add_nodes_from(range(count))
    judged.add_edges_from((a, b) for a, b in pairs if a != b)
    assert [(each.reach, each.downstream, each.upstream) for each in found] == [
        (len(nx.descendants(judged, n)), judged.out_degree(n), judged.in_degree(n))
        for n in range(count)
    ]


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    names = [str(number) for number in range(5000)]
    pairs = list(pairwise(names))
    random.Random(1).shuffle(pairs)
    found = measure_dependence(names, pairs)
    assert [each.reach for each in found] == list(range(4999, -1, -1))
