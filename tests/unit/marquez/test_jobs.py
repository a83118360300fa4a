"""Marquez' reads of jobs and runs."""

from typing import Any
from unittest.mock import patch

import pytest

from datamesh.services.marquez import graph, jobs
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from tests.conftest import Serve
from tests.events import job_event, run_event, send
from tests.lambdas import Client, api_event, assert_marquez_problem
from tests.meshes import Bucket, add_lineage, add_products, event_pipeline, resources

API = "/api/v1"
JOB = f"{API}/namespaces/scheduler/jobs"
RUN = "00000000-0000-0000-0000-00000000000"


def told(kind: str, minute: int, run: int = 1, job: str = "daily", **facets: Any) -> dict[str, Any]:
    event = run_event(["a"], ["b"], minute=minute, run=run, job=job, eventType=kind)
    event["run"]["facets"] = facets
    return event


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    first = told("START", 0, nominalTime={"nominalStartTime": "2026-01-31T11:00:00Z"})
    first["job"]["facets"] = {
        "documentation": {"description": "Sums up."},
        "sql": {"query": "SELECT 1"},
        "sourceCodeLocation": {"type": "git", "url": "https://example.com/repo"},
        "tags": {"tags": [{"key": "pii", "value": "true"}]},
    }
    first["run"]["facets"]["parent"] = {
        "run": {"runId": "p"},
        "job": {"namespace": "scheduler", "name": "dag"},
    }
    send(
        registry,
        event_pipeline(bucket),
        first,
        told("COMPLETE", 2),
        told("START", 60, 2),
        told("FAIL", 61, 2, errorMessage={"message": "no disk"}),
        job_event([], ["c"], job="s3://x/y", minute=5),
        told("START", 30, 3, job="dag.step"),
    )
    return serve("marquez", resources(registry, bucket=bucket))


def names(answer: Any) -> list[str]:
    return [each["name"] for each in answer.body["jobs"]]


def test_jobs_are_listed_with_their_latest_runs(client: Client) -> None:
    answer = client.get(f"{API}/jobs")
    assert (names(answer), answer.body["totalCount"]) == (["daily", "dag.step", "s3://x/y"], 3)
    first = answer.body["jobs"][0]
    assert [(run["id"], run["state"]) for run in first["latestRuns"]] == [
        (f"{RUN}2", "FAILED"),
        (f"{RUN}1", "COMPLETED"),
    ]
    assert first["latestRun"] == first["latestRuns"][0]
    assert first["latestRun"]["durationMs"] == 60_000
    assert answer.body["jobs"][2]["latestRun"] is None
    assert answer.body["jobs"][2]["latestRuns"] == []


def test_a_page_of_jobs_asks_once_what_is_hidden(client: Client) -> None:
    """Not once for each job: that is a request to storage."""
    asked: list[str] = []
    load = Document._load_version

    def note(document: Document[Any]) -> object:
        asked.append(document.name)
        return load(document)

    counts = []
    with patch.object(Document, "_load_version", note):
        for limit in (1, 3):
            asked.clear()
            assert len(client.get(f"{API}/jobs", limit=limit).body["jobs"]) == limit
            counts.append(asked.count("products.json"))
    assert counts[0] == counts[1]


def test_a_page_of_jobs_is_cut_where_it_should_be(client: Client) -> None:
    answer = client.get(f"{JOB}", limit=1, offset=1)
    assert (names(answer), answer.body["totalCount"]) == (["dag.step"], 3)
    assert client.get(f"{API}/namespaces/postgres://db:5432/jobs").body == {
        "jobs": [],
        "totalCount": 0,
    }
    assert_marquez_problem(
        client.get(f"{API}/namespaces/other/jobs"), 404, "There is no namespace 'other'"
    )


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (["FAILED"], ["daily"]),
        (["RUNNING"], ["dag.step"]),
        (["RUNNING", "FAILED"], ["daily", "dag.step"]),
        (["COMPLETED"], []),
    ],
)
def test_jobs_are_found_by_the_state_of_their_latest_run(
    client: Client, states: list[str], found: list[str]
) -> None:
    query = "&".join(f"lastRunStates={state}" for state in states)
    for path in (f"{API}/jobs", JOB):
        answer = client.send(api_event("GET", path) | {"rawQueryString": query})
        assert (names(answer), answer.body["totalCount"]) == (found, len(found))


def test_an_unknown_state_is_refused(client: Client) -> None:
    answer = client.get(f"{API}/jobs", lastRunStates="DONE")
    assert answer.status == 422
    assert answer.body["details"].startswith("lastRunStates")


def test_a_job_shows_what_people_wrote_of_it(client: Client) -> None:
    job = client.get(f"{JOB}/daily").body
    assert {
        key: job[key]
        for key in ("description", "location", "parentJobName", "tags", "type", "updatedAt")
    } == {
        "description": "Sums up.",
        "location": "https://example.com/repo",
        "parentJobName": "dag",
        "tags": ["pii"],
        "type": "BATCH",
        "updatedAt": "2026-01-31T13:01:00Z",
    }
    assert [each["name"] for each in job["inputs"] + job["outputs"]] == ["a", "b"]
    assert job["latestRun"]["facets"] == {"errorMessage": {"message": "no disk"}}
    assert job["currentVersion"] == job["latestRun"]["jobVersion"]["version"]


def test_a_task_has_a_simple_name(client: Client, registry: Registry, bucket: Bucket) -> None:
    event = told("COMPLETE", 1, 9, "dag.step")
    event["run"]["facets"]["parent"] = {
        "run": {"runId": "p"},
        "job": {"namespace": "scheduler", "name": "dag"},
    }
    send(registry, event_pipeline(bucket), event)
    job = client.get(f"{JOB}/dag.step").body
    assert (job["name"], job["simpleName"]) == ("dag.step", "step")


@pytest.mark.parametrize("end", ["", "/", "/runs", "/versions"])
def test_names_with_slashes_and_slashes_at_the_end(client: Client, end: str) -> None:
    assert client.get(f"{JOB}/s3://x/y{end}").status == 200


def test_runs_are_listed_newest_first(client: Client) -> None:
    answer = client.get(f"{JOB}/daily/runs")
    assert [run["id"] for run in answer.body["runs"]] == [f"{RUN}2", f"{RUN}1"]
    assert answer.body["totalCount"] == 2
    cut = client.get(f"{JOB}/daily/runs", limit=1, offset=1).body
    assert [run["id"] for run in cut["runs"]] == [f"{RUN}1"]
    assert cut["runs"][0] == {
        "id": f"{RUN}1",
        "createdAt": "2026-01-31T12:00:00Z",
        "updatedAt": "2026-01-31T12:02:00Z",
        "nominalStartTime": "2026-01-31T11:00:00Z",
        "nominalEndTime": None,
        "state": "COMPLETED",
        "startedAt": "2026-01-31T12:00:00Z",
        "endedAt": "2026-01-31T12:02:00Z",
        "durationMs": 120_000,
        "args": {},
        "jobVersion": answer.body["runs"][0]["jobVersion"],
        "inputDatasetVersions": [],
        "outputDatasetVersions": [],
        "facets": {},
    }
    assert_marquez_problem(client.get(f"{JOB}/nightly/runs"), 404, "There is no job 'nightly'")


def test_a_run_is_found_by_its_id(client: Client) -> None:
    run = client.get(f"{API}/jobs/runs/{RUN}2").body
    assert (run["id"], run["state"]) == (f"{RUN}2", "FAILED")
    assert run["facets"] == {"errorMessage": {"message": "no disk"}}
    for id in (f"{RUN}9", "no-such-run"):
        answer = client.get(f"{API}/jobs/runs/{id}")
        assert_marquez_problem(answer, 404, f"There is no run '{id}'")


def test_a_run_whose_id_is_no_uuid_is_found_by_it(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    event = told("COMPLETE", 1)
    event["run"]["runId"] = "run_id"
    send(registry, event_pipeline(bucket), event)
    assert client.get(f"{API}/jobs/runs/run_id").body["state"] == "COMPLETED"


def test_the_run_of_two_jobs_is_that_of_the_one_that_spoke_last(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    send(registry, event_pipeline(bucket), told("ABORT", 99, 2, "other"))
    run = client.get(f"{API}/jobs/runs/{RUN}2").body
    assert (run["state"], run["jobVersion"]["name"]) == ("ABORTED", "other")


def test_facets_are_those_of_the_kept_events(client: Client, bucket: Bucket) -> None:
    path = f"{API}/jobs/runs/{RUN}1/facets"
    found = client.get(path, type="job").body
    assert found["runId"] == f"{RUN}1"
    assert found["facets"]["sql"] == {"query": "SELECT 1"}
    assert sorted(client.get(path, type="run").body["facets"]) == ["nominalTime", "parent"]
    for key in [key for key in bucket if key.startswith("events/")]:
        del bucket[key]
    assert client.get(path, type="job").body["facets"] == {}
    assert client.get(path, type="dataset").status == 422


def test_a_job_has_its_versions(client: Client, registry: Registry, bucket: Bucket) -> None:
    [version] = client.get(f"{JOB}/daily/versions").body["versions"]
    assert version["id"] == {
        "namespace": "scheduler",
        "name": "daily",
        "version": version["version"],
    }
    assert version["createdAt"] == "2026-01-31T12:00:00Z"
    assert client.get(f"{JOB}/daily/versions/{version['version']}").body == version
    assert client.get(f"{JOB}/daily/versions", offset=1).body == {"versions": [], "totalCount": 1}
    answer = client.get(f"{JOB}/daily/versions/{RUN}1")
    assert_marquez_problem(answer, 404, f"There is no version '{RUN}1'")
    send(registry, event_pipeline(bucket), run_event(["a", "x"], ["b"], minute=90, run=7))
    [later, first] = client.get(f"{JOB}/daily/versions").body["versions"]
    assert first == version
    assert later["version"] != version["version"]
    assert later["createdAt"] == "2026-01-31T13:30:00Z"


def test_lineage_by_hand_is_a_job_without_runs(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    add_products(registry, "xy")
    add_lineage(registry, "x", "y")
    job = client.get(f"{API}/namespaces/sales/jobs/x -> y").body
    assert (job["latestRun"], job["latestRuns"], job["facets"]) == (None, [], {})
    assert client.get(f"{API}/namespaces/sales/jobs/x -> y/runs").body["runs"] == []


def test_a_graph_shows_the_latest_runs_of_the_nearest_jobs(client: Client) -> None:
    answer = client.get(f"{API}/lineage", nodeId="job:scheduler:daily")
    shown = {
        node["data"]["name"]: node["data"]["latestRun"]
        for node in answer.body["graph"]
        if node["type"] == "JOB"
    }
    assert shown["daily"]["state"] == "FAILED"
    assert shown["dag.step"]["state"] == "RUNNING"
    with patch.object(graph, "MAX_JOBS_WITH_RUNS", 1):
        answer = client.get(f"{API}/lineage", nodeId="job:scheduler:daily")
    found = [node["data"]["latestRun"] for node in answer.body["graph"] if node["type"] == "JOB"]
    assert [run and run["state"] for run in found] == ["FAILED", None]


def test_a_filter_by_state_looks_at_a_bounded_number_of_jobs(client: Client) -> None:
    assert jobs.MAX_FILTERED_JOBS == 100
    whole = client.get(f"{API}/jobs", lastRunStates="RUNNING")
    assert (names(whole), whole.headers.get("x-truncated")) == (["dag.step"], None)
    with patch.object(jobs, "MAX_FILTERED_JOBS", 1):
        answer = client.get(f"{API}/jobs", lastRunStates="RUNNING")
    assert (names(answer), answer.headers["x-truncated"]) == ([], "true")


def test_a_page_of_jobs_has_25_unless_told(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    more = [job_event([], ["c"], job=f"job {number}") for number in range(30)]
    send(registry, event_pipeline(bucket), *more)
    for path in (f"{API}/jobs", JOB):
        answer = client.get(path)
        assert (len(answer.body["jobs"]), answer.body["totalCount"]) == (25, 33)
        assert answer.headers["x-next-offset"] == "25"
        assert len(client.get(path, limit=30).body["jobs"]) == 30
