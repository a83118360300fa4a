"""Lineage follows its products to their new names, from the commit that renames on."""

import json
from datetime import timedelta
from typing import NoReturn

import pytest

from datamesh.models.graph import Direction, Way
from datamesh.models.lineage import ColumnLineage, Evidence, Job, StoredLineageEntry
from datamesh.services.lineage import columns, graph, paths
from datamesh.services.lineage.joining import compute_entry_id
from datamesh.services.lineage.queries import (
    find_downstream,
    find_lineage,
    find_upstream,
    list_visible_entries,
)
from datamesh.services.lineage.registration import prune_lineage, remove_lineage
from datamesh.services.lineage.renames import follow_renames
from datamesh.services.lineage.walk import NO_FILTER
from datamesh.services.openlineage import ingest
from datamesh.services.registry.lineage_index import Adjacency
from datamesh.services.registry.merging import merge_products
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import remove_product, rename_product
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import run_event, send
from tests.meshes import NOON, add_lineage, add_product, add_products, event_pipeline, mesh
from tests.unit.registry.test_renames import product

LATER = NOON + timedelta(minutes=5)
JOB = Job(namespace="scheduler", name="daily")


def rename(registry: Registry, name: str, new: str) -> None:
    """Commit the products alone, as if the function died before it came to lineage."""
    CONTEXT.commit_derived(
        registry.products, lambda file: (rename_product(file, name, new, LATER), None)
    )


def merge(registry: Registry, winner: str, loser: str) -> None:
    CONTEXT.commit_derived(
        registry.products, lambda file: (merge_products(file, winner, loser, LATER), None)
    )


def remove(registry: Registry, name: str) -> None:
    CONTEXT.commit_derived(registry.products, lambda file: (remove_product(file, name), None))


def visible(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in list_visible_entries(CONTEXT, registry)]


def stored(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in registry.lineage.read(NO_DEADLINE).lineage]


@pytest.fixture
def chain() -> Registry:
    """a -> b -> c, and a -> c."""
    registry = mesh()
    add_products(registry, "abc")
    for source, target in ("ab", "bc", "ac"):
        add_lineage(registry, source, target)
    return registry


def derived(
    source: str,
    target: str,
    *,
    seen: int = 1,
    evidence: Evidence = Evidence.DATASETS,
    job: Job = JOB,
    **more: object,
) -> StoredLineageEntry:
    return StoredLineageEntry.model_validate(
        {
            "id": compute_entry_id(job, source, target),
            "source": source,
            "target": target,
            "transformation": "scheduler/daily",
            "confidence": {1: 0.5, 2: 0.9, 3: 1.0}[evidence],
            "job": job,
            "timestamp": NOON,
            "products_revision": seen,
            "evidence": evidence,
            "superseded": source == target,
            **more,
        }
    )


def products_file(names: str, revision: int = 1) -> ProductsFile:
    return ProductsFile.from_models(map(product, names), revision=revision)


def merged_lineage(*entries: StoredLineageEntry) -> list[LineageRecord]:
    """The entries between a, b, c and d, once b has become a."""
    products = merge_products(products_file("abcd"), "a", "b", LATER)
    committed = products.model_copy(update={"revision": 2})
    return follow_renames(LineageFile.from_models(entries), committed).lineage


def ends(entries: list[LineageRecord]) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in entries]


# reads between the two commits


def test_every_read_has_the_new_name_before_lineage_is_stored(chain: Registry) -> None:
    assert visible(chain) == [("a", "b"), ("b", "c"), ("a", "c")]
    graph_of(chain, "b")  # warms the index
    rename(chain, "b", "new")
    assert stored(chain) == [("a", "b"), ("b", "c"), ("a", "c")]
    assert visible(chain) == [("a", "new"), ("new", "c"), ("a", "c")]
    assert ends(find_upstream(CONTEXT, chain, "new")) == [("a", "new")]
    assert ends(find_downstream(CONTEXT, chain, "new")) == [("new", "c")]
    assert ends(find_upstream(CONTEXT, chain, "c")) == [("new", "c"), ("a", "c")]
    page = find_lineage(CONTEXT, chain, source="new", limit=10, offset=0)
    assert ends([*page.items]) == [("new", "c")]
    assert graph_of(chain, "new") == ({"a", "new", "c"}, {("a", "new"), ("new", "c")})
    found = paths.find_paths(CONTEXT, chain, "a", "c", depth=5, only=NO_FILTER)
    assert found["shortest"] and found["shortest"]["products"] == ["a", "c"]


def graph_of(registry: Registry, name: str) -> tuple[set[str], set[tuple[str, str]]]:
    encoded = graph.encode_graph(
        CONTEXT,
        registry,
        name,
        direction=Direction.BOTH,
        depth=5,
        only=NO_FILTER,
        max_nodes=100,
    )
    found = json.loads(encoded)
    nodes = {node["name"] for node in found["nodes"]}
    return nodes, {(edge["source"], edge["target"]) for edge in found["edges"]}


def test_the_entry_of_a_person_keeps_its_id(chain: Registry) -> None:
    before = [entry.id for entry in list_visible_entries(CONTEXT, chain)]
    rename(chain, "b", "new")
    assert [entry.id for entry in list_visible_entries(CONTEXT, chain)] == before


def test_the_next_write_stores_what_readers_see(chain: Registry) -> None:
    rename(chain, "b", "new")
    add_lineage(chain, "c", "new")
    assert stored(chain) == [("a", "new"), ("new", "c"), ("a", "c"), ("c", "new")]
    assert visible(chain) == stored(chain)
    assert graph_of(chain, "c")[0] == {"a", "new", "c"}


def test_the_scheduled_run_stores_what_readers_see(chain: Registry) -> None:
    rename(chain, "b", "new")
    assert prune_lineage(CONTEXT, chain) == 0
    assert stored(chain) == [("a", "new"), ("new", "c"), ("a", "c")]
    before = chain.lineage.read(NO_DEADLINE).revision
    assert prune_lineage(CONTEXT, chain) == 0
    assert chain.lineage.read(NO_DEADLINE).revision == before


def test_lineage_is_removed_by_its_new_name(chain: Registry) -> None:
    rename(chain, "b", "new")
    assert remove_lineage(CONTEXT, chain, "a", "new")["removed"] == 1
    assert stored(chain) == [("new", "c"), ("a", "c")]


class UnreadList(list[LineageRecord]):
    """Entries that nobody may look through."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("all entries are looked through")


def test_with_an_index_only_entries_of_old_names_are_looked_at(chain: Registry) -> None:
    rename(chain, "b", "new")
    prune_lineage(CONTEXT, chain)
    file, products = chain.lineage.read(NO_DEADLINE), chain.products.read(NO_DEADLINE)
    index = Adjacency()
    index.extend(file.lineage)
    unread = file.model_copy(update={"lineage": UnreadList(file.lineage)})
    assert [*products.renamed] == ["b"]
    assert follow_renames(unread, products, index) is unread


def test_an_event_looks_at_entries_of_old_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    registry, into = mesh(), event_pipeline()
    send(registry, into, run_event(["a"], ["b"]))
    CONTEXT.commit_derived(
        registry.products, lambda file: (rename_product(file, "a", "new", LATER), None)
    )
    send(registry, into, run_event(["a"], ["b"], run=2))
    assert stored(registry) == [("new", "b")]
    indexes: list[Adjacency | None] = []

    def note(
        file: LineageFile, products: ProductsFile, index: Adjacency | None = None
    ) -> LineageFile:
        indexes.append(index)
        return follow_renames(file, products, index)

    monkeypatch.setattr(ingest, "follow_renames", note)
    send(registry, into, run_event(["a"], ["b"], run=3))
    assert indexes
    assert None not in indexes


def test_an_index_of_the_same_ids_does_not_keep_old_ends(chain: Registry) -> None:
    graph_of(chain, "a")
    rename(chain, "b", "new")
    prune_lineage(CONTEXT, chain)
    add_product(chain, "b")
    assert graph_of(chain, "b") == ({"b"}, set())
    assert graph_of(chain, "new")[0] == {"a", "new", "c"}


# age


def test_a_writer_that_saw_the_old_name_is_read_under_the_new_one(chain: Registry) -> None:
    seen = chain.products.read(NO_DEADLINE).revision
    rename(chain, "b", "new")
    prune_lineage(CONTEXT, chain)
    late = derived("c", "b", seen=seen)
    CONTEXT.commit_derived(
        chain.lineage,
        lambda file: (
            file.model_copy(update={"lineage": [*file.lineage, LineageRecord.from_model(late)]}),
            None,
        ),
    )
    assert visible(chain)[-1] == ("c", "new")


def test_entries_of_an_earlier_product_of_the_new_name_stay_dead(chain: Registry) -> None:
    remove(chain, "c")
    rename(chain, "b", "c")
    assert visible(chain) == [("a", "c")]
    assert graph_of(chain, "c") == ({"a", "c"}, {("a", "c")})


def test_entries_of_an_earlier_product_of_the_old_name_stay_dead(chain: Registry) -> None:
    remove(chain, "b")
    add_product(chain, "b")
    rename(chain, "b", "new")
    assert visible(chain) == [("a", "c")]


def test_a_new_product_of_the_old_name_leaves_lineage_where_it_went(chain: Registry) -> None:
    rename(chain, "b", "new")
    add_product(chain, "b")
    assert visible(chain) == [("a", "new"), ("new", "c"), ("a", "c")]
    add_lineage(chain, "b", "a")
    assert visible(chain) == [("a", "new"), ("new", "c"), ("a", "c"), ("b", "a")]


def test_a_renamed_product_that_is_deleted_takes_its_lineage_with_it(chain: Registry) -> None:
    rename(chain, "b", "new")
    remove(chain, "new")
    assert visible(chain) == [("a", "c")]
    add_product(chain, "new")
    add_product(chain, "b")
    assert visible(chain) == [("a", "c")]
    assert prune_lineage(CONTEXT, chain) == 2


def test_a_name_that_goes_and_comes_back_keeps_its_lineage(chain: Registry) -> None:
    before = visible(chain)
    rename(chain, "b", "new")
    rename(chain, "new", "b")
    assert visible(chain) == before


def test_names_may_go_round(chain: Registry) -> None:
    rename(chain, "a", "x")
    rename(chain, "b", "a")
    rename(chain, "x", "b")
    assert visible(chain) == [("b", "a"), ("a", "c"), ("b", "c")]


# merges


def test_an_edge_between_two_products_that_become_one_is_gone(chain: Registry) -> None:
    merge(chain, "a", "b")
    assert visible(chain) == [("a", "c"), ("a", "c")]  # both were registered by hand


def test_a_self_edge_that_a_person_registered_stays(chain: Registry) -> None:
    add_lineage(chain, "b", "b")
    merge(chain, "a", "b")
    assert visible(chain) == [("a", "c"), ("a", "c"), ("a", "a")]


def test_two_entries_of_one_job_become_one_with_the_strongest_evidence() -> None:
    column = ColumnLineage(source="x", target="y")
    weak = derived("a", "c", columns=(ColumnLineage(source="v", target="w"),))
    strong = derived("b", "c", evidence=Evidence.COLUMNS, columns=(column,), timestamp=LATER)
    for order in ((weak, strong), (strong, weak)):
        [entry] = merged_lineage(*order)
        model = entry.to_model()
        assert (model.id, model.source) == (compute_entry_id(JOB, "a", "c"), "a")
        assert (model.evidence, model.confidence, model.timestamp) == (2, 0.9, LATER)
        assert model.columns == (ColumnLineage(source="v", target="w"), column)


def test_entries_of_two_jobs_stay_two() -> None:
    other = Job(namespace="scheduler", name="other")
    assert ends(merged_lineage(derived("a", "c"), derived("b", "c", job=other))) == [
        ("a", "c"),
        ("a", "c"),
    ]


def test_columns_between_two_products_that_become_one_are_its_own() -> None:
    told = (ColumnLineage(source="x", target="y"), ColumnLineage(source="z", target="z"))
    [entry] = merged_lineage(derived("a", "b", evidence=Evidence.COLUMNS, columns=told))
    model = entry.to_model()
    assert (model.source, model.target, model.columns) == ("a", "a", told[:1])
    assert model.superseded


def test_a_marker_of_one_product_denies_weaker_evidence_of_the_other() -> None:
    marker = derived("a", "a", evidence=Evidence.LINEAGE)
    assert ends(merged_lineage(marker, derived("c", "b"))) == [("a", "a")]
    named = derived("c", "b", evidence=Evidence.LINEAGE)
    assert sorted(ends(merged_lineage(marker, named))) == [("a", "a"), ("c", "a")]


def test_column_lineage_follows() -> None:
    registry = mesh()
    add_product(registry, "raw", schema={"x": "int"})
    add_product(registry, "old", schema={"y": "int"})
    entry = derived(
        "raw",
        "old",
        seen=2,
        columns=(ColumnLineage(source="x", target="y"),),
        evidence=Evidence.COLUMNS,
    )
    CONTEXT.commit_derived(registry.lineage, lambda file: (LineageFile.from_models([entry]), None))
    rename(registry, "old", "new")
    found = columns.build_column_graph(
        CONTEXT, registry, "new", "y", way=Way.UPSTREAM, depth=5, max_nodes=10
    )
    assert [(each["product"], each["column"]) for each in found["nodes"]] == [
        ("new", "y"),
        ("raw", "x"),
    ]
