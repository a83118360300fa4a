"""The graph around a product, and the bounds of every walk, through the function's handler."""

import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from datamesh.models.graph import LineageGraph
from datamesh.storage.objects import MemoryObject
from tests.conftest import Serve
from tests.graphs import REVISION, RINGS, Edge, chain, graph_mesh
from tests.lambdas import Answer, Client, api_event
from tests.meshes import mesh, resources


@pytest.fixture
def client(serve: Serve) -> Client:
    return serve("lineage", resources(graph_mesh(RINGS)))


def names(answer: Answer) -> list[str]:
    return [node["name"] for node in answer.body["nodes"]]


def test_a_graph_is_answered_as_documented(client: Client) -> None:
    answer = client.get("/lineage/graph/orders")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    TypeAdapter(LineageGraph).validate_python(answer.body, strict=False)
    node = {"domain": "domain of {}", "owner": "owner of {}", "status": "active"}
    expected = [
        ("orders", 0, 1.0, None),
        ("raw", 1, 0.9, "upstream"),
        ("report", 1, 0.8, "downstream"),
        ("revenue", 1, 0.8, "downstream"),
    ]
    assert answer.body == {
        "product": "orders",
        "direction": "both",
        "depth": 10,
        "nodes": [
            {
                "name": name,
                **{key: value.format(name) for key, value in node.items()},
                "distance": distance,
                "path_confidence": confidence,
                "direction": direction,
            }
            for name, distance, confidence, direction in expected
        ],
        "edges": [
            {
                "id": f"entry-{number}",
                "source": RINGS[number].source,
                "target": RINGS[number].target,
                "lineage_type": "direct",
                "confidence": RINGS[number].confidence,
            }
            for number in (0, 6, 1, 2, 4, 5, 3)
        ],
        "cycles": [["report", "revenue"], ["orders"]],
        "hidden_neighbours": {},
        "truncated": False,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["orders", "raw", "report", "revenue"]),
        ({"direction": "upstream"}, ["orders", "raw"]),
        ({"direction": "downstream"}, ["orders", "report", "revenue"]),
        ({"direction": "downstream", "depth": 1}, ["orders", "report", "revenue"]),
        ({"min_confidence": 0.8}, ["orders", "raw", "revenue", "report"]),
        ({"min_confidence": 0.9}, ["orders", "raw"]),
        ({"lineage_type": "derived"}, ["orders"]),
        ({"max_nodes": 3}, ["orders", "raw", "report"]),
        ({"max_nodes": 1}, ["orders"]),
    ],
)
def test_filters_and_bounds(client: Client, query: dict[str, object], expected: list[str]) -> None:
    answer = client.get("/lineage/graph/orders", **query)
    assert names(answer) == expected
    assert answer.body["truncated"] == ("max_nodes" in query)


def test_a_product_without_lineage_is_a_graph_of_its_own(serve: Serve) -> None:
    client = serve("lineage", resources(graph_mesh([], names=["alone"])))
    body = client.get("/lineage/graph/alone").body
    assert (len(body["nodes"]), body["edges"], body["cycles"]) == (1, [], [])


def test_a_walk_ends_at_its_depth(serve: Serve) -> None:
    client = serve("lineage", resources(graph_mesh(chain(*"abcdefghijklm"))))
    assert names(client.get("/lineage/graph/a")) == list("abcdefghijk")
    assert names(client.get("/lineage/graph/a", depth=2)) == list("abc")
    assert not client.get("/lineage/graph/a", depth=2).body["truncated"]


def test_around_a_cycle_each_entry_is_shown_once_and_each_product_the_nearer_way(
    serve: Serve,
) -> None:
    ring = [*chain("a", "b", "c", "d", "e"), Edge("e", "a")]
    client = serve("lineage", resources(graph_mesh(ring)))
    body = client.get("/lineage/graph/a").body
    ways = {node["name"]: (node["distance"], node["direction"]) for node in body["nodes"]}
    assert ways == {
        "a": (0, None),
        "b": (1, "downstream"),
        "e": (1, "upstream"),
        "c": (2, "downstream"),
        "d": (2, "upstream"),
    }
    assert len(body["edges"]) == 5
    assert body["cycles"] == [["a", "b", "c", "d", "e"]]


def test_an_entry_that_leads_past_the_product_is_not_part_of_either_walk(serve: Serve) -> None:
    edges = [*chain("up", "here", "down"), Edge("up", "down")]
    client = serve("lineage", resources(graph_mesh(edges)))
    assert [edge["id"] for edge in client.get("/lineage/graph/here").body["edges"]] == [
        "entry-0",
        "entry-1",
    ]


def test_more_than_10_000_entries_are_cut_and_those_of_the_nearest_kept(serve: Serve) -> None:
    many = [*chain("b", "c"), *[Edge("a", "b", 0.5)] * 10_000]
    client = serve("lineage", resources(graph_mesh(many)))
    body = client.get("/lineage/graph/a").body
    assert (len(body["edges"]), body["truncated"]) == (10_000, True)
    assert {edge["source"] for edge in body["edges"]} == {"a"}
    assert body["nodes"][2]["path_confidence"] == 0.5


def test_the_largest_answer_is_far_below_the_6_mb_that_lambda_may_answer(serve: Serve) -> None:
    names = [f"{'n' * 95}{number:05}" for number in range(1000)]
    edges = [Edge(names[0], name, 0.123456789012345) for name in names[1:]]
    edges += [Edge(names[at % 999 + 1], names[at % 998 + 1]) for at in range(10_000)]
    client = serve("lineage", resources(graph_mesh(edges)))
    answer = client.get(f"/lineage/graph/{names[0]}")
    assert (len(answer.body["nodes"]), len(answer.body["edges"])) == (1000, 10_000)
    assert len(json.dumps(answer.content.decode())) < 4_500_000


def test_confidence_0_and_numbers_of_old_files_are_no_obstacle(serve: Serve) -> None:
    odd = {"b": 0.0, "c": float("nan"), "d": -0.5, "e": 1.5}
    entries = [
        {"source": "a", "target": name, "transformation": "t", "timestamp": "2020-01-01T00:00:00"}
        | {"confidence": confidence, "products_revision": REVISION}
        for name, confidence in odd.items()
    ]
    registry = replace(
        graph_mesh([], names="abcde"),
        lineage=mesh(lineage=MemoryObject("lineage.json", json.dumps(entries).encode())).lineage,
    )
    body = serve("lineage", resources(registry)).get("/lineage/graph/a").body
    assert {node["name"]: node["path_confidence"] for node in body["nodes"]} == {
        "a": 1.0,
        "b": 0.0,
        "c": 0.0,
        "e": 1.5,
    }


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/lineage/graph/orders", {"depth": 0}),
        ("/lineage/graph/orders", {"depth": 51}),
        ("/lineage/graph/orders", {"depth": "x"}),
        ("/lineage/graph/orders", {"max_nodes": 0}),
        ("/lineage/graph/orders", {"max_nodes": 1001}),
        ("/lineage/graph/orders", {"min_confidence": -0.1}),
        ("/lineage/graph/orders", {"min_confidence": 1.1}),
        ("/lineage/graph/orders", {"min_confidence": "nan"}),
        ("/lineage/graph/orders", {"min_confidence": "inf"}),
        ("/lineage/graph/orders", {"lineage_type": "Direct"}),
        ("/lineage/graph/orders", {"direction": "sideways"}),
        ("/lineage/impact/orders", {"format": "xml"}),
        ("/lineage/impact/orders", {"depth": 51}),
        ("/lineage/path", {"depth": 0, "source": "a", "target": "b"}),
        ("/lineage/path", {"source": " ", "target": "b"}),
        ("/lineage/path", {"source": "a" * 101, "target": "b"}),
        ("/lineage/export", {"format": "png"}),
        ("/lineage/export", {"depth": 51, "format": "dot"}),
        ("/lineage/columns/orders/id", {"direction": "both"}),
        ("/lineage/columns/orders/id", {"max_nodes": 1001}),
    ],
)
def test_a_parameter_beyond_its_limits_is_refused_by_name(
    client: Client, path: str, query: dict[str, object]
) -> None:
    answer = client.get(path, **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, next(iter(query)))


@pytest.mark.parametrize(
    ("path", "query", "missing"),
    [
        ("/lineage/path", {"source": "orders"}, "target"),
        ("/lineage/path", {"target": "orders"}, "source"),
        ("/lineage/export", {}, "format"),
    ],
)
def test_a_parameter_that_is_needed_is_named(
    client: Client, path: str, query: dict[str, object], missing: str
) -> None:
    answer = client.get(path, **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, missing)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/lineage/graph/orders", {}),
        ("/lineage/impact/orders", {"format": "csv"}),
        ("/lineage/path", {"source": "raw", "target": "report"}),
        ("/lineage/export", {"format": "graphml"}),
        ("/lineage/columns/orders/id", {}),
    ],
)
def test_an_unchanged_answer_is_304(client: Client, path: str, query: dict[str, object]) -> None:
    first = client.get(path, **query)
    again = client.send(
        api_event("GET", path, query=query, headers={"if-none-match": first.headers["etag"]})
    )
    assert (first.status, again.status, again.content) == (200, 304, b"")
    assert again.headers.get("x-truncated") == first.headers.get("x-truncated")
