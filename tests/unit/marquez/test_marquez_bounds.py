"""Marquez' reads fit into an answer, whatever legal items they show."""

import json

import pytest

from datamesh.models.answer_size import MAX_ANSWER_BYTES, MAX_PAGE_BYTES
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client, LambdaContext, api_event
from tests.large import add_large_names, add_widest_products, read_pages
from tests.meshes import add_lineage, resources


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("marquez", resources(registry))


def count_returned(client: Client, path: str, **query: object) -> int:
    """Return the bytes that Lambda sees of a function's answer."""
    answer = client.handler(api_event("GET", path, query=query), LambdaContext())
    assert answer["statusCode"] == 200, answer["body"][:1000]
    return len(json.dumps(answer, ensure_ascii=False).encode())


def test_all_pages_of_wide_datasets_are_the_list(client: Client, registry: Registry) -> None:
    names = add_widest_products(registry, 150)
    path = "/api/v1/namespaces/sales/datasets"
    pages = read_pages(client, path, limit=1000)
    found = [dataset for page in pages for dataset in page.body["datasets"]]
    assert [dataset["name"] for dataset in found] == names
    assert {len(dataset["fields"]) for dataset in found} == {1000}
    assert {page.body["totalCount"] for page in pages} == {150}
    assert [page.headers.get("x-truncated") for page in pages] == [
        *["true"] * (len(pages) - 1),
        None,
    ]
    assert count_returned(client, path, limit=1000) <= MAX_PAGE_BYTES + 10_000


def test_all_pages_of_long_namespaces_are_the_list(client: Client, registry: Registry) -> None:
    add_large_names(registry, 1000)
    pages = read_pages(client, "/api/v1/namespaces", limit=1000)
    found = [space["name"][:4] for page in pages for space in page.body["namespaces"]]
    assert found == [f"{number:04}" for number in range(1000)]
    assert len(pages) == 2
    assert count_returned(client, "/api/v1/namespaces", limit=1000) <= MAX_PAGE_BYTES + 10_000


def test_a_search_that_finds_long_names_says_that_it_is_cut(
    client: Client, registry: Registry
) -> None:
    add_large_names(registry, 1000)
    answer = client.get("/api/v1/search", q="0", limit=1000)
    assert answer.body["totalCount"] == 1000
    assert 100 < len(answer.body["results"]) < 1000
    assert answer.headers["x-truncated"] == "true"
    assert "x-next-offset" not in answer.headers
    assert count_returned(client, "/api/v1/search", q="0", limit=1000) <= MAX_PAGE_BYTES + 10_000
    few = client.get("/api/v1/search", q="0", limit=10)
    assert len(few.body["results"]) == 10
    assert "x-truncated" not in few.headers


def test_a_graph_of_wide_datasets_keeps_its_nodes_and_leaves_out_far_fields(
    client: Client, registry: Registry
) -> None:
    names = add_widest_products(registry, 120)
    for name in names[1:]:
        add_lineage(registry, names[0], name)
    node = f"dataset:sales:{names[0]}"
    answer = client.get("/api/v1/lineage", nodeId=node)
    datasets = [each for each in answer.body["graph"] if each["type"] == "DATASET"]
    assert len(datasets) == 120
    assert len(answer.body["graph"]) == 120 + 119
    fields = [len(each["data"]["fields"]) for each in datasets]
    whole = fields.count(1000)
    assert fields == [1000] * whole + [0] * (120 - whole)
    assert 30 < whole < 120
    assert answer.headers["x-truncated"] == "true"
    assert count_returned(client, "/api/v1/lineage", nodeId=node) <= MAX_ANSWER_BYTES


def test_a_small_graph_is_not_cut(client: Client, registry: Registry) -> None:
    names = add_widest_products(registry, 3)
    add_lineage(registry, names[0], names[1])
    answer = client.get("/api/v1/lineage", nodeId=f"dataset:sales:{names[0]}")
    assert answer.headers["x-truncated"] == "false"
    assert len(answer.body["graph"]) == 3
