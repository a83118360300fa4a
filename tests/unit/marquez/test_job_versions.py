"""Versions of jobs, as Marquez has them."""

from typing import Any

import pytest

from datamesh.services.jobs import run_ends
from datamesh.services.marquez import job_versions
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import at, dataset, job_event, run_event, send
from tests.lambdas import Client
from tests.meshes import Bucket, event_pipeline, mesh, resources

JOB = "/api/v1/namespaces/scheduler/jobs/daily"
RUN = "00000000-0000-0000-0000-00000000000"


def run(
    number: int, inputs: str, outputs: str, kind: str = "COMPLETE", url: str = ""
) -> dict[str, Any]:
    event = run_event([*inputs], [*outputs], run=number, minute=10 * number, eventType=kind)
    if url:
        event["job"]["facets"] = {"sourceCodeLocation": {"type": "git", "url": url}}
    return event


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    return serve("marquez", resources(registry, bucket=bucket))


def tell(registry: Registry, bucket: Bucket, *events: Any) -> None:
    send(registry, event_pipeline(bucket), *events)


def summarize(client: Client) -> list[tuple[str, str, str | None, str | None]]:
    """Return the inputs and outputs of each version, its location, and the run's last digit."""
    return [
        (
            "".join(each["name"] for each in version["inputs"]),
            "".join(each["name"] for each in version["outputs"]),
            version["location"],
            version["latestRun"] and version["latestRun"]["id"][-1],
        )
        for version in client.get(f"{JOB}/versions").body["versions"]
    ]


def test_a_version_is_new_when_a_run_has_other_datasets_or_another_location(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    url = "https://example.com/v"
    tell(
        registry,
        bucket,
        run(1, "ab", "c", url=url + "1"),
        run(2, "ab", "c", url=url + "1"),
        run(3, "a", "c", url=url + "1"),
        run(4, "a", "c", url=url + "2"),
    )
    assert summarize(client) == [
        ("a", "c", url + "2", "4"),
        ("a", "c", url + "1", "3"),
        ("ab", "c", url + "1", "2"),
    ]
    answer = client.get(f"{JOB}/versions").body
    assert answer["totalCount"] == 3
    assert [each["createdAt"] for each in answer["versions"]] == [
        f"{at(minute):%Y-%m-%dT%H:%M:%SZ}" for minute in (40, 30, 10)
    ]
    for each in answer["versions"]:
        assert client.get(f"{JOB}/versions/{each['version']}").body == each
        assert each["latestRun"]["jobVersion"] == each["id"]
    current = client.get(JOB).body["currentVersion"]
    assert current == answer["versions"][0]["version"]
    [listed] = client.get("/api/v1/jobs").body["jobs"]
    assert listed["currentVersion"] == current
    runs = client.get(f"{JOB}/runs").body["runs"]
    versions = [each["version"] for each in answer["versions"]]
    assert [each["jobVersion"]["version"] for each in runs] == [*versions, versions[-1]]


def test_what_the_events_of_a_run_name_is_one_version_once_it_completes(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, run(1, "a", "", "START"), run(1, "", "b"), run(2, "a", "", "START"))
    assert summarize(client) == [("a", "b", None, "1")]
    tell(registry, bucket, run(3, "", "", "FAIL"))
    assert summarize(client) == [("a", "b", None, "1")]


def test_a_job_of_which_no_run_has_completed_has_all_its_datasets(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, job_event(["a"], ["b"], minute=1), run(1, "c", "", "START"))
    assert summarize(client) == [("ac", "b", None, "1")]


def test_what_is_not_known_whole_is_no_version(
    client: Client, registry: Registry, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_ends, "MAX_ENDS", 3)
    monkeypatch.setattr(job_versions, "MAX_ENDS", 3)
    tell(registry, bucket, run(1, "a", "b"), run(2, "abc", "d"))
    assert summarize(client) == [("a", "b", None, "1")]


def test_datasets_have_the_name_that_their_product_has_first(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    symlinks = {"symlinks": {"identifiers": [dataset("path") | {"type": "TABLE"}]}}
    tell(registry, bucket, run_event(["a"], [dataset("path")], run=1, minute=1))
    tell(registry, bucket, run_event(["a"], [dataset("b", facets=symlinks)], run=2, minute=2))
    assert summarize(client) == [("a", "b", None, "2")]


def test_order_shows_nowhere(serve: Serve) -> None:
    raw = [run(1, "a", "", "START"), run(1, "", "b"), run(2, "ac", "b"), run(3, "a", "b")]
    answers = []
    for order in (raw, raw[::-1], [*raw[2:], *raw]):
        registry, bucket = mesh(), Bucket()
        tell(registry, bucket, *order)
        client = serve("marquez", resources(registry, bucket=bucket))
        answers.append(client.get(f"{JOB}/versions").body)
    assert len(answers[0]["versions"]) == 2
    assert answers[1] == answers[0] == answers[2]
