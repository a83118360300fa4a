"""The runs that a run comes after."""

from typing import Any
from uuid import UUID

import pytest

from datamesh.services.marquez import run_lineage
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import WAREHOUSE, run_event, send
from tests.lambdas import Client, assert_marquez_problem
from tests.meshes import Bucket, event_pipeline, job_store, resources

PATH = "/api/v1/runlineage/upstream"


def run_id(number: int) -> str:
    return str(UUID(int=number))


def event(job: str, read: str, written: str, run: int, minute: int) -> dict[str, Any]:
    sent = run_event([read], [written], run=run, job=job, minute=minute)
    sent["run"]["runId"] = run_id(run)
    return sent


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    """Return a client of raw -> first -> a -> second -> b, where `first` ran three times, once
    after `second`."""
    held = Bucket()
    events = [
        event("first", "raw", "a", 1, 1),
        event("first", "raw", "a", 2, 2),
        event("second", "a", "b", 3, 3),
        event("first", "raw", "a", 4, 4),
    ]
    send(registry, event_pipeline(held), *events)
    return serve("marquez", resources(registry, jobs=job_store(held)))


def test_a_run_comes_after_the_latest_ones_before_it(client: Client) -> None:
    answer = client.get(PATH, runId=run_id(3))
    assert answer.status == 200, answer.body
    assert [(each["job"]["name"], each["run"]["id"]) for each in answer.body["runs"]] == [
        ("second", run_id(3)),
        ("first", run_id(2)),
    ]
    assert answer.body["runs"][0]["run"]["status"] == "COMPLETED"
    assert answer.body["runs"][1]["inputs"] == [
        {"namespace": WAREHOUSE, "name": "raw", "version": None, "producedByRunId": None}
    ]


def test_depth_counts_jobs_and_runs_are_bounded(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(client.get(PATH, runId=run_id(3), depth=0).body["runs"]) == 1
    monkeypatch.setattr(run_lineage, "MAX_RUNS", 1)
    assert len(client.get(PATH, runId=run_id(3)).body["runs"]) == 1


def test_404_an_unknown_run(client: Client) -> None:
    answer = client.get(PATH, runId=run_id(9))
    assert_marquez_problem(answer, 404, f"There is no run '{run_id(9)}'")
