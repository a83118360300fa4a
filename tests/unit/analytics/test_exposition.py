"""GET /metrics, read by Prometheus' own parser."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from datamesh.http.gateway import ANONYMOUS
from datamesh.services.analytics import snapshot_builder
from datamesh.services.registry.registry import Registry
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Client, api_event
from tests.meshes import NOON, add_lineage, add_products, mesh, resources

PRODUCTS = (("document", "products.json"),)
type Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(client: Client, principal: str = "key:key-1") -> Samples:
    answer = client.send(api_event("GET", "/metrics", principal=principal))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def over(registry: Registry) -> Resources:
    return resources(registry)


@pytest.fixture
def client(serve: Serve, over: Resources) -> Client:
    return serve("platform", over)


def test_sizes_and_revisions_are_told(client: Client, registry: Registry) -> None:
    add_products(registry, "abc")
    add_lineage(registry, "a", "b")
    found = samples(client)
    assert found["datamesh_products", ()] == 3
    assert found["datamesh_lineage_entries", ()] == 1
    assert found["datamesh_revision", (("document", "products.json"),)] == 3
    assert found["datamesh_revision", (("document", "lineage.json"),)] == 1
    assert "datamesh_snapshot_age_seconds" not in {name for name, _ in found}


def test_limits_are_told_beside_the_sizes(registry: Registry, serve: Serve) -> None:
    limited = replace(registry, max_products=7, max_lineage_entries=9)
    found = samples(serve("platform", resources(limited)))
    assert found["datamesh_products_limit", ()] == 7
    assert found["datamesh_lineage_entries_limit", ()] == 9


def test_sizes_in_bytes_are_told_against_their_limits(serve: Serve) -> None:
    registry = mesh(max_products_bytes=70_000)
    add_products(registry, "abc")
    found = samples(serve("platform", resources(registry)))
    file = registry.products.read(CONTEXT.deadline)
    assert found["datamesh_document_bytes", PRODUCTS] == file.measure_records() > 100
    assert found["datamesh_document_bytes_limit", PRODUCTS] == 70_000
    assert found["datamesh_document_bytes", (("document", "lineage.json"),)] < 10


def test_administrators_alone_learn_how_many_commits_there_were(
    client: Client, registry: Registry
) -> None:
    """Others would learn of commits to private products."""
    add_products(registry, "abc")
    found = samples(client, principal=ANONYMOUS)
    assert found["datamesh_products", ()] == 3
    assert {"datamesh_revision", "datamesh_document_bytes"}.isdisjoint(name for name, _ in found)


def test_the_age_of_the_snapshot_is_told(client: Client, over: Resources) -> None:
    at = NOON - timedelta(minutes=5)
    over.snapshots.store_snapshot(
        CONTEXT,
        snapshot_builder.build_snapshot(
            CONTEXT, over.registry, at, stale_days=1, pruned=0, usage=None
        ),
    )
    assert samples(client)["datamesh_snapshot_age_seconds", ()] == 300


def test_requests_of_this_instance_are_counted(client: Client) -> None:
    def count(route: str, status: str) -> float:
        name = "datamesh_requests_total"
        return samples(client).get((name, (("route", route), ("status", status))), 0)

    before = count("GET /health", "200"), count("GET /nowhere", "404")
    client.get("/health")
    client.get("/health")
    client.send(api_event("GET", "/nowhere", principal="anonymous"))
    assert count("GET /health", "200") == before[0] + 2
    assert count("GET /nowhere", "404") == before[1] + 1


def test_no_counter_claims_to_begin_with_each_scrape(client: Client) -> None:
    client.get("/health")
    assert not [name for name, _ in samples(client) if name.endswith("_created")]
