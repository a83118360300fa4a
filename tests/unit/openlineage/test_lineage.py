"""The entries that events give: which edges, how sure, of which type, with which columns."""

from itertools import permutations
from typing import Any

import pytest

from datamesh.errors.events import OversizedEvent
from datamesh.errors.storage import LimitReached
from datamesh.models.graph import Way
from datamesh.models.lineage import ColumnLineage, Evidence, Job, LineageType, StoredLineageEntry
from datamesh.services.lineage import queries
from datamesh.services.lineage.columns import build_column_graph
from datamesh.services.lineage.queries import list_visible_entries
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import (
    add_datasets,
    at,
    column_lineage,
    dataset,
    dataset_event,
    events,
    job_event,
    lineage_facet,
    run_event,
    send,
)
from tests.meshes import add_lineage, event_pipeline, mesh, store_product
from tests.unit.openlineage.graphs import edges, graph


@pytest.fixture
def registry() -> Registry:
    """Return a registry with products that datasets are found by name."""
    registry = mesh()
    add_datasets(registry, "abcd")
    return registry


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


def entry(registry: Registry, source: str, target: str) -> StoredLineageEntry:
    [found] = [
        each
        for each in registry.lineage.read(NO_DEADLINE).lineage
        if (each.source, each.target) == (source, target)
    ]
    return found.to_model()


def confidences(registry: Registry) -> dict[tuple[str, str], float]:
    """Return the confidences of the visible entries, by source and target."""
    found = list_visible_entries(CONTEXT, registry)
    return {(each.source, each.target): each.confidence for each in found}


def explicit(event: dict[str, Any], **targets: list[str]) -> dict[str, Any]:
    event["job"]["facets"] = lineage_facet(**targets)
    return event


def copied(*columns: tuple[str, str, str], target: str = "b") -> dict[str, Any]:
    """An output with column lineage: (source, its column, subtype), into columns c0, c1, ..."""
    facet = column_lineage(**{f"c{place}": [column] for place, column in enumerate(columns)})
    return dataset(target, facets=facet)


# inputs and outputs


def test_each_input_goes_into_each_output(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, run_event(["a", "b"], ["c", "d"], minute=5))
    assert edges(registry) == {("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")}
    found = entry(registry, "a", "c")
    assert found.model_dump(exclude={"id", "products_revision"}) == {
        "source": "a",
        "target": "c",
        "transformation": "scheduler/daily",
        "lineage_type": LineageType.DERIVED,
        "confidence": 0.5,
        "metadata": {},
        "job": {"namespace": "scheduler", "name": "daily"},
        "columns": (),
        "timestamp": at(5),
        "evidence": Evidence.DATASETS,
        "superseded": False,
    }


def test_inputs_and_outputs_of_a_run_add_up(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, run_event(["a"], minute=1), run_event(["b"], minute=2))
    assert edges(registry) == set()
    send(registry, into, run_event([], ["c"], minute=3), run_event([], ["d"], run=2))
    assert edges(registry) == {("a", "c"), ("b", "c")}
    assert entry(registry, "a", "c").timestamp == at(3)


def test_a_jobs_event_stands_alone(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, job_event(["a"], ["b"]), job_event([], ["c"]))
    assert edges(registry) == {("a", "b")}


def test_two_jobs_between_two_products_are_two_entries(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, job_event(["a"], ["b"], job="j"), job_event(["a"], ["b"], job="k"))
    jobs = [each.to_model().job for each in list_visible_entries(CONTEXT, registry)]
    assert jobs == [Job(namespace="scheduler", name=name) for name in "jk"]


@pytest.mark.parametrize("kind", ["FAIL", "ABORT"])
def test_a_run_that_fails_takes_nothing_away(
    kind: str, registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event(["a"], ["b"]))
    before = graph(registry)
    send(registry, into, {**run_event(minute=9), "eventType": kind}, run_event([], ["b"], run=2))
    assert graph(registry) == before


def test_the_earliest_evidence_gives_the_time(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, *(run_event(["a"], ["b"], run=each, minute=each) for each in (5, 3, 4)))
    assert entry(registry, "a", "b").timestamp == at(3)


def test_a_long_jobs_name_is_cut_in_the_transformation(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, job_event(["a"], ["b"], job="j" * 1000))
    assert entry(registry, "a", "b").transformation == f"scheduler/{'j' * 990}"


# columns


@pytest.mark.parametrize(
    ("subtypes", "kind"),
    [
        (["IDENTITY"], LineageType.DIRECT),
        (["identity"], LineageType.DIRECT),
        (["AGGREGATION"], LineageType.AGGREGATED),
        (["TRANSFORMATION"], LineageType.DERIVED),
        (["FILTER"], LineageType.DERIVED),
        ([""], LineageType.DERIVED),
        (["IDENTITY", "TRANSFORMATION"], LineageType.DERIVED),
        (["IDENTITY", "AGGREGATION", "JOIN"], LineageType.AGGREGATED),
    ],
)
def test_the_most_transforming_column_gives_the_type(
    subtypes: list[str], kind: LineageType, registry: Registry, into: EventPipeline
) -> None:
    columns = [("a", "x", subtype) for subtype in subtypes]
    send(registry, into, run_event(["a", "c"], [copied(*columns)]))
    found = entry(registry, "a", "b")
    assert (found.lineage_type, found.confidence, found.evidence) == (kind, 0.9, Evidence.COLUMNS)


def test_columns_are_kept_sorted(registry: Registry, into: EventPipeline) -> None:
    columns = [("a", "y", "IDENTITY"), ("a", "x", "AGGREGATION")]
    send(registry, into, run_event(["a"], [copied(*columns)]))
    assert entry(registry, "a", "b").columns == (
        ColumnLineage(source="x", target="c1", lineage_type=LineageType.AGGREGATED),
        ColumnLineage(source="y", target="c0", lineage_type=LineageType.DIRECT),
    )


@pytest.mark.parametrize(
    ("told", "kind"),
    [("IDENTITY", LineageType.DIRECT), ("MASKED", LineageType.DERIVED), ("", LineageType.DERIVED)],
)
def test_the_facets_first_version_is_read(
    told: str, kind: LineageType, registry: Registry, into: EventPipeline
) -> None:
    inputs = [{**dataset("a"), "field": "x"}]
    field = {
        "inputFields": inputs,
        "transformationType": told,
        "transformationDescription": "as told",
    }
    output = dataset("b", facets={"columnLineage": {"fields": {"y": field}}})
    send(registry, into, run_event(["a", "c"], [output]))
    assert entry(registry, "a", "b").columns == (
        ColumnLineage(source="x", target="y", lineage_type=kind),
    )


def test_what_affects_the_whole_dataset_is_an_edge_without_columns(
    registry: Registry, into: EventPipeline
) -> None:
    told = {**dataset("a"), "field": "x", "transformations": [{"type": "INDIRECT"}]}
    output = dataset("b", facets={"columnLineage": {"fields": {}, "dataset": [told]}})
    send(registry, into, run_event([], [output]))
    assert edges(registry) == {("a", "b")}
    assert entry(registry, "a", "b").columns == ()


@pytest.mark.parametrize("fields", [{}, {"c": {"inputFields": []}}])
def test_an_empty_facet_says_nothing(fields: Any, registry: Registry, into: EventPipeline) -> None:
    output = dataset("b", facets={"columnLineage": {"fields": fields}})
    send(registry, into, run_event(["a"], [output]))
    assert entry(registry, "a", "b").evidence == Evidence.DATASETS


def test_columns_are_bounded_and_the_smallest_stay() -> None:
    found = []
    for order in (1, -1):
        registry = mesh()
        add_datasets(registry, "ab")
        halves = [
            run_event(
                ["a"], [copied(*[("a", f"x{n:04}", "IDENTITY") for n in range(low, low + 1500)])]
            )
            for low in (0, 1500)
        ][::order]
        send(registry, event_pipeline(), *halves)
        found.append(entry(registry, "a", "b").columns)
    assert found[0] == found[1]
    assert len(found[0]) == 2000
    assert {column.source for column in found[0]} == {f"x{n:04}" for n in range(2000)}


# columns within one dataset


@pytest.mark.parametrize("facet", ["columnLineage", "lineage"])
def test_columns_that_come_from_others_of_their_dataset_are_read_as_columns_alone(
    facet: str, registry: Registry, into: EventPipeline
) -> None:
    """As MERGE and UPDATE make them. A column that stays as it is says nothing."""
    fields = {"net": "decimal", "total": "decimal"}
    store_product(registry, "b", schema=fields, openlineage=[dataset("b")])
    own = [{**dataset("b"), "type": "DATASET", "field": field} for field in ("net", "total")]
    inputs = "inputFields" if facet == "columnLineage" else "inputs"
    output = dataset("b", facets={facet: {"fields": {"total": {inputs: own}}}})
    send(registry, into, run_event(["a", "b"], [output]))
    assert edges(registry) == {("a", "b")}
    for way, column in ((Way.UPSTREAM, "total"), (Way.DOWNSTREAM, "net")):
        found = build_column_graph(CONTEXT, registry, "b", column, way=way, depth=5, max_nodes=10)
        assert [
            (each["source_product"], each["source_column"], each["target_column"])
            for each in found["edges"]
        ] == [("b", "net", "total")]
    send(registry, into, explicit(run_event([], ["b"], run=2), b=[]))
    gone = build_column_graph(
        CONTEXT, registry, "b", "total", way=Way.UPSTREAM, depth=5, max_nodes=10
    )
    assert gone["edges"] == []


# lineage facets


def test_the_facet_of_a_job_says_what_it_names(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, explicit(run_event(["a", "b"], ["c", "d"]), c=["a"], d=["b"]))
    assert confidences(registry) == {
        ("a", "c"): 1.0,
        ("b", "d"): 1.0,
        ("a", "d"): 0.5,
        ("b", "c"): 0.5,
    }


@pytest.mark.parametrize("inputs", [{"inputs": [], "fields": {"y": {"inputs": []}}}, {}])
def test_only_an_empty_list_says_that_there_are_no_sources(
    inputs: Any, registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event(["a"], [dataset("b", facets={"lineage": inputs})]))
    assert edges(registry) == {("a", "b")}


@pytest.mark.parametrize("place", ["job", "run"])
@pytest.mark.parametrize("name", ["entries", "lineage"])
def test_the_drafts_of_the_facet_are_read_too(
    place: str, name: str, registry: Registry, into: EventPipeline
) -> None:
    event = run_event(["a", "b"], ["c"])
    told = lineage_facet(c=["a"])["lineage"]["entries"]
    event[place]["facets"] = {"lineage": {name: told}}
    send(registry, into, event)
    assert confidences(registry) == {("a", "c"): 1.0, ("b", "c"): 0.5}


def test_a_facet_of_a_dataset_needs_no_job(registry: Registry, into: EventPipeline) -> None:
    source = {**dataset("a"), "type": "DATASET"}
    field = {**source, "field": "x", "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}]}
    told = {"inputs": [source], "fields": {"y": {"inputs": [field]}}}
    send(registry, into, dataset_event(dataset("b", facets={"lineage": told})))
    found = entry(registry, "a", "b")
    assert (found.job, found.transformation) == (None, "b")
    assert (found.lineage_type, found.confidence) == (LineageType.DIRECT, 1.0)
    assert found.columns == (ColumnLineage(source="x", target="y"),)


def test_jobs_as_sources_and_targets_are_no_edges(registry: Registry, into: EventPipeline) -> None:
    event = run_event(["a"], ["b"])
    job = {"type": "JOB", "namespace": "n", "name": "j"}
    event["job"]["facets"] = {
        "lineage": {
            "entries": [
                {**dataset("b"), "type": "DATASET", "inputs": [job, {"type": "JOB"}]},
                {"type": "JOB", "inputs": [{**dataset("a"), "type": "DATASET"}]},
            ]
        }
    }
    send(registry, into, event)
    assert entry(registry, "a", "b").evidence == Evidence.DATASETS
    assert edges(registry) == {("a", "b")}


def test_a_target_that_comes_from_nowhere_keeps_weaker_evidence_out(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event(["a"], ["b"], run=1))
    send(registry, into, explicit(run_event(["a"], ["b"], run=2), b=[]))
    assert edges(registry) == set()
    send(registry, into, run_event(["c"], ["b"], run=3))
    assert edges(registry) == set()
    assert queries.find_upstream(CONTEXT, registry, "b") == []


def test_what_a_marker_keeps_out_is_named_by_a_facet_after_all(
    registry: Registry, into: EventPipeline
) -> None:
    """Each order of the three events gives the same."""
    told = [
        run_event(["a", "c"], [copied(("c", "z", "IDENTITY"))], run=1, minute=1),
        explicit(run_event([], ["b"], run=2, minute=2), b=[]),
        explicit(run_event([], ["b"], run=3, minute=3), b=["c"]),
    ]
    graphs = []
    for order in permutations(told):
        registry = mesh()
        add_datasets(registry, "abcd")
        send(registry, event_pipeline(), *order)
        graphs.append(graph(registry))
        assert confidences(registry) == {("c", "b"): 1.0}
        assert [column.source for column in entry(registry, "c", "b").columns] == ["z"]
    assert graphs == graphs[:1] * 6


def test_outputs_that_a_jobs_facet_leaves_out_have_their_inputs(
    registry: Registry, into: EventPipeline
) -> None:
    output = copied(("a", "x", "IDENTITY"), target="d")
    send(registry, into, explicit(run_event(["a", "b"], ["c", output]), c=["b"]))
    assert confidences(registry) == {
        ("a", "c"): 0.5,
        ("b", "c"): 1.0,
        ("a", "d"): 0.9,
        ("b", "d"): 0.5,
    }


# strength


def test_inputs_that_no_column_comes_from_stay_upstream(
    registry: Registry, into: EventPipeline
) -> None:
    """Columns of joins and filters are not in the facet."""
    send(registry, into, run_event(["a", "c"], ["b"], minute=1))
    assert confidences(registry) == {("a", "b"): 0.5, ("c", "b"): 0.5}
    send(registry, into, run_event(["a", "c"], [copied(("a", "x", "IDENTITY"))], minute=2))
    assert confidences(registry) == {("a", "b"): 0.9, ("c", "b"): 0.5}
    assert (entry(registry, "a", "b").timestamp, entry(registry, "c", "b").timestamp) == (
        at(2),
        at(1),
    )
    send(registry, into, run_event(["c", "d"], ["b"], run=2, minute=3))
    assert confidences(registry) == {("a", "b"): 0.9, ("c", "b"): 0.5, ("d", "b"): 0.5}


def test_the_strongest_evidence_of_a_pair_counts(registry: Registry, into: EventPipeline) -> None:
    columns = [("a", "x", "IDENTITY"), ("c", "z", "IDENTITY")]
    send(registry, into, run_event(["a", "c"], [copied(*columns)], run=1))
    send(registry, into, explicit(run_event(["a"], ["b"], run=2), b=["a"]))
    assert confidences(registry) == {("a", "b"): 1.0, ("c", "b"): 0.9}
    assert [column.source for column in entry(registry, "a", "b").columns] == ["x"]


def test_weaker_columns_are_hidden_where_a_target_comes_from_nowhere(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event(["a", "c"], [copied(("c", "z", "IDENTITY"))], run=1))
    send(registry, into, explicit(run_event(["a"], ["b"], run=2), b=[]))
    assert edges(registry) == set()
    hidden = entry(registry, "c", "b")
    assert (hidden.superseded, hidden.evidence) == (True, Evidence.COLUMNS)
    assert queries.find_downstream(CONTEXT, registry, "c") == []


def test_what_earlier_versions_hid_is_shown_with_the_next_event_of_its_job(
    registry: Registry, into: EventPipeline
) -> None:
    """They hid weaker columns of a target, and left markers of the facet of a job."""
    send(registry, into, run_event(["a", "c"], [copied(("c", "z", "IDENTITY"))], run=1))
    hidden = entry(registry, "c", "b").model_copy(update={"superseded": True})
    update = {"id": "m", "source": "b", "columns": ()}
    marker = hidden.model_copy(update=update)
    records = [LineageRecord.from_model(each) for each in (hidden, marker)]
    registry.lineage.commit(
        lambda file: (file.model_copy(update={"lineage": records}), None), NO_DEADLINE
    )
    assert edges(registry) == set()
    send(registry, into, run_event(["a"], ["b"], run=2))
    assert confidences(registry) == {("a", "b"): 0.5, ("c", "b"): 0.9}
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 2


def test_another_jobs_evidence_is_its_own(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, run_event(["a", "c"], ["b"], run=1, job="j"))
    send(registry, into, explicit(run_event(["a"], ["b"], run=2, job="k"), b=["a"]))
    assert edges(registry) == {("a", "b"), ("c", "b")}


def test_entries_registered_by_hand_are_never_touched(
    registry: Registry, into: EventPipeline
) -> None:
    by_hand = add_lineage(registry, "c", "b")
    send(registry, into, explicit(run_event(["a"], ["b"]), b=["a"]))
    assert registry.lineage.read(NO_DEADLINE).lineage[0].to_model().model_dump() == {
        **by_hand.model_dump(),
        "products_revision": 4,
        "evidence": None,
        "superseded": False,
    }


# ends that go and come


def test_an_entry_whose_end_was_registered_again_gives_way_to_a_new_one(
    registry: Registry, into: EventPipeline
) -> None:
    event = run_event(["a"], ["b"])
    send(registry, into, event)
    # As when pruning was interrupted: the entry of the former product is still there.
    registry.products.commit(
        lambda file: (
            file.model_copy(
                update={"products": {k: v for k, v in file.products.items() if k != "a"}}
            ),
            None,
        ),
        NO_DEADLINE,
    )
    add_datasets(registry, "a")
    assert edges(registry) == set()
    send(registry, into, event)
    assert edges(registry) == {("a", "b")}
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 1


def test_a_deleted_product_comes_back_with_the_next_event(into: EventPipeline) -> None:
    registry = mesh()
    send(registry, into, run_event(["a"], ["b"]))
    for name in list(registry.products.read(NO_DEADLINE).products):
        registration.delete_product(CONTEXT, registry, name)
    assert registry.lineage.read(NO_DEADLINE).lineage == []
    send(registry, into, run_event(["a"], ["b"], minute=1))
    assert edges(registry) == {("a", "b")}


# limits


def test_the_limit_of_entries_holds_and_garbage_makes_room(into: EventPipeline) -> None:
    registry = mesh(max_lineage_entries=2)
    add_datasets(registry, "abc")
    send(registry, into, run_event(["a", "b"], ["c"]))
    with pytest.raises(LimitReached, match="MAX_LINEAGE_ENTRIES is 2"):
        send(registry, into, run_event(["a"], ["b"], run=2))
    assert edges(registry) == {("a", "c"), ("b", "c")}
    send(registry, into, run_event(["a", "b"], ["c"], minute=-1))  # an earlier time is no new entry
    registration.delete_product(CONTEXT, registry, "c")
    send(registry, into, run_event(["a"], ["b"], run=2))
    assert edges(registry) == {("a", "b")}


def test_more_pairs_than_there_may_be_entries_are_refused_before_they_are_made() -> None:
    registry = mesh(max_lineage_entries=10_000, max_products=10_000)
    many = [[f"{side}{n}" for n in range(900)] for side in "io"]
    with pytest.raises(OversizedEvent, match="at most MAX_LINEAGE_ENTRIES = 10000 pairs"):
        ingest_events(CONTEXT, registry, event_pipeline(), events(run_event(*many)))
    assert registry.products.read(NO_DEADLINE).products == {}
