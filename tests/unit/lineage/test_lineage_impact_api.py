"""The products that a change affects, through the function's handler."""

import csv
import io
from typing import Any

import pytest
from pydantic import TypeAdapter

from datamesh.models.graph import Impact
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.graphs import Edge, chain, graph_mesh
from tests.lambdas import Answer, Client
from tests.meshes import add_lineage, add_product, add_products, mesh, resources


@pytest.fixture
def owned(serve: Serve) -> Client:
    registry = mesh()
    for name, domain, owner in [
        ("orders", "sales", "alice"),
        ("late", "Finance", "bob"),
        ("early", "finance", "bob"),
        ("other", "finance", "carol"),
        ("own", "sales", "alice"),
    ]:
        add_product(registry, name, domain=domain, owner=owner)
    add_product(registry, "formula", domain="=1+1", owner='@SUM("a",b)', status="deprecated")
    for ends in ("orders early", "early late", "orders other", "late formula"):
        source, target = ends.split()
        add_lineage(registry, source, target, confidence=0.5)
    add_lineage(registry, "early", "own", confidence=0.5)
    add_lineage(registry, "own", "orders", confidence=0.5)
    return serve("lineage", resources(registry))


def test_impact_is_everything_downstream_by_domain_and_owner(owned: Client) -> None:
    answer = owned.get("/lineage/impact/orders")
    TypeAdapter(Impact).validate_python(answer.body)

    def affected(name: str, distance: int, status: str = "active") -> dict[str, Any]:
        confidence = 0.5**distance
        return {"name": name, "status": status, "distance": distance, "path_confidence": confidence}

    assert answer.body == {
        "product": "orders",
        "depth": 50,
        "total": 5,
        "groups": [
            {
                "domain": "=1+1",
                "owner": '@SUM("a",b)',
                "products": [affected("formula", 3, "deprecated")],
            },
            {
                "domain": "finance",
                "owner": "bob",
                "products": [affected("early", 1), affected("late", 2)],
            },
            {"domain": "finance", "owner": "carol", "products": [affected("other", 1)]},
            {"domain": "sales", "owner": "alice", "products": [affected("own", 2)]},
        ],
        "truncated": False,
    }
    assert answer.headers["x-truncated"] == "false"


def rows(answer: Answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def test_impact_as_csv_calculates_nothing(owned: Client) -> None:
    answer = owned.get("/lineage/impact/orders", format="csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert rows(answer) == [
        ["domain", "owner", "product", "status", "distance", "path_confidence"],
        ["'=1+1", '\'@SUM("a",b)', "formula", "deprecated", "3", "0.125"],
        ["finance", "bob", "early", "active", "1", "0.5"],
        ["finance", "bob", "late", "active", "2", "0.25"],
        ["finance", "carol", "other", "active", "1", "0.5"],
        ["sales", "alice", "own", "active", "2", "0.25"],
    ]


@pytest.mark.parametrize("first", "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
def test_no_cell_begins_like_a_formula(serve: Serve, first: str) -> None:
    """Names may begin with a dash; files of old may hold what the API would trim."""
    registry = mesh()
    add_products(registry, ["orders", "-1"])
    add_lineage(registry, "orders", "-1")
    change = {"domain": f"{first}d", "owner": f"{first}o"}
    for product in registry.products.read(NO_DEADLINE).products.values():
        changed = product.to_model().model_copy(update=change)
        registry.products.commit(lambda file: (file.with_product(changed), None), NO_DEADLINE)  # noqa: B023
    client = serve("lineage", resources(registry))
    [_, row] = rows(client.get("/lineage/impact/orders", format="csv"))
    assert row[:3] == [f"'{first}d", f"'{first}o", "'-1"]


@pytest.mark.parametrize("format", ["json", "csv"])
def test_impact_counts_the_affected_against_its_bound(serve: Serve, format: str) -> None:
    client = serve("lineage", resources(graph_mesh([*chain(*"abc"), Edge("c", "a")])))
    for bound, truncated in ((1, "true"), (2, "false")):
        answer = client.get("/lineage/impact/a", max_nodes=bound, format=format)
        assert answer.headers["x-truncated"] == truncated
        if format == "json":
            assert (answer.body["total"], str(answer.body["truncated"]).lower()) == (
                bound,
                truncated,
            )
        else:
            assert len(rows(answer)) == 1 + bound


def test_impact_follows_what_its_filters_accept(owned: Client) -> None:
    assert owned.get("/lineage/impact/orders", min_confidence=0.6).body["total"] == 0
    assert owned.get("/lineage/impact/orders", depth=1).body["total"] == 2
    assert owned.get("/lineage/impact/formula").body["groups"] == []
