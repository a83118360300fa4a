"""The events that say things together: those of one run, and a run belongs to its job."""

from itertools import permutations
from typing import Any

import pytest

from datamesh.services.openlineage import runs
from datamesh.services.openlineage.ingest import ingest_events
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.events import add_datasets, events, run_event
from tests.meshes import event_pipeline, mesh
from tests.unit.openlineage.graphs import edges, graph


def fresh() -> Registry:
    registry = mesh()
    add_datasets(registry, "abcd")
    return registry


def lineage_in_every_way(*raw: dict[str, Any]) -> set[tuple[str, str]]:
    """Edges that are the same singly in any order, in one batch, and after a rebuild."""
    found: list[Registry] = []
    for order in permutations(raw):
        registry, into = fresh(), event_pipeline()
        for each in order:
            ingest_events(CONTEXT, registry, into, events(each))
        again = fresh()
        rebuild_derived_lineage(CONTEXT, again, into, lambda: True)
        batch = fresh()
        ingest_events(CONTEXT, batch, event_pipeline(), events(*order))
        found += [registry, again, batch]
    graphs = [graph(each) for each in found]
    assert graphs == graphs[:1] * len(graphs)
    return edges(found[0])


@pytest.mark.parametrize("other", ["hourly", "dailyx", "dag.daily", "daily/x"])
def test_two_jobs_of_one_run_id_share_nothing(other: str) -> None:
    told = [run_event(["a"], job="daily"), run_event([], ["b"], job="daily")]
    more = [run_event(["c"], ["d"], job=other)]
    assert lineage_in_every_way(*told, *more) == {("a", "b"), ("c", "d")}


def test_the_same_name_in_another_namespace_is_another_job() -> None:
    other = run_event(["c"], ["d"])
    other["job"]["namespace"] = "elsewhere"
    assert lineage_in_every_way(run_event(["a"], ["b"]), other) == {("a", "b"), ("c", "d")}


def test_a_job_whose_client_extends_its_name_in_mid_run_is_one() -> None:
    told = [run_event(["a"], job="app.insert"), run_event([], ["b"], job="app.insert.table")]
    assert lineage_in_every_way(*told) == {("a", "b")}


def test_two_extensions_of_a_name_share_what_it_said_and_no_more() -> None:
    told = [
        run_event(["a"], job="app"),
        run_event(["b"], ["c"], job="app.c"),
        run_event([], ["d"], job="app.d"),
    ]
    assert lineage_in_every_way(*told) == {("a", "c"), ("b", "c"), ("a", "d")}


def test_a_job_beyond_the_bound_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_NAMES", 1)
    registry, into = fresh(), event_pipeline()
    for job, source, target in (("app.a", "a", "b"), ("app.b", "c", "d")):
        ingest_events(CONTEXT, registry, into, events(run_event([source], [target], job=job)))
    assert edges(registry) == {("a", "b"), ("c", "d")}
