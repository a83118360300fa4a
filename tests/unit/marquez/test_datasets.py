"""Single datasets, columns, sources, tags and filtered searches, as Marquez has them."""

from typing import Any
from uuid import UUID

import pytest

from datamesh.models.products import DatasetName
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import WAREHOUSE, column_lineage, dataset, run_event, send
from tests.lambdas import Answer, Client, assert_marquez_problem
from tests.meshes import add_product, event_pipeline, resources
from tests.past import Timeline

API = "/api/v1"
ORDERS = f"{API}/namespaces/{WAREHOUSE}/datasets/shop/orders"


def fields(*names: str) -> dict[str, Any]:
    return {"schema": {"fields": [{"name": name, "type": "int"} for name in names]}}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    """Return a client of raw -> etl -> shop/orders -> report -> totals, whose columns are x -> id
    -> n."""
    orders = dataset(
        "shop/orders", facets=fields("id") | column_lineage(id=[("raw", "x", "DIRECT")])
    )
    checks = {"assertions": [{"assertion": "unique", "column": "id", "success": False}]}
    read = dataset("shop/orders", inputFacets={"dataQualityAssertions": checks})
    totals = dataset(
        "totals", facets=fields("n") | column_lineage(n=[("shop/orders", "id", "DIRECT")])
    )
    raw = dataset("raw", facets=fields("x", "y"))
    send(registry, event_pipeline(), run_event([raw], [orders], job="etl", minute=1))
    send(registry, event_pipeline(), run_event([read], [totals], run=2, job="report", minute=2))
    return serve("marquez", resources(registry))


def columns(answer: Answer) -> dict[str, tuple[list[str], list[str]]]:
    """Return the columns of a graph, with the other ends of their edges in and out."""
    assert answer.status == 200, answer.body
    prefix = f"datasetField:{WAREHOUSE}:"
    found = {}
    for node in answer.body["graph"]:
        assert {each["origin"] for each in node["inEdges"] + node["outEdges"]} <= {node["id"]}
        found[node["id"].removeprefix(prefix)] = (
            [each["destination"].removeprefix(prefix) for each in node["inEdges"]],
            [each["destination"].removeprefix(prefix) for each in node["outEdges"]],
        )
    return found


def test_a_dataset_has_its_checks_columns_and_version(client: Client) -> None:
    answer = client.get(ORDERS)
    assert answer.status == 200, answer.body
    version = answer.body.pop("currentVersion")
    assert UUID(version).version == 5
    assert answer.body["id"] == {"namespace": WAREHOUSE, "name": "shop/orders"}
    assert answer.body["columnLineage"] == [
        {
            "name": "id",
            "inputFields": [
                {
                    "namespace": WAREHOUSE,
                    "dataset": "raw",
                    "field": "x",
                    "transformationDescription": None,
                    "transformationType": "DERIVED",
                }
            ],
            "transformationDescription": None,
            "transformationType": None,
        }
    ]
    assert answer.body["facets"]["dataQualityAssertions"] == {
        "assertions": [{"assertion": "unique", "column": "id", "success": False}]
    }
    [listed] = [
        each
        for each in client.get(f"{API}/namespaces/{WAREHOUSE}/datasets").body["datasets"]
        if each["name"] == "shop/orders"
    ]
    assert listed == answer.body | {"currentVersion": version}
    [kept] = client.get(f"{ORDERS}/versions").body["versions"]
    assert (kept["version"], kept["fields"]) == (version, answer.body["fields"])
    assert client.get(f"{ORDERS}/versions/{version}").body == kept
    assert_marquez_problem(client.get(f"{ORDERS}/versions/1"), 404, "There is no version '1'")
    empty = client.get(f"{ORDERS}/versions", offset=1)
    assert empty.body == {"versions": [], "totalCount": 1}


def test_404_an_unknown_dataset(client: Client) -> None:
    answer = client.get(f"{API}/namespaces/{WAREHOUSE}/datasets/nothing")
    message = f"There is no dataset 'nothing' in the namespace '{WAREHOUSE}'"
    assert_marquez_problem(answer, 404, message)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            {"nodeId": f"dataset:{WAREHOUSE}:shop/orders"},
            {"shop/orders:id": (["raw:x"], []), "raw:x": ([], ["shop/orders:id"])},
        ),
        (
            {"nodeId": f"dataset:{WAREHOUSE}:shop/orders", "withDownstream": "true"},
            {
                "shop/orders:id": (["raw:x"], ["totals:n"]),
                "raw:x": ([], ["shop/orders:id"]),
                "totals:n": (["shop/orders:id"], []),
            },
        ),
        (
            {"nodeId": f"datasetField:{WAREHOUSE}:totals:n", "depth": 1},
            {"totals:n": (["shop/orders:id"], []), "shop/orders:id": ([], ["totals:n"])},
        ),
        (
            {"nodeId": "job:scheduler:report", "depth": 1},
            {"totals:n": (["shop/orders:id"], []), "shop/orders:id": ([], ["totals:n"])},
        ),
        ({"nodeId": f"datasetField:{WAREHOUSE}:raw:y"}, {}),
        ({"nodeId": f"dataset:{WAREHOUSE}:raw#0b8a7d1e"}, {}),
    ],
)
def test_columns_are_followed(client: Client, query: dict[str, Any], found: Any) -> None:
    assert columns(client.get(f"{API}/column-lineage", **query)) == found
    assert columns(client.get(f"{API}/column-lineage/", **query)) == found


def test_a_column_node_says_what_it_is_made_from(client: Client) -> None:
    node_id = f"datasetField:{WAREHOUSE}:totals:n"
    answer = client.get(f"{API}/column-lineage", nodeId=node_id, depth=1)
    assert answer.headers["x-truncated"] == "false"
    assert answer.body["graph"][0]["data"] == {
        "namespace": WAREHOUSE,
        "dataset": "totals",
        "datasetVersion": None,
        "field": "n",
        "fieldType": "int",
        "transformationDescription": None,
        "transformationType": "DERIVED",
        "inputFields": [
            {
                "namespace": WAREHOUSE,
                "dataset": "shop/orders",
                "field": "id",
                "transformationDescription": None,
                "transformationType": "DERIVED",
            }
        ],
    }


@pytest.mark.parametrize("node", ["", "a", f"datasetField:{WAREHOUSE}:raw:z", "dataset:a:b"])
def test_404_an_unknown_column(client: Client, node: str) -> None:
    answer = client.get(f"{API}/column-lineage", nodeId=node)
    assert_marquez_problem(answer, 404, f"There is no node '{node}'")


def test_columns_with_colons_have_ids_of_their_own(serve: Serve, registry: Registry) -> None:
    event = run_event(
        [dataset("src", facets=fields("s"))],
        [
            dataset(
                "a", facets=fields("b:c") | column_lineage(**{"b:c": [("src", "s", "DIRECT")]})
            ),
            dataset("a:b", facets=fields("c") | column_lineage(c=[("src", "s", "DIRECT")])),
        ],
        job="j",
    )
    send(registry, event_pipeline(), event)
    client = serve("marquez", resources(registry))
    query = {"nodeId": f"dataset:{WAREHOUSE}:src", "withDownstream": "true"}
    answer = client.get(f"{API}/column-lineage", **query)
    ids = {
        node["id"]: (node["data"]["dataset"], node["data"]["field"])
        for node in answer.body["graph"]
    }
    assert len(ids) == 3
    for id, (name, column) in ids.items():
        asked = client.get(f"{API}/column-lineage", nodeId=id, withDownstream="true").body["graph"]
        assert (asked[0]["data"]["dataset"], asked[0]["data"]["field"]) == (name, column)


def test_sources_are_the_namespaces_of_datasets(client: Client, registry: Registry) -> None:
    add_product(registry, "p", openlineage=[DatasetName(namespace="plain", name="p")])
    sources = client.get(f"{API}/sources").body["sources"]
    assert [(each["name"], each["type"]) for each in sources] == [
        ("plain", "UNKNOWN"),
        (WAREHOUSE, "POSTGRES"),
    ]
    assert client.get(f"{API}/sources", limit=1, offset=1).body["sources"] == sources[1:]
    assert client.get(f"{API}/sources/{WAREHOUSE}").body == sources[1]
    assert sources[1]["connectionUrl"] == WAREHOUSE
    missing = client.get(f"{API}/sources/scheduler")
    assert_marquez_problem(missing, 404, "There is no source 'scheduler'")


def test_tags_are_those_of_products(client: Client, registry: Registry) -> None:
    add_product(registry, "p", tags=["pii", "gold"])
    add_product(registry, "q", tags=["gold"])
    assert client.get(f"{API}/tags").body == {
        "tags": [{"name": "gold", "description": None}, {"name": "pii", "description": None}]
    }
    page = client.get(f"{API}/tags", limit=1, offset=1)
    assert [each["name"] for each in page.body["tags"]] == ["pii"]


def test_tags_of_columns_are_listed_too(client: Client, registry: Registry) -> None:
    told = [
        {"key": "gold", "value": "true"},
        {"key": "pii", "value": "true", "field": "email"},
        {"key": "stale", "value": "true", "field": "dropped"},
    ]
    people = dataset("people", facets=fields("email", "id") | {"tags": {"tags": told}})
    send(registry, event_pipeline(), run_event([], [people], run=7, job="people"))
    [email, _] = client.get(f"{API}/namespaces/{WAREHOUSE}/datasets/people").body["fields"]
    assert email["tags"] == ["pii"]
    found = client.get(f"{API}/tags").body["tags"]
    assert [each["name"] for each in found] == ["gold", "pii"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"namespace": WAREHOUSE}, ["raw", "shop/orders", "totals"]),
        ({"namespace": "scheduler"}, ["etl", "report"]),
        ({"namespace": "elsewhere"}, []),
        ({"before": "1970-01-02"}, []),
        ({"after": "2999-01-01"}, []),
        ({"after": "2026-01-31T12:01:00Z", "filter": "job"}, ["report"]),
        ({"before": "2026-01-31T12:02:00Z", "filter": "job"}, ["etl"]),
    ],
)
def test_a_search_has_a_namespace_and_times(
    client: Client, query: dict[str, Any], found: list[str]
) -> None:
    answer = client.get(f"{API}/search", q="", **query)
    assert [each["name"] for each in answer.body["results"]] == found
    assert answer.body["totalCount"] == len(found)


def test_a_namespace_is_read_by_itself(client: Client) -> None:
    [first, *_] = client.get(f"{API}/namespaces").body["namespaces"]
    assert client.get(f"{API}/namespaces/{first['name']}").body == first


@pytest.mark.parametrize("limit", [0, 5000])
def test_any_limit_is_taken(client: Client, limit: int) -> None:
    answer = client.get(f"{API}/namespaces", limit=limit)
    assert len(answer.body["namespaces"]) == (2 if limit else 0)


def test_a_dataset_that_passed_its_checks_says_so(serve: Serve) -> None:
    timeline = Timeline()
    checks = {"assertions": [{"assertion": "unique", "column": "id", "success": True}]}
    read = dataset("t", inputFacets={"dataQualityAssertions": checks})
    send(timeline.registry, event_pipeline(), run_event([read], ["u"], job="check"))
    client = serve("marquez", timeline.resources())
    answer = client.get(f"{API}/namespaces/{WAREHOUSE}/datasets/t")
    assert answer.body["facets"]["dataQualityAssertions"] == {
        "assertions": [{"assertion": "all checks", "column": None, "success": True}]
    }
