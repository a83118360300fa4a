"""Versions of datasets, as Marquez has them, and when they were last modified."""

from typing import Any

import pytest

from datamesh.services.marquez import version_events
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import WAREHOUSE, at, dataset, dataset_event, job_event, run_event, send
from tests.lambdas import Client, assert_marquez_problem
from tests.meshes import Bucket, add_product, event_pipeline, resources

TABLE = f"/api/v1/namespaces/{WAREHOUSE}/datasets/t"
VERSIONS = f"{TABLE}/versions"
RUN = "00000000-0000-0000-0000-00000000000"


def columns(*names: str, **described: str) -> dict[str, Any]:
    fields = [{"name": each, "type": "int"} for each in names]
    fields += [{"name": k, "type": "text", "description": v} for k, v in described.items()]
    return {"schema": {"fields": fields}}


def change(state: str) -> dict[str, Any]:
    return {"lifecycleStateChange": {"lifecycleStateChange": state}}


def data(version: str) -> dict[str, Any]:
    return {"version": {"datasetVersion": version}}


def write(run: int, *facets: dict[str, Any], minute: int | None = None, **more: Any) -> Any:
    """A run that writes `t`, ten minutes for each run."""
    said = {kind: facet for each in facets for kind, facet in each.items()}
    written = dataset("t", facets=said)
    return run_event([], [written], run=run, minute=10 * run if minute is None else minute, **more)


def show(minute: int) -> str:
    return f"{at(minute):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    return serve("marquez", resources(registry, bucket=bucket))


def tell(registry: Registry, bucket: Bucket, *events: Any) -> None:
    send(registry, event_pipeline(bucket), *events)


def read_versions(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(VERSIONS, **query)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.body["versions"]
    return found


def summarize(client: Client) -> list[tuple[str, str | None, str | None]]:
    """Return the columns of each version, its state, and the last digit of the run."""
    return [
        (
            " ".join(each["name"] for each in version["fields"]),
            version["lifecycleState"],
            version["createdByRun"] and version["createdByRun"]["id"][-1],
        )
        for version in read_versions(client)
    ]


def test_a_version_is_new_when_a_run_writes_other_columns(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(
        registry,
        bucket,
        write(1, columns("a"), change("CREATE")),
        write(2, columns("a", "b", c="With tax"), change("ALTER")),
        write(3, columns("a", "b", c="With tax"), change("ALTER")),
        write(4, columns("b")),
    )
    assert summarize(client) == [("b", None, "4"), ("a b c", "ALTER", "2"), ("a", "CREATE", "1")]
    [newest, second, first] = read_versions(client)
    assert first["createdAt"] == show(10)
    assert second["fields"][2] == {
        "name": "c",
        "type": "text",
        "tags": [],
        "description": "With tax",
    }
    assert second["createdByRun"]["state"] == "COMPLETED"
    assert second["createdByRun"]["endedAt"] == show(20)
    assert second["createdByRun"]["jobVersion"]["name"] == "daily"
    assert second["facets"]["lifecycleStateChange"] == {"lifecycleStateChange": "ALTER"}
    assert client.get(TABLE).body["currentVersion"] == newest["version"]
    for each in (newest, second, first):
        assert client.get(f"{VERSIONS}/{each['version']}").body == each
        assert client.get(f"{VERSIONS}/{each['version'].upper()}").body == each
    page = client.get(VERSIONS, limit=1, offset=1).body
    assert page == {"versions": [second], "totalCount": 3}
    missing = client.get(f"{VERSIONS}/{RUN}1")
    assert_marquez_problem(missing, 404, f"There is no version '{RUN}1'")


def test_a_version_of_data_and_a_change_make_versions_with_the_columns_before(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(
        registry,
        bucket,
        write(1, columns("a"), data("s1")),
        write(2, columns("a"), data("s2")),
        write(3, change("TRUNCATE")),
    )
    assert summarize(client) == [("a", "TRUNCATE", "3"), ("a", None, "2"), ("a", None, "1")]
    told = [each["facets"].get("version") for each in read_versions(client)]
    assert told == [None, {"datasetVersion": "s2"}, {"datasetVersion": "s1"}]


def test_a_dataset_that_is_as_it_was_goes_back_to_its_version(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, write(1, columns("a")), write(2, columns("b")), write(3, columns("a")))
    [first, second] = read_versions(client)
    assert summarize(client) == [("a", None, "1"), ("b", None, "2")]
    assert client.get(TABLE).body["currentVersion"] == first["version"] != second["version"]


def test_what_a_run_says_less_of_when_it_starts_is_no_version(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(
        registry,
        bucket,
        write(1, change("OVERWRITE"), minute=9, eventType="START"),
        write(1, columns("a"), change("OVERWRITE"), data("s1")),
        write(2, eventType="START"),
        write(2, minute=21),
    )
    assert summarize(client) == [("a", "OVERWRITE", "1")]


def test_order_shows_nowhere(serve: Serve, client: Client) -> None:
    from tests.meshes import mesh

    raw = [
        write(1, columns("a")),
        write(2, columns("b"), data("x")),
        write(3, columns("a"), change("ALTER")),
        write(4, columns("b"), job="other"),
    ]
    answers = []
    for order in (raw, raw[::-1], [*raw[2:], *raw]):
        registry, bucket = mesh(), Bucket()
        tell(registry, bucket, *order)
        other = serve("marquez", resources(registry, bucket=bucket))
        answers.append(other.get(VERSIONS).body)
    assert len(answers[0]["versions"]) == 4
    assert answers[1] == answers[0] == answers[2]


def test_columns_that_no_job_has_written_are_a_version_of_no_run(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    described = dataset_event(dataset("t", facets=columns("a", "z")), minute=30)
    tell(registry, bucket, write(1, columns("a")), described)
    assert summarize(client) == [("a z", None, None), ("a", None, "1")]
    assert client.get(TABLE).body["currentVersion"] == read_versions(client)[0]["version"]


def test_a_job_event_makes_a_version_of_no_run(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, job_event([], [dataset("t", facets=columns("a"))], minute=3))
    [version] = read_versions(client)
    assert (version["createdAt"], version["createdByRun"]) == (show(3), None)


def test_an_id_of_columns_alone_finds_the_current_version(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, write(1, columns("a"), data("s1")), write(2, columns("a"), data("s2")))
    [listed] = client.get(f"/api/v1/namespaces/{WAREHOUSE}/datasets").body["datasets"]
    found = client.get(f"{VERSIONS}/{listed['currentVersion']}").body
    assert found["version"] == client.get(TABLE).body["currentVersion"]
    assert found["facets"]["version"] == {"datasetVersion": "s2"}


def test_versions_of_events_that_are_gone_have_no_columns(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, write(1, columns("a")), write(2, columns("b")))
    for key in [key for key in bucket if key.startswith("events/")]:
        del bucket[key]
    assert summarize(client) == [("b", None, "2"), ("", None, "1")]


def test_no_more_events_are_read_than_an_answer_may(
    client: Client, registry: Registry, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(registry, bucket, *(write(run, columns(f"c{run}")) for run in range(1, 10)))
    monkeypatch.setattr(version_events, "MAX_READ_BYTES", 100)
    monkeypatch.setattr(version_events, "MAX_FACET_BYTES", 10)
    found = read_versions(client)
    assert [[each["name"] for each in version["fields"]] for version in found[-2:]] == [["c2"], []]
    assert {str(version["facets"]) for version in found} == {"{}"}


def test_a_run_that_is_forgotten_is_told_by_its_event(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, *(write(run, columns("a"), minute=run) for run in range(1, 103)))
    [version] = read_versions(client)
    run = version["createdByRun"]
    assert (run["id"], run["state"], run["endedAt"]) == (f"{RUN}1", "COMPLETED", show(1))


def test_the_last_100_versions_are_known(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, *(write(run, data(f"s{run}"), minute=run) for run in range(1, 103)))
    answer = client.get(VERSIONS, limit=1, offset=99).body
    assert answer["totalCount"] == 100
    assert answer["versions"][0]["facets"]["version"] == {"datasetVersion": "s3"}
    assert len(read_versions(client)) == 10


def test_a_dataset_was_last_modified_when_a_run_wrote_it(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, write(1, columns("a")), write(2, minute=20, eventType="FAIL"))
    assert client.get(TABLE).body["lastModifiedAt"] == show(10)
    add_product(registry, "by_hand")
    by_hand = client.get("/api/v1/namespaces/sales/datasets/by_hand").body
    assert by_hand["lastModifiedAt"] == by_hand["updatedAt"]
