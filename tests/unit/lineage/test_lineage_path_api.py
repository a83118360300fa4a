"""Paths between products, and exports, through the function's handler."""

import pytest
from pydantic import TypeAdapter

from datamesh.models.graph import LineagePaths
from tests.conftest import Serve
from tests.graphs import RINGS, Edge, chain, graph_mesh
from tests.lambdas import Client
from tests.meshes import resources


@pytest.fixture
def client(serve: Serve) -> Client:
    return serve("lineage", resources(graph_mesh(RINGS)))


# paths


def test_the_most_confident_path_and_the_shortest(client: Client) -> None:
    answer = client.get("/lineage/path", source="raw", target="report")
    found = TypeAdapter(LineagePaths).validate_python(answer.body)
    assert answer.status == 200
    confident, short = found["most_confident"], found["shortest"]
    assert confident and short
    assert confident["products"] == ["raw", "orders", "revenue", "report"]
    assert [entry.id for entry in confident["entries"]] == ["entry-0", "entry-2", "entry-3"]
    assert confident["confidence"] == 0.9 * 0.8 * 1.0
    assert short["products"] == ["raw", "orders", "report"]
    assert [entry.id for entry in short["entries"]] == ["entry-0", "entry-4"]
    assert short["confidence"] == 0.9 * 0.7
    stored = {"products_revision", "evidence", "superseded"}
    assert not stored & set(answer.body["shortest"]["entries"][0])


@pytest.mark.parametrize(
    "query",
    [
        {"source": "report", "target": "raw"},
        {"source": "raw", "target": "island"},
        {"source": "raw", "target": "report", "depth": 1},
        {"source": "raw", "target": "report", "min_confidence": 0.95},
        {"source": "raw", "target": "report", "lineage_type": "derived"},
    ],
)
def test_no_path_is_an_answer_not_an_error(client: Client, query: dict[str, object]) -> None:
    answer = client.get("/lineage/path", **query)
    assert answer.status == 200
    assert answer.body == {
        "source": query["source"],
        "target": query["target"],
        "most_confident": None,
        "shortest": None,
    }


def test_from_a_product_to_itself_there_is_nothing_to_follow(client: Client) -> None:
    itself = {"products": ["orders"], "entries": [], "confidence": 1.0}
    assert client.get("/lineage/path", source="orders", target="orders").body == {
        "source": "orders",
        "target": "orders",
        "most_confident": itself,
        "shortest": itself,
    }


def test_a_path_of_50_hops_is_found(serve: Serve) -> None:
    names = [f"p{number}" for number in range(52)]
    client = serve("lineage", resources(graph_mesh(chain(*names, confidence=0.9))))
    found = client.get("/lineage/path", source="p0", target="p50").body
    assert found["most_confident"]["products"] == names[:51]
    assert client.get("/lineage/path", source="p0", target="p51").body["shortest"] is None


# export


@pytest.mark.parametrize(
    ("format", "media_type", "begins"),
    [
        ("mermaid", "application/vnd.mermaid", b"flowchart LR\n"),
        ("dot", "text/vnd.graphviz; charset=utf-8", b"digraph lineage {\n"),
        ("graphml", "application/xml", b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml'),
        ("json", "application/json", b'{"directed":true,"multigraph":true'),
    ],
)
def test_each_format_says_what_it_is(
    client: Client, format: str, media_type: str, begins: bytes
) -> None:
    answer = client.get("/lineage/export", format=format, product="orders")
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.content.startswith(begins)
    assert b"island" not in answer.content
    assert answer.headers["x-truncated"] == "false"
    assert b"island" in client.get("/lineage/export", format=format).content


def test_an_export_around_a_product_takes_direction_depth_and_filters(client: Client) -> None:
    def nodes(**query: object) -> list[str]:
        answer = client.get("/lineage/export", format="json", product="orders", **query)
        return [node["id"] for node in answer.body["nodes"]]

    assert nodes(direction="upstream") == ["orders", "raw"]
    assert nodes(direction="downstream", depth=1, min_confidence=0.8) == ["orders", "revenue"]
    assert nodes(lineage_type="aggregated") == ["orders"]


def test_an_export_that_is_cut_says_so(serve: Serve) -> None:
    client = serve("lineage", resources(graph_mesh([Edge("a", "b")] * 501)))
    assert client.get("/lineage/export", format="mermaid").headers["x-truncated"] == "true"
    assert client.get("/lineage/export", format="dot").headers["x-truncated"] == "false"
