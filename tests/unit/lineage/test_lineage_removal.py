"""DELETE /lineage, through the function's handler."""

import pytest

from datamesh.errors.lineage import LineageNotFound
from datamesh.services.lineage import queries, registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.graphs import Edge, graph_mesh
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_lineage, add_products, mesh, resources


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    add_products(registry, "abc")
    add_lineage(registry, "a", "b", transformation="first")
    add_lineage(registry, "a", "b", transformation="second step")
    add_lineage(registry, "b", "a")
    add_lineage(registry, "b", "c")
    return serve("lineage", resources(registry))


def delete(client: Client, **query: object) -> Answer:
    return client.send(api_event("DELETE", "/lineage", query=query))


def left(registry: Registry) -> list[str]:
    found = queries.find_lineage(CONTEXT, registry, limit=99, offset=0).items
    return [f"{entry.source}-{entry.target} {entry.to_model().transformation}" for entry in found]


def ids(client: Client, **query: object) -> list[str]:
    return [entry["id"] for entry in client.get("/lineage", **query).body]


def test_all_entries_between_two_products_go_in_one_commit(
    client: Client, registry: Registry
) -> None:
    revision = registry.lineage.read(NO_DEADLINE).revision
    expected = ids(client, source="a", target="b")
    answer = delete(client, source="a", target="b")
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Lineage 'a' -> 'b' removed",
        "data": {"removed": 2, "ids": expected},
    }
    assert left(registry) == ["b-a SUM(amount)", "b-c SUM(amount)"]
    assert registry.lineage.read(NO_DEADLINE).revision == revision + 1


def test_or_those_of_one_transformation_alone(client: Client, registry: Registry) -> None:
    answer = delete(client, source=" a", target="b ", transformation=" second step ")
    assert answer.body["data"]["removed"] == 1
    assert left(registry) == ["a-b first", "b-a SUM(amount)", "b-c SUM(amount)"]


@pytest.mark.parametrize(
    "query",
    [
        {"source": "c", "target": "b"},
        {"source": "a", "target": "nobody"},
        {"source": "a", "target": "b", "transformation": "third"},
    ],
)
def test_nothing_to_remove_is_404_and_writes_nothing(
    client: Client, registry: Registry, query: dict[str, object]
) -> None:
    before = registry.lineage.read(NO_DEADLINE)
    answer = delete(client, **query)
    assert (answer.status, answer.body["success"]) == (404, False)
    assert registry.lineage.read(NO_DEADLINE) is before


def test_a_repetition_finds_nothing_more(client: Client) -> None:
    assert delete(client, source="b", target="c").status == 200
    assert delete(client, source="b", target="c").status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"source": "a"}, "target"),
        ({"target": "a"}, "source"),
        ({"source": "", "target": "a"}, "source"),
        ({"source": "a", "target": "b", "transformation": " "}, "transformation"),
        ({"source": "a", "target": "b", "transformation": "x" * 1001}, "transformation"),
    ],
)
def test_bad_parameters_are_named_and_remove_nothing(
    client: Client, registry: Registry, query: dict[str, object], field: str
) -> None:
    before = registry.lineage.read(NO_DEADLINE)
    answer = delete(client, **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)
    assert registry.lineage.read(NO_DEADLINE) is before


def test_hidden_entries_are_neither_removed_nor_counted(serve: Serve) -> None:
    edges = [Edge("a", "b"), Edge("a", "b", superseded=True), Edge("a", "b", seen=0)]
    registry = graph_mesh(edges)
    client = serve("lineage", resources(registry))
    answer = delete(client, source="a", target="b")
    assert answer.body["data"] == {"removed": 1, "ids": ["entry-0"]}
    assert [entry.id for entry in registry.lineage.read(NO_DEADLINE).lineage] == [
        "entry-1",
        "entry-2",
    ]
    assert delete(client, source="a", target="b").status == 404


def test_what_rivals_did_meanwhile_is_what_counts() -> None:
    """Whose copy in memory is old is refused, and counts, on the newest revision."""
    stored = MemoryObject("products.json"), MemoryObject("lineage.json")
    registry, rival = (mesh(products=stored[0], lineage=stored[1]) for _ in range(2))
    add_products(rival, "ab")
    add_lineage(rival, "a", "b")
    registry.lineage.read(NO_DEADLINE)
    add_lineage(rival, "a", "b", transformation="newer")
    assert registration.remove_lineage(CONTEXT, registry, "a", "b")["removed"] == 2
    with pytest.raises(LineageNotFound):
        registration.remove_lineage(CONTEXT, rival, "a", "b")
    add_lineage(registry, "a", "b")
    assert registration.remove_lineage(CONTEXT, rival, "a", "b")["removed"] == 1
