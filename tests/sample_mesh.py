"""A registry in memory in which every operation has something to answer, and a request for each.

A new operation needs a request here: of a read, the values of parameters that the document has no
good examples for; of a write, its body.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from datamesh.aws.observability import Handler
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.storage.job_files import JOB_INDEX_KEY
from datamesh.storage.objects import MemoryObject, StoredObject
from datamesh.wiring.resources import Resources
from tests.benchmarks.openapi_inputs import Operation, list_operations
from tests.lambdas import (
    ADMINISTRATOR,
    ENVIRONMENT,
    Answer,
    LambdaContext,
    api_event,
    import_app,
    read_answer,
)
from tests.meshes import Bucket, event_pipeline, mesh, product_body, resources

RUN = "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"
FILES = {
    f"{domain}/{name}/rows.jsonl": b'{"order_id": "1"}\n'
    for domain, name in (
        ("sales", "orders"),
        ("sales", "shipments"),
        ("marketing", "campaigns"),
        ("finance", "transactions"),
    )
}
ORDERS = {"namespace": "sales", "name": "orders"}
REVENUE = {"namespace": "sales", "name": "daily_revenue"}
EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T09:30:00Z",
    "run": {"runId": RUN},
    "job": {"namespace": "sales", "name": "daily"},
    "inputs": [ORDERS],
    "outputs": [REVENUE],
    "producer": "https://example.com",
}
PRODUCTS: Mapping[str, Mapping[str, Any]] = {
    "orders": {"openlineage": [ORDERS]},
    "daily_revenue": {"openlineage": [REVENUE]},
    "shipments": {},
    "campaigns": {"domain": "marketing"},
    "transactions": {"domain": "finance"},
}

VALUES: Mapping[str, str] = {
    "domain": "sales",
    "dataset": "orders",
    "job": "daily",
    "run_id": RUN,
    "runId": RUN,
    "nodeId": "dataset:sales:orders",
    "namespace": "sales",
    "field": "order_id",
    "column": "order_id",
    "target": "daily_revenue",
    "key_id": "night",
    "version": "1.0.0",
}
"""Name of a parameter -> its value in this mesh, if it is not the document's example."""
VALUES_OF: Mapping[str, Mapping[str, str]] = {
    "/lineage/path": {"target": "campaigns"},
    "/product/{name}/quality": {"name": "orders"},
    "/product/{name}/contract": {"name": "refunds"},
}
"""The same for the operations of one path."""
CHOSEN: Mapping[str, dict[str, str]] = {"GET /changes": {"since": "2026-01-01T00:00:00Z"}}
"""Operation -> its query, of those that need one of several parameters."""


def contract_body(name: str = "returns") -> dict[str, Any]:
    """Return a data contract, as ODCS has it, of one product."""
    return {
        "kind": "DataContract",
        "apiVersion": "v3.1.0",
        "id": f"{name}-contract",
        "name": name,
        "domain": "sales",
        "version": "1.0.0",
        "status": "active",
        "team": {"members": [{"username": "sales-team", "role": "owner"}]},
        "schema": [{"name": name, "properties": [{"name": "order_id", "logicalType": "string"}]}],
    }


BODIES: Mapping[str, Any] = {
    "POST /register_product": product_body(name="returns"),
    "POST /products/bulk": {"items": [product_body(name="returns")]},
    "PUT /product/{name}": {"description": "Changed"},
    "POST /contracts": contract_body(),
    "PUT /product/{name}/contract": contract_body("refunds"),
    "POST /register_lineage": {"source": "campaigns", "target": "orders", "transformation": "x"},
    "POST /lineage/bulk": {
        "items": [{"source": "campaigns", "target": "orders", "transformation": "x"}]
    },
    "POST /api/v1/lineage": EVENT,
    "POST /api/v1/lineage/batch": [EVENT],
    "PUT /api/v1/namespaces/{namespace}": {"ownerName": "sales"},
    "PUT /api/v1/sources/{source}": {"type": "POSTGRESQL", "connectionUrl": "postgres://db"},
    "PUT /api/v1/tags/{tag}": {"description": "Personal"},
    "POST /domains/{domain}/{dataset}/infer": {},
    "POST /grants": {"principal": "key:new", "role": "contributor", "domain": "sales"},
    "POST /keys": {
        "id": "new",
        "owner": "sales",
        "grants": [{"role": "contributor", "domain": "sales"}],
    },
    "POST /keys/{key_id}/rotate": {},
    "POST /product/{name}/requests": {"purpose": "Forecast"},
    "POST /requests/{request_id}/grant": {},
    "POST /requests/{request_id}/refuse": {"reason": "Use daily_revenue"},
    "POST /redactions": {"text": "Jane Doe", "reason": "Asked for"},
}
"""Operation -> its body; without one the operation has none."""


@dataclass(frozen=True)
class SampleCaller:
    """Whoever sends a request."""

    principal: str = "key:key-1"
    grants: Sequence[Mapping[str, object]] = ADMINISTRATOR


ADMIN = SampleCaller()


@cache
def list_samples() -> dict[str, Operation]:
    """Return operation -> a request that the mesh answers."""
    found = {}
    for each in list_operations():
        known = {**VALUES, **VALUES_OF.get(each.template, {})}
        body = BODIES.get(each.name) if each.method != "GET" else None
        found[each.name] = replace(
            each,
            path={name: known.get(name, value) for name, value in each.path.items()},
            query=CHOSEN.get(
                each.name, {name: known.get(name, value) for name, value in each.query.items()}
            ),
            body=body,
        )
    return found


@cache
def find_handler(area: str, mode: str) -> Handler:
    """Return a handler of a function in a mode of reads."""
    return create_lambda_handler(import_app(area), ENVIRONMENT | {"READ_ACCESS": mode})


@dataclass
class SampleMesh:
    """The registry, in whatever mode it is asked."""

    bucket: Bucket = field(default_factory=Bucket)

    def __post_init__(self) -> None:
        self.resources: Resources = resources(
            mesh(
                products=self.bucket["products.json"],
                lineage=self.bucket["lineage.json"],
                jobs=self.bucket[JOB_INDEX_KEY],
            ),
            files=FILES,
            bucket=self.bucket,
            events=event_pipeline(self.bucket),
        )

    def copy(self) -> "SampleMesh":
        """Return a mesh of the same content."""
        copied = Bucket()
        for key, stored in self.bucket.items():
            if isinstance(found := stored.get(), StoredObject):
                copied[key] = MemoryObject(key, found.body)
        return SampleMesh(copied)

    def find_sample(self, name: str) -> Operation:
        """Return the sample of an operation, with the ids that things have here."""
        sample = list_samples()[name]
        if "grant_id" in sample.path:
            listed = self.send(list_samples()["GET /grants"], query=[("principal", "key:etl")]).body
            return replace(sample, path={**sample.path, "grant_id": listed[0]["id"]})
        if "request_id" in sample.path:
            [asked] = self.send(list_samples()["GET /requests"]).body
            return replace(sample, path={**sample.path, "request_id": asked["id"]})
        if "version" in sample.path and "/product/" not in name:
            listed = self.send(list_samples()[name.removesuffix("/{version}")]).body["versions"]
            first = listed[0] if "dataset" in sample.path else listed[0]["id"]
            return replace(sample, path={**sample.path, "version": first["version"]})
        return sample

    def send(
        self,
        operation: Operation,
        caller: SampleCaller = ADMIN,
        mode: str = "open",
        query: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """Send the request of an operation as a caller, with more in its query."""
        event = operation.build_event(query)
        signed = api_event("GET", "/", principal=caller.principal, grants=caller.grants)
        event["requestContext"]["authorizer"] = signed["requestContext"]["authorizer"]
        return self._handle(operation.area, event, mode)

    def call(self, area: str, method: str, path: str, body: Any = None) -> Answer:
        """Send a request of an administrator, which must succeed."""
        answer = self._handle(area, api_event(method, path, body), "open")
        assert answer.status < 300, (path, answer.status, answer.body)
        return answer

    def _handle(self, area: str, event: dict[str, Any], mode: str) -> Answer:
        handler = find_handler(area, mode)
        state = import_app(area).state
        state.resources = self.resources
        state.requests.clear()  # `/metrics` counts those before it
        return read_answer(handler(event, LambdaContext()))


def build_sample_mesh() -> SampleMesh:
    """Return a mesh in which every request of `list_samples` is answered."""
    built = SampleMesh()
    for name, more in PRODUCTS.items():
        built.call("products", "POST", "/register_product", product_body(name=name, **more))
    columns = [{"source": "order_id", "target": "order_id"}]
    for target in ("daily_revenue", "campaigns"):
        body = {"source": "orders", "target": target, "transformation": "x", "columns": columns}
        built.call("lineage", "POST", "/register_lineage", body)
    built.call("contracts", "POST", "/contracts", contract_body("refunds"))
    built.call("openlineage", "POST", "/api/v1/lineage", EVENT)
    scope = {"role": "contributor", "domain": "sales"}
    built.call("access", "POST", "/grants", {"principal": "key:etl", **scope})
    key = {"id": "night", "owner": "sales", "grants": [scope]}
    built.call("access", "POST", "/keys", key)
    built.call("access", "POST", "/product/shipments/requests", {"purpose": "Forecast"})
    source = BODIES["PUT /api/v1/sources/{source}"]
    built.call("marquez_writes", "PUT", "/api/v1/sources/sales", source)
    return built
