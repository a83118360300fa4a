"""Private products: who has no grant cannot tell that there are any."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import Bucket, event_pipeline, mesh, product_body, resources

AREAS = (
    *("products", "lineage", "openlineage", "marquez", "marquez_writes", "domains", "analytics"),
    "platform",
)
FACET = {"_producer": "https://example.com", "_schemaURL": "https://example.com"}
RUN = "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"
SECRET_RUN = "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b12"
ORDERS = {"namespace": "shop", "name": "orders"}
REVENUE = {"namespace": "shop", "name": "revenue"}
SECRET = {"namespace": "vault", "name": "salaries"}
DATA = {
    "finance/salaries/a.jsonl": b'{"order_id": "1"}\n',
    "sales/orders/a.jsonl": b'{"order_id": "1"}\n',
}

READS = {
    "products": [
        "/products",
        "/products?q=salaries",
        "/products?domain=finance",
        "/products?owner=payroll@example.com",
        "/product/salaries",
        "/product/pay",
        "/product/salaries/freshness",
        "/product/orders/freshness",
        "/product/salaries/quality",
        "/product/salaries/versions",
        "/product/salaries/versions/1.0.0",
    ],
    "lineage": [
        "/lineage",
        "/lineage?source=salaries",
        "/lineage?target=salaries",
        "/lineage/upstream/campaigns",
        "/lineage/downstream/orders",
        "/lineage/upstream/salaries",
        "/lineage/graph/orders",
        "/lineage/graph/campaigns",
        "/lineage/graph/salaries",
        "/lineage/impact/orders",
        "/lineage/path?from=orders&to=campaigns",
        "/lineage/path?from=orders&to=salaries",
        "/lineage/export",
        "/lineage/export?format=mermaid",
        "/lineage/export?format=dot",
        "/lineage/export?format=graphml",
        "/lineage/columns/orders",
        "/lineage/columns/orders/order_id",
        "/lineage/columns/salaries",
    ],
    "domains": [
        "/domains",
        "/domains/finance",
        "/domains/finance/salaries",
        "/domains/finance/salaries/profile",
        "/domains/sales/orders",
    ],
    "analytics": [
        "/analytics/domains",
        "/analytics/lineage-stats",
        "/analytics/top-products",
        "/changes?since=2026-01-01T00:00:00Z",
    ],
    "marquez": [
        "/api/v1/namespaces",
        "/api/v1/namespaces/vault",
        "/api/v1/namespaces/vault/datasets",
        "/api/v1/namespaces/vault/datasets/salaries",
        "/api/v1/namespaces/vault/datasets/salaries/versions",
        "/api/v1/namespaces/shop/datasets/orders",
        "/api/v1/search?q=salar",
        "/api/v1/search?q=pay",
        "/api/v1/lineage?nodeId=dataset:shop:orders",
        "/api/v1/lineage?nodeId=dataset:vault:salaries",
        "/api/v1/lineage?nodeId=job:payroll:pay_people",
        "/api/v1/column-lineage?nodeId=dataset:shop:orders",
        "/api/v1/jobs",
        "/api/v1/namespaces/payroll/jobs",
        "/api/v1/namespaces/payroll/jobs/pay_people",
        "/api/v1/namespaces/payroll/jobs/pay_people/runs",
        f"/api/v1/jobs/runs/{SECRET_RUN}",
        f"/api/v1/jobs/runs/{SECRET_RUN}/facets?type=run",
        f"/api/v1/jobs/runs/{RUN}",
        "/api/v1/events/lineage",
        "/api/v1/events/payroll",
        "/api/v1/stats/lineage-events?period=WEEK",
        "/api/v1/tags",
        "/api/v1/sources",
    ],
    "platform": ["/health"],
}


def event(run: str, job: Mapping[str, Any], inputs: Any, outputs: Any) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-31T09:30:00Z",
        "run": {"runId": run},
        "job": job,
        "inputs": inputs,
        "outputs": outputs,
        "producer": "https://example.com",
    }


class Mesh:
    """A registry in memory, with or without a product that is private."""

    def __init__(self, serve: Serve, *, has_secret: bool) -> None:
        held = self.build_resources()
        self.clients: dict[str, Client] = {area: serve(area, held) for area in AREAS}
        self.register("orders", openlineage=[ORDERS])
        self.register("campaigns", domain="marketing")
        self.relate("orders", "campaigns")
        job = {"namespace": "nightly", "name": "daily"}
        self.post("openlineage", "/api/v1/lineage", event(RUN, job, [ORDERS], [REVENUE]))
        if has_secret:
            self.add_secret()

    def build_resources(self) -> Resources:
        return resources(mesh(), files=DATA, bucket=Bucket(), events=event_pipeline())

    def add_secret(self) -> None:
        more = {"domain": "finance", "owner": "payroll@example.com", "tags": ["gehalt"]}
        self.register("pay", visibility="private", openlineage=[SECRET], **more)
        job = {"namespace": "payroll", "name": "pay_people"}
        facets = {"documentation": {**FACET, "description": "salaries"}}
        written = [{**SECRET, "facets": facets}]
        self.post("openlineage", "/api/v1/lineage", event(SECRET_RUN, job, [ORDERS], written))
        for kind in ("START", "FAIL"):  # name no dataset
            more = event(SECRET_RUN, job, [], []) | {"eventType": kind}
            self.post("openlineage", "/api/v1/lineage", more)
        self.relate("orders", "pay")
        self.relate("pay", "campaigns")
        self.send("products", "PUT", "/product/pay", {"name": "salaries"})

    def register(self, name: str, **more: Any) -> None:
        self.post("products", "/register_product", product_body(name=name, **more))

    def relate(self, source: str, target: str) -> None:
        columns = [{"source": "order_id", "target": "order_id"}]
        body = {"source": source, "target": target, "transformation": "sum", "columns": columns}
        self.post("lineage", "/register_lineage", body)

    def post(self, area: str, path: str, body: Any) -> None:
        self.send(area, "POST", path, body)

    def send(self, area: str, method: str, path: str, body: Any) -> None:
        answer = self.clients[area].send(api_event(method, path, body))
        assert answer.status < 300, answer.body

    def get(self, area: str, path: str, **caller: Any) -> Answer:
        path, _, text = path.partition("?")
        pairs = (part.partition("=") for part in text.split("&") if part)
        query = {name: value for name, _, value in pairs}
        return self.clients[area].send(api_event("GET", path, query=query, **caller))


@pytest.fixture
def with_secret(serve: Serve) -> Mesh:
    return Mesh(serve, has_secret=True)


CALLERS: Mapping[str, Mapping[str, Any]] = {
    "anonymous": {"principal": ANONYMOUS},
    "a key without grants": {"principal": "key:etl", "grants": ()},
    "a reader of another domain": {
        "principal": "key:sales",
        "grants": ({"role": "steward", "domain": "sales"},),
    },
}


@pytest.mark.parametrize("caller", CALLERS)
def test_who_has_no_grant_cannot_tell_that_there_is_a_private_product(
    serve: Serve, caller: str
) -> None:
    """But for the count that a reader of a product hears (test_hidden_neighbours.py)."""
    expected = read_all(Mesh(serve, has_secret=False), CALLERS[caller])
    found = read_all(Mesh(serve, has_secret=True), CALLERS[caller])
    if CALLERS[caller].get("grants"):
        for path in [path for path in found if path.startswith("/lineage/graph/")]:
            status, text = found[path]
            found[path] = (status, str(text).replace('{"orders":1}', "{}"))
    told = {path: (expected[path], found[path]) for path in found if found[path] != expected[path]}
    assert told == {}


def read_all(read: Mesh, caller: Mapping[str, Any]) -> dict[str, tuple[int, object]]:
    """Return the answers to all READS. Of two meshes the functions serve that which is newer."""
    answers = {
        path: read.get(area, path, **caller) for area, paths in READS.items() for path in paths
    }
    return {path: (answer.status, strip_chance(answer)) for path, answer in answers.items()}


def strip_chance(answer: Answer) -> object:
    """Return the answer without the ids of lineage entries, which are random, and the time."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "id", answer.content.decode())
    return re.sub(r'"timestamp":"[^"]*"', "", text)


READER = {"principal": "key:payroll", "grants": ({"role": "reader", "domain": "Finance"},)}


def test_readers_of_its_domain_see_it(with_secret: Mesh) -> None:
    for caller in (READER, {"principal": "key:key-1"}):
        assert with_secret.get("products", "/product/salaries", **caller).status == 200
        graph = with_secret.get("lineage", "/lineage/graph/orders", **caller).body
        assert "salaries" in {node["name"] for node in graph["nodes"]}
        dataset = "/api/v1/namespaces/vault/datasets/salaries"
        assert with_secret.get("marquez", dataset, **caller).status == 200
        events = with_secret.get("marquez", "/api/v1/events/lineage", **caller).body["events"]
        assert len(events) == 4
    assert with_secret.get("products", "/product/salaries", principal=ANONYMOUS).status == 404


def test_callers_take_turns_without_seeing_what_others_see(with_secret: Mesh) -> None:
    for _ in range(3):
        for caller, count in ((READER, 4), ({"principal": ANONYMOUS}, 3), ({}, 4)):
            assert len(with_secret.get("products", "/products", **caller).body) == count
