"""Questions about lineage over HTTP, about the example mesh and products of the tests' own."""

import csv
import io
import json
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from tests.e2e.api import Api
from tests.e2e.test_lineage import connect

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def test_the_graph_around_a_product_of_the_example_mesh(api: Api) -> None:
    body = api.get("/lineage/graph/campaign_revenue", params={"direction": "upstream"}).json()
    found = {node["name"]: (node["distance"], node["path_confidence"]) for node in body["nodes"]}
    assert found == {
        "campaign_revenue": (0, 1.0),
        "campaigns": (1, 1.0),
        "daily_revenue": (1, 0.4),
        "transactions": (2, 0.4),
        "orders": (3, 0.4),
    }
    assert {(edge["source"], edge["target"]) for edge in body["edges"]} == {
        ("campaigns", "campaign_revenue"),
        ("daily_revenue", "campaign_revenue"),
        ("transactions", "daily_revenue"),
        ("orders", "transactions"),
    }
    assert (body["cycles"], body["truncated"]) == ([], False)


def test_filters_depth_and_bound(api: Api) -> None:
    def names(**params: object) -> list[str]:
        body = api.get("/lineage/graph/transactions", params=params).json()
        return [node["name"] for node in body["nodes"]]

    assert names(depth=1, direction="downstream") == [
        "transactions",
        "customer_value",
        "daily_revenue",
    ]
    assert names(max_nodes=2) == ["transactions", "customer_value"]
    assert "campaign_revenue" not in names(min_confidence=0.5)
    assert names(lineage_type="direct") == ["transactions", "orders"]


def test_cycles_are_answered_and_end(api: Api, new_product: Callable[..., str]) -> None:
    first, second = new_product(), new_product()
    connect(api, first, second, confidence=0.5)
    connect(api, second, first, confidence=0.5)
    connect(api, first, first)
    body = api.get(f"/lineage/graph/{first}", params={"direction": "downstream"}).json()
    assert body["cycles"] == [[first, second], [first]]
    assert len(body["edges"]) == 3


def test_impact_as_json_and_csv(api: Api) -> None:
    body = api.get("/lineage/impact/daily_revenue").json()
    assert [(group["domain"], group["owner"]) for group in body["groups"]] == [
        ("finance", "finance-team@example.com"),
        ("marketing", "marketing-team@example.com"),
    ]
    answer = api.get("/lineage/impact/daily_revenue", params={"format": "csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["X-Truncated"] == "false"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["product"], row["distance"], row["path_confidence"]) for row in rows] == [
        ("monthly_revenue", "1", "1.0"),
        ("campaign_revenue", "1", "0.4"),
    ]


def test_paths(api: Api) -> None:
    ends = {"source": "orders", "target": "win_back_list"}
    body = api.get("/lineage/path", params=ends).json()
    assert body["shortest"]["products"][0] == "orders"
    assert body["shortest"]["confidence"] == body["most_confident"]["confidence"] == 0.9
    assert len(body["shortest"]["entries"]) == 3
    back = {"source": "win_back_list", "target": "orders"}
    assert api.get("/lineage/path", params=back).json()["shortest"] is None
    assert api.get("/lineage/path", params=ends | {"target": "nobody"}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("mermaid", "application/vnd.mermaid"),
        ("dot", "text/vnd.graphviz; charset=utf-8"),
        ("graphml", "application/xml"),
        ("json", "application/json"),
    ],
)
def test_exports_arrive_whole(api: Api, kind: str, media_type: str) -> None:
    params = {"format": kind, "product": "daily_revenue"}
    answer = api.get("/lineage/export", params=params)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["X-Truncated"] == "false"
    text = answer.content.decode()
    assert "campaign_revenue" in text
    if kind == "graphml":
        assert len(ElementTree.fromstring(text).findall(f".//{GRAPHML}edge")) == 4
    if kind == "json":
        assert len(json.loads(text)["edges"]) == 4


def test_a_column_without_lineage_is_answered_alone(api: Api) -> None:
    body = api.get("/lineage/columns/orders/order%20id").json()
    assert body["nodes"] == [{"product": "orders", "column": "order id", "distance": 0}]


def test_lineage_is_removed_with_the_key_alone(api: Api, new_product: Callable[..., str]) -> None:
    source, target = new_product(), new_product()
    kept = connect(api, source, target)
    removed = connect(api, source, target, transformation="another one")
    path = f"/lineage?source={source}&target={target}"
    assert api.call("DELETE", path).status_code == 401
    answer = api.write("DELETE", f"{path}&transformation=another one")
    assert answer.json()["data"] == {"removed": 1, "ids": [removed["id"]]}
    assert api.get(f"/lineage/downstream/{source}").json() == [kept]
    assert api.write("DELETE", path).json()["data"] == {"removed": 1, "ids": [kept["id"]]}
    assert api.write("DELETE", path).status_code == 404


@pytest.mark.parametrize("question", ["graph/nobody", "impact/nobody", "columns/nobody/id"])
def test_unknown_products_are_404(api: Api, question: str) -> None:
    assert api.get(f"/lineage/{question}").status_code == 404


def test_an_unchanged_graph_is_304(api: Api) -> None:
    first = api.get("/lineage/graph/orders")
    again = api.get("/lineage/graph/orders", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
