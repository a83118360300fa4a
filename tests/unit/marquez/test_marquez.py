"""The part of Marquez' API that its clients use, through the function's handler."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from datamesh.services.marquez.graph import MAX_GRAPH_NODES
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import WAREHOUSE, column_lineage, dataset, job_event, run_event, send
from tests.lambdas import Answer, Client, assert_marquez_problem
from tests.meshes import add_lineage, add_product, event_pipeline, mesh, resources
from tests.past import Timeline

API = "/api/v1"
A = f"dataset:{WAREHOUSE}:a"


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    """Return a client of a -> j -> b -> k -> c, all from events."""
    facets = {"schema": {"fields": [{"name": "x", "type": "int"}]}}
    output = dataset("b", facets={**facets, **column_lineage(x=[("a", "y", "IDENTITY")])})
    send(registry, event_pipeline(), run_event(["a"], [output], job="j", minute=1))
    send(registry, event_pipeline(), job_event(["b"], ["c"], job="k", minute=2))
    return serve("marquez", resources(registry))


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [node["id"].removeprefix(f"dataset:{WAREHOUSE}:") for node in answer.body["graph"]]


def of(answer: Answer, id: str) -> Any:
    [node] = [node for node in answer.body["graph"] if node["id"] == id]
    return node


def test_a_graph_has_datasets_and_jobs_with_edges_both_ways(client: Client) -> None:
    answer = client.get(f"{API}/lineage", nodeId=A)
    b, j = f"dataset:{WAREHOUSE}:b", "job:scheduler:j"
    assert ids(answer) == ["a", "b", "c", j, "job:scheduler:k"]
    into, out = {"origin": j, "destination": b}, {"origin": b, "destination": "job:scheduler:k"}
    node = of(answer, b)
    assert (node["inEdges"], node["outEdges"]) == ([into], [out])
    assert node["data"] == {
        "id": {"namespace": WAREHOUSE, "name": "b"},
        "type": "DB_TABLE",
        "name": "b",
        "physicalName": "b",
        "createdAt": "2026-01-31T12:00:00Z",
        "updatedAt": "2026-01-31T12:00:00Z",
        "namespace": WAREHOUSE,
        "sourceName": WAREHOUSE,
        "fields": [{"name": "x", "type": "int", "tags": [], "description": None}],
        "tags": [],
        "lastModifiedAt": "2026-01-31T12:00:00Z",
        "lastLifecycleState": None,
        "description": f"Dataset b of {WAREHOUSE}, seen in events",
        "facets": {},
        "deleted": False,
    }
    job = of(answer, j)
    assert (job["type"], job["inEdges"], job["outEdges"]) == (
        "JOB",
        [{"origin": A, "destination": j}],
        [into],
    )
    version = job["data"].pop("currentVersion")
    assert UUID(version).version == 5
    assert job["data"] == {
        "id": {"namespace": "scheduler", "name": "j"},
        "type": "BATCH",
        "name": "j",
        "simpleName": "j",
        "parentJobName": None,
        "parentJobUuid": None,
        "createdAt": "2026-01-31T12:01:00Z",
        "updatedAt": "2026-01-31T12:01:00Z",
        "namespace": "scheduler",
        "inputs": [{"namespace": WAREHOUSE, "name": "a"}],
        "outputs": [{"namespace": WAREHOUSE, "name": "b"}],
        "location": None,
        "description": None,
        "latestRun": None,
        "facets": {},
        "latestRuns": [],
        "tags": [],
        "labels": [],
    }


@pytest.mark.parametrize(
    ("node", "depth", "found"),
    [
        (A, 0, ["a", "b", "job:scheduler:j"]),
        (A, 1, ["a", "b", "c", "job:scheduler:j", "job:scheduler:k"]),
        ("job:scheduler:k", 0, ["b", "c", "job:scheduler:k"]),
        ("job:scheduler:k", 1, ["b", "c", "a", "job:scheduler:k", "job:scheduler:j"]),
    ],
)
def test_depth_counts_jobs(client: Client, node: str, depth: int, found: list[str]) -> None:
    assert ids(client.get(f"{API}/lineage", nodeId=node, depth=depth)) == found


@pytest.mark.parametrize(
    "node", ["dataset:elsewhere:a", "job:scheduler:a", "a", "", f"dataset:{WAREHOUSE}:A"]
)
def test_404_an_unknown_node(client: Client, node: str) -> None:
    answer = client.get(f"{API}/lineage", nodeId=node)
    assert_marquez_problem(answer, 404, f"There is no node '{node}'")


@pytest.mark.parametrize("query", [{}, {"nodeId": A, "depth": -1}, {"nodeId": A, "depth": 101}])
def test_422_a_graph_of_nothing_or_of_any_depth(client: Client, query: dict[str, Any]) -> None:
    assert client.get(f"{API}/lineage", **query).status == 422


def test_a_product_by_hand_is_a_dataset_of_its_domain(serve: Serve, registry: Registry) -> None:
    for name in ("a", "b", "alone"):
        add_product(registry, name, tags=["gold"])
    add_lineage(registry, "a", "b")
    add_lineage(registry, "a", "b", transformation="another")
    client = serve("marquez", resources(registry))
    answer = client.get(f"{API}/lineage", nodeId="dataset:sales:b")
    assert [node["id"] for node in answer.body["graph"]] == [
        "dataset:sales:b",
        "dataset:sales:a",
        "job:sales:a -> b",
    ]
    assert answer.body["graph"][0]["data"]["tags"] == ["gold"]
    alone = client.get(f"{API}/lineage", nodeId="dataset:sales:alone")
    assert [node["id"] for node in alone.body["graph"]] == ["dataset:sales:alone"]


def test_a_node_has_the_name_by_which_it_was_asked_for(serve: Serve, registry: Registry) -> None:
    add_product(registry, "p", openlineage=[dataset("one"), dataset("two")])
    add_product(registry, "q")
    add_lineage(registry, "p", "q")
    client = serve("marquez", resources(registry))
    for name in ("one", "two"):
        answer = client.get(f"{API}/lineage", nodeId=f"dataset:{WAREHOUSE}:{name}")
        asked = answer.body["graph"][0]
        assert asked["id"] == f"dataset:{WAREHOUSE}:{name}"
        assert asked["outEdges"][0]["origin"] == asked["id"]
    from_q = client.get(f"{API}/lineage", nodeId="dataset:sales:q")
    assert f"dataset:{WAREHOUSE}:one" in [node["id"] for node in from_q.body["graph"]]


def test_a_graph_is_cut_to_the_nearest_nodes(serve: Serve) -> None:
    registry = mesh()
    outputs = [f"o{number}" for number in range(MAX_GRAPH_NODES + 20)]
    send(registry, event_pipeline(), *(job_event(["a"], [name], job=name) for name in outputs[:50]))
    send(registry, event_pipeline(), job_event(["o1"], outputs[50:], job="many"))
    client = serve("marquez", resources(registry))
    answer = client.get(f"{API}/lineage", nodeId=A)
    assert len(answer.body["graph"]) <= MAX_GRAPH_NODES
    known = {node["id"] for node in answer.body["graph"]}
    edges = [edge for node in answer.body["graph"] for edge in node["outEdges"] + node["inEdges"]]
    assert [edge for edge in edges if not ({edge["origin"], edge["destination"]} <= known)] == []
    assert A in known


# lists


def test_namespaces_are_those_of_datasets_and_jobs(client: Client, registry: Registry) -> None:
    add_product(registry, "p")
    answer = client.get(f"{API}/namespaces")
    assert [each["name"] for each in answer.body["namespaces"]] == [WAREHOUSE, "sales", "scheduler"]
    assert answer.body["namespaces"][2] == {
        "name": "scheduler",
        "createdAt": "2026-01-31T12:01:00Z",
        "updatedAt": "2026-01-31T12:02:00Z",
        "ownerName": "anonymous",
        "description": None,
        "isHidden": False,
    }
    page = client.get(f"{API}/namespaces", limit=1, offset=1)
    assert [each["name"] for each in page.body["namespaces"]] == ["sales"]


def test_a_namespace_is_as_old_as_its_first_dataset_and_as_new_as_its_latest(serve: Serve) -> None:
    timeline = Timeline()
    first = timeline.now
    for name in ("old", "middle", "young"):
        add_product(timeline.registry, name)
        timeline.tick()
    answer = serve("marquez", timeline.resources()).get(f"{API}/namespaces")
    [namespace] = answer.body["namespaces"]
    assert namespace["createdAt"] == f"{first:%Y-%m-%dT%H:%M:%SZ}"
    assert namespace["updatedAt"] == f"{first + timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}"


def test_datasets_of_a_namespace_with_slashes(client: Client) -> None:
    """API Gateway, and SAM's emulation of it, have decoded the path."""
    answer = client.get(f"{API}/namespaces/{WAREHOUSE}/datasets", limit=2, offset=1)
    assert answer.body["totalCount"] == 3
    assert [each["name"] for each in answer.body["datasets"]] == ["b", "c"]


def test_a_namespace_of_jobs_alone_has_no_datasets(client: Client) -> None:
    answer = client.get(f"{API}/namespaces/scheduler/datasets")
    assert (answer.status, answer.body) == (200, {"datasets": [], "totalCount": 0})


def test_404_an_unknown_namespace(client: Client) -> None:
    answer = client.get(f"{API}/namespaces/nowhere/datasets")
    assert_marquez_problem(answer, 404, "There is no namespace 'nowhere'")
    assert_marquez_problem(
        client.get(f"{API}/namespaces/nowhere"), 404, "There is no namespace 'nowhere'"
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "a"}, ["DATASET a"]),
        ({"q": "A"}, ["DATASET a"]),
        ({"q": "k"}, ["JOB k"]),
        ({"q": "k", "filter": "dataset"}, []),
        ({"q": "k", "filter": "JOB"}, ["JOB k"]),
        ({"q": "zzz"}, []),
    ],
)
def test_a_search_finds_by_name(client: Client, query: dict[str, Any], found: list[str]) -> None:
    answer = client.get(f"{API}/search", **query)
    assert [f"{each['type']} {each['name']}" for each in answer.body["results"]] == found
    assert answer.body["totalCount"] == len(found)


def test_a_search_result_leads_to_its_node(client: Client) -> None:
    [found] = client.get(f"{API}/search", q="a").body["results"]
    assert found == {
        "type": "DATASET",
        "name": "a",
        "updatedAt": "2026-01-31T12:00:00Z",
        "namespace": WAREHOUSE,
        "nodeId": A,
    }


def test_a_search_is_sorted_and_cut(serve: Serve, registry: Registry) -> None:
    send(registry, event_pipeline(), job_event(["t1"], ["t2"], job="t0", minute=5))
    client = serve("marquez", resources(registry))
    by_name = client.get(f"{API}/search", q="t", limit=2)
    assert [each["name"] for each in by_name.body["results"]] == ["t0", "t1"]
    assert by_name.body["totalCount"] == 3
    for sort in ("update_at", "updated_at", "UPDATE_AT"):
        latest = client.get(f"{API}/search", q="t", sort=sort)
        assert latest.body["results"][0]["name"] == "t0"
    assert client.get(f"{API}/search", q="t", sort="size").status == 422
    assert client.get(f"{API}/search", q="").body["totalCount"] == 3


def test_hidden_entries_are_in_no_graph(client: Client, registry: Registry) -> None:
    """What stronger evidence has superseded, and what only keeps weaker evidence out."""
    event = run_event(["a"], ["b"], run=2, job="j", minute=3)
    entry = {**dataset("b"), "type": "DATASET", "inputs": []}
    event["job"]["facets"] = {"lineage": {"entries": [entry]}}
    send(registry, event_pipeline(), event)
    answer = client.get(f"{API}/lineage", nodeId=A)
    assert ids(answer) == ["a"]
    assert "a" in registry.products.read(NO_DEADLINE).products


JOB_SHAPES = {
    "ingest": ([], ["raw"]),
    "export": (["raw"], []),
    "merge": (["merged", "raw"], ["merged"]),
    "compact": (["raw"], ["raw"]),
    "clean up": ([], []),
}


def test_jobs_without_lineage_have_nodes(serve: Serve, registry: Registry) -> None:
    """They only write, only read, write what they read, or name no dataset at all."""
    jobs = [run_event(*ends, job=name) for name, ends in JOB_SHAPES.items()]
    send(registry, event_pipeline(), *jobs)
    client = serve("marquez", resources(registry))
    for name, (inputs, outputs) in JOB_SHAPES.items():
        answer = client.get(f"{API}/lineage", nodeId=f"job:scheduler:{name}", depth=0)
        [node] = [each for each in answer.body["graph"] if each["type"] == "JOB"]
        assert [each["name"] for each in node["data"]["inputs"]] == inputs
        assert [each["name"] for each in node["data"]["outputs"]] == outputs
    around = client.get(f"{API}/lineage", nodeId=f"dataset:{WAREHOUSE}:raw", depth=0)
    jobs_around = {each["data"]["name"] for each in around.body["graph"] if each["type"] == "JOB"}
    assert jobs_around == {*JOB_SHAPES} - {"clean up"}
    namespaces = client.get(f"{API}/namespaces").body["namespaces"]
    assert [each["name"] for each in namespaces] == [WAREHOUSE, "scheduler"]
    found = client.get(f"{API}/search", q="clean", filter="job").body["results"]
    assert [each["nodeId"] for each in found] == ["job:scheduler:clean up"]


def test_a_job_that_runs_again_is_found_before_others(serve: Serve, registry: Registry) -> None:
    for minute, name in ((0, "night a"), (60, "night b"), (120, "night a")):
        event = run_event(["a"], ["b"], job=name, run=minute + 1, minute=minute)
        send(registry, event_pipeline(), event)
    found = serve("marquez", resources(registry)).get(f"{API}/search", q="night", sort="update_at")
    assert [(each["name"], each["updatedAt"]) for each in found.body["results"]] == [
        ("night a", "2026-01-31T14:00:00Z"),
        ("night b", "2026-01-31T13:00:00Z"),
    ]
