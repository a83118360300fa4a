"""The writes of Marquez' clients: tags, namespaces, sources, and what they hide."""

from typing import Any

import pytest

from datamesh.models.audit import AuditRecord
from datamesh.models.stored_products import StoredProduct
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.services.marquez import declarations
from datamesh.services.openlineage.ingest import EventPipeline
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.products import queries
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import StoredObject
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import WAREHOUSE, dataset, run_event, send
from tests.lambdas import Client, api_event, assert_marquez_problem
from tests.meshes import (
    Bucket,
    add_lineage,
    add_product,
    add_products,
    event_pipeline,
    resources,
)

API = "/api/v1"
DATASETS = f"{API}/namespaces/{WAREHOUSE}/datasets"
JOB = f"{API}/namespaces/scheduler/jobs/daily"
IN_WAREHOUSE = f"in the namespace '{WAREHOUSE}'"
FIELDS = [{"name": "id", "type": "int"}, {"name": "price/unit", "type": "double"}]
SAID = {
    "schema": {"fields": FIELDS},
    "tags": {
        "tags": [
            {"key": "Gold", "value": "true"},
            {"key": "PII", "value": "true", "field": "id"},
        ]
    },
}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def pipeline(bucket: Bucket) -> EventPipeline:
    return event_pipeline(bucket)


class Marquez:
    """A client of both functions."""

    def __init__(self, reads: Client, writes: Client) -> None:
        self.reads, self.writes = reads, writes

    def get(self, path: str, **query: object) -> Any:
        answer = self.reads.get(path, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def write(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.writes.send(api_event(method, path, body))
        assert answer.status == 200, answer.body
        return answer.body


@pytest.fixture
def marquez(serve: Serve, registry: Registry, bucket: Bucket, pipeline: EventPipeline) -> Marquez:
    send(registry, pipeline, write_orders(-10))
    return Marquez(
        serve("marquez", resources(registry, bucket=bucket, events=pipeline)),
        serve("marquez_writes", resources(registry, bucket=bucket, events=pipeline)),
    )


def write_orders(minute: int, run: int = 1, **facets: Any) -> dict[str, Any]:
    event = run_event(["raw"], [dataset("orders", facets=SAID | facets)], run=run, minute=minute)
    event["job"]["facets"] = {"tags": {"tags": [{"key": "Nightly", "value": "true"}]}}
    return event


def get_product(registry: Registry, name: str = "orders") -> StoredProduct:
    return registry.products.read(NO_DEADLINE).products[name].to_model()


def list_products(registry: Registry) -> list[str]:
    page = queries.find_products(CONTEXT, registry, queries.ProductFilter(), limit=10, offset=0)
    return [product.name for product in page.items]


# Tags


def test_a_tag_is_created_with_its_description_and_listed(marquez: Marquez) -> None:
    created = marquez.write("PUT", f"{API}/tags/Sensitive", {"description": "Handle with care"})
    assert created == {"name": "sensitive", "description": "Handle with care"}
    assert marquez.get(f"{API}/tags") == {
        "tags": [
            {"name": "gold", "description": None},
            {"name": "pii", "description": None},
            {"name": "sensitive", "description": "Handle with care"},
        ]
    }
    marquez.write("PUT", f"{API}/tags/PII", {"description": None})
    marquez.write("PUT", f"{API}/tags/pii", {"description": "Personal"})
    assert marquez.get(f"{API}/tags")["tags"][1] == {"name": "pii", "description": "Personal"}


def test_a_dataset_gets_a_tag_and_loses_it(marquez: Marquez, registry: Registry) -> None:
    tagged = marquez.write("POST", f"{DATASETS}/orders/tags/Checked")
    assert tagged["tags"] == ["gold", "checked"]
    assert tagged == marquez.get(f"{DATASETS}/orders")
    assert get_product(registry).tags == ["gold", "checked"]
    assert marquez.write("DELETE", f"{DATASETS}/orders/tags/GOLD")["tags"] == ["checked"]
    assert get_product(registry).tags == ["checked"]


def test_what_people_tag_events_do_not_overwrite(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline
) -> None:
    marquez.write("DELETE", f"{DATASETS}/orders/tags/gold")
    marquez.write("POST", f"{DATASETS}/orders/fields/id/tags/key")
    marquez.write("DELETE", f"{DATASETS}/orders/fields/id/tags/pii")
    other = {"tags": {"tags": [{"key": "other", "value": "true"}, {"key": "x", "field": "id"}]}}
    other["tags"]["tags"] += [{"key": "unit", "value": "true", "field": "price/unit"}]
    send(registry, pipeline, write_orders(5, 2, **other))
    found = marquez.get(f"{DATASETS}/orders")
    assert found["tags"] == []
    assert {each["name"]: each["tags"] for each in found["fields"]} == {
        "id": ["key"],
        "price/unit": ["unit"],
    }
    [column, _] = get_product(registry).columns
    assert (column.name, column.tags) == ("id", ["key"])


def test_a_column_with_a_slash_gets_a_tag(marquez: Marquez) -> None:
    path = f"{DATASETS}/orders/fields/price/unit/tags/money"
    tagged = marquez.write("POST", path)
    assert tagged["fields"][1] == {
        "name": "price/unit",
        "type": "double",
        "tags": ["money"],
        "description": None,
    }
    assert "money" in [each["name"] for each in marquez.get(f"{API}/tags")["tags"]]
    assert marquez.write("DELETE", path)["fields"][1]["tags"] == []
    assert "money" not in [each["name"] for each in marquez.get(f"{API}/tags")["tags"]]


def test_a_product_without_datasets_is_tagged_as_one_of_its_domain(
    marquez: Marquez, registry: Registry
) -> None:
    add_product(registry, "bills", schema={"id": "integer"})
    marquez.write("POST", f"{API}/namespaces/sales/datasets/bills/tags/checked")
    marquez.write("POST", f"{API}/namespaces/sales/datasets/bills/fields/id/tags/key")
    product = get_product(registry, "bills")
    assert product.tags == ["checked"]
    assert [(each.name, each.tags) for each in product.columns] == [("id", ["key"])]


def test_what_changes_nothing_commits_nothing(marquez: Marquez, registry: Registry) -> None:
    before = registry.products.read(NO_DEADLINE)
    marquez.write("POST", f"{DATASETS}/orders/tags/gold")
    marquez.write("DELETE", f"{DATASETS}/orders/tags/unknown")
    marquez.write("POST", f"{DATASETS}/orders/fields/id/tags/pii")
    marquez.write("DELETE", f"{DATASETS}/orders/fields/id/tags/unknown")
    assert registry.products.read(NO_DEADLINE) == before


def test_a_job_gets_a_tag_and_loses_what_events_say(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline
) -> None:
    assert marquez.write("POST", f"{JOB}/tags/Slow")["tags"] == ["Nightly", "slow"]
    assert marquez.write("DELETE", f"{JOB}/tags/nightly")["tags"] == ["slow"]
    send(registry, pipeline, write_orders(5, 2))
    [listed] = marquez.get(f"{API}/namespaces/scheduler/jobs")["jobs"]
    assert listed["tags"] == marquez.get(JOB)["tags"] == ["slow"]
    assert "slow" in [each["name"] for each in marquez.get(f"{API}/tags")["tags"]]
    assert marquez.write("POST", f"{JOB}/tags/nightly")["tags"] == ["Nightly", "slow"]
    assert marquez.write("DELETE", f"{JOB}/tags/slow")["tags"] == ["Nightly"]


def test_there_are_as_many_tags_as_a_product_may_have(marquez: Marquez) -> None:
    for number in range(9):
        marquez.write("POST", f"{DATASETS}/orders/tags/t{number}")
        marquez.write("POST", f"{DATASETS}/orders/fields/id/tags/t{number}")
    for path, what in (("", "dataset 'orders'"), ("/fields/id", "field 'id'")):
        answer = marquez.writes.send(api_event("POST", f"{DATASETS}/orders{path}/tags/more"))
        message = (
            f"The {what} has 10 tags already, the most it may have; take one of them away first"
        )
        assert (answer.status, answer.body["message"]) == (422, message)
        assert answer.body["details"] == f"tag: {message}"
    for number in range(19):
        marquez.write("POST", f"{JOB}/tags/t{number}")
    answer = marquez.writes.send(api_event("POST", f"{JOB}/tags/more"))
    assert answer.status == 422
    assert answer.body["message"].startswith("The job 'daily' has 20 tags already")


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", f"{DATASETS}/none/tags/t", f"dataset 'none' {IN_WAREHOUSE}"),
        ("DELETE", f"{DATASETS}/none", f"dataset 'none' {IN_WAREHOUSE}"),
        ("POST", f"{DATASETS}/orders/fields/x/tags/t", "field 'x' in the dataset 'orders'"),
        ("POST", f"{JOB}s/tags/t", "job 'dailys' in the namespace 'scheduler'"),
        ("DELETE", f"{JOB}s", "job 'dailys' in the namespace 'scheduler'"),
    ],
)
def test_404_what_is_not_there(marquez: Marquez, method: str, path: str, message: str) -> None:
    answer = marquez.writes.send(api_event(method, path))
    assert_marquez_problem(answer, 404, f"There is no {message}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{API}/unknown"),
        ("POST", f"{API}/lineage/"),
        ("PUT", f"{API}/lineage"),
        ("DELETE", f"{API}/tags"),
    ],
)
def test_404_an_unknown_write_in_the_form_of_marquez(
    marquez: Marquez, method: str, path: str
) -> None:
    assert_marquez_problem(marquez.writes.send(api_event(method, path)), 404, "Not Found")


def test_422_names_the_field_of_a_body(marquez: Marquez) -> None:
    answer = marquez.writes.put(f"{API}/namespaces/a", {"description": "x" * 1001})
    assert answer.status == 422
    assert answer.body["details"] == (
        "ownerName: Field required; description: String should have at most 1000 characters"
    )
    for tag in (" ", "x" * 101, "\ud800"):
        assert marquez.writes.put(f"{API}/tags/{tag}", {}).status == 422


def test_409_a_job_that_is_lineage_by_hand(marquez: Marquez, registry: Registry) -> None:
    add_products(registry, ["a", "b"])
    add_lineage(registry, "a", "b")
    for method, more in (("POST", "/tags/t"), ("DELETE", "")):
        path = f"{API}/namespaces/sales/jobs/a -> b{more}"
        message = (
            "The job 'a -> b' is lineage that was registered by hand: no event has told of it;"
            " DELETE /lineage removes that"
        )
        assert_marquez_problem(marquez.writes.send(api_event(method, path)), 409, message)


# Namespaces and sources


def test_a_namespace_is_created_and_described_anew(marquez: Marquez) -> None:
    path = f"{API}/namespaces/s3://new/lake"
    created = marquez.write("PUT", path, {"ownerName": "me", "description": "A lake"})
    assert created == {
        "name": "s3://new/lake",
        "createdAt": "2026-01-31T12:00:00Z",
        "updatedAt": "2026-01-31T12:00:00Z",
        "ownerName": "me",
        "description": "A lake",
        "isHidden": False,
    }
    assert marquez.get(path) == created
    assert created in marquez.get(f"{API}/namespaces")["namespaces"]
    assert marquez.get(f"{path}/datasets") == {"datasets": [], "totalCount": 0}
    assert marquez.get(f"{path}/jobs") == {"jobs": [], "totalCount": 0}
    again = marquez.write("PUT", path, {"ownerName": "you"})
    assert (again["ownerName"], again["description"]) == ("you", None)
    assert again["createdAt"] == created["createdAt"]


def test_a_namespace_of_datasets_gets_an_owner(marquez: Marquez) -> None:
    marquez.write("PUT", f"{API}/namespaces/{WAREHOUSE}", {"ownerName": "me"})
    names = {
        each["name"]: each["ownerName"] for each in marquez.get(f"{API}/namespaces")["namespaces"]
    }
    assert names[WAREHOUSE] == "me"
    assert names["scheduler"] == "anonymous"


def test_a_source_is_created_and_described_anew(marquez: Marquez) -> None:
    body = {"type": "POSTGRESQL", "connectionUrl": "jdbc:postgresql://db:5432/shop"}
    created = marquez.write("PUT", f"{API}/sources/shop/db", body)
    assert created == {
        "type": "POSTGRESQL",
        "name": "shop/db",
        "createdAt": "2026-01-31T12:00:00Z",
        "updatedAt": "2026-01-31T12:00:00Z",
        "connectionUrl": "jdbc:postgresql://db:5432/shop",
        "description": None,
    }
    assert marquez.get(f"{API}/sources/shop/db") == created
    assert [each["name"] for each in marquez.get(f"{API}/sources")["sources"]] == [
        WAREHOUSE,
        "shop/db",
    ]


def test_declarations_are_bounded_in_bytes(
    marquez: Marquez, monkeypatch: pytest.MonkeyPatch
) -> None:
    marquez.write("PUT", f"{API}/tags/first", {"description": "x" * 100})
    monkeypatch.setattr(declarations, "MAX_DECLARED_BYTES", 150)
    answer = marquez.writes.put(f"{API}/tags/second", {"description": "x" * 100})
    message = "The registry is full: the most bytes of declared tags, namespaces and sources is 150"
    assert_marquez_problem(answer, 429, message)
    marquez.write("PUT", f"{API}/tags/first", {"description": "shorter"})


# Deletions


def test_a_deleted_dataset_is_hidden_and_its_product_stays(
    marquez: Marquez, registry: Registry
) -> None:
    before = registry.lineage.read(NO_DEADLINE)
    deleted = marquez.write("DELETE", f"{DATASETS}/orders")
    assert (deleted["name"], deleted["deleted"]) == ("orders", True)
    assert marquez.reads.get(f"{DATASETS}/orders").status == 404
    assert [each["name"] for each in marquez.get(DATASETS)["datasets"]] == ["raw"]
    assert marquez.get(f"{API}/search", q="orders")["totalCount"] == 0
    graph = marquez.get(f"{API}/lineage", nodeId=f"dataset:{WAREHOUSE}:raw")["graph"]
    assert [node["id"] for node in graph] == [
        f"dataset:{WAREHOUSE}:raw",
        "job:scheduler:daily",
    ]
    product = get_product(registry)
    assert (product.dropped, product.tags) == (True, ["gold"])
    assert list_products(registry) == ["raw"]
    assert registry.lineage.read(NO_DEADLINE) == before
    assert marquez.writes.send(api_event("DELETE", f"{DATASETS}/orders")).status == 404


@pytest.mark.parametrize(("minute", "there"), [(-5, False), (5, True)])
def test_a_later_event_brings_a_deleted_dataset_back(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline, minute: int, there: bool
) -> None:
    marquez.write("DELETE", f"{DATASETS}/orders")
    send(registry, pipeline, write_orders(minute, 2))
    answer = marquez.reads.get(f"{DATASETS}/orders")
    assert (answer.status == 200) == there
    assert get_product(registry).hidden != there
    if there:
        assert (answer.body["deleted"], answer.body["tags"]) == (False, ["gold"])


def test_a_dataset_that_comes_back_and_is_dropped_by_an_event_is_shown_as_that(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline
) -> None:
    marquez.write("DELETE", f"{DATASETS}/orders")
    dropping = {"lifecycleStateChange": {"lifecycleStateChange": "DROP"}}
    gone = run_event((), [dataset("orders", facets=dropping)], job="drop", run=3, minute=9)
    send(registry, pipeline, write_orders(5, 2), gone)
    assert marquez.get(f"{DATASETS}/orders")["deleted"] is True


def test_a_rebuild_leaves_hidden_what_people_have_deleted(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline
) -> None:
    send(registry, pipeline, write_orders(-5, 2))
    marquez.write("DELETE", f"{DATASETS}/orders")
    marquez.write("POST", f"{DATASETS}/raw/tags/checked")
    marquez.write("DELETE", JOB)
    rebuild_derived_lineage(CONTEXT, registry, pipeline, lambda: True, events_expire=False)
    assert marquez.reads.get(f"{DATASETS}/orders").status == 404
    assert marquez.reads.get(JOB).status == 404
    assert marquez.get(f"{DATASETS}/raw")["tags"] == ["checked"]


def test_a_change_by_a_person_brings_back_what_no_event_could(
    marquez: Marquez, registry: Registry, serve: Serve
) -> None:
    add_product(registry, "bills")
    path = f"{API}/namespaces/sales/datasets/bills"
    marquez.write("DELETE", path)
    assert marquez.reads.get(path).status == 404
    assert (
        serve("products", resources(registry)).put("/product/bills", {"version": "1.0.1"}).status
        == 200
    )
    assert marquez.get(path)["deleted"] is False


def test_a_deleted_job_is_hidden_until_it_says_something_new(
    marquez: Marquez, registry: Registry, pipeline: EventPipeline
) -> None:
    deleted = marquez.write("DELETE", JOB)
    assert (deleted["name"], deleted["tags"]) == ("daily", ["Nightly"])
    assert marquez.reads.get(JOB).status == 404
    assert marquez.get(f"{API}/jobs") == {"jobs": [], "totalCount": 0}
    send(registry, pipeline, write_orders(-10))
    assert marquez.reads.get(JOB).status == 404
    send(registry, pipeline, write_orders(5, 2))
    assert [each["id"] for each in marquez.get(f"{JOB}/runs")["runs"]][1:] == [
        "00000000-0000-0000-0000-000000000001"
    ]


# Who writes


def test_writes_are_in_the_audit_trail(marquez: Marquez, bucket: Bucket) -> None:
    marquez.write("POST", f"{DATASETS}/orders/tags/checked")
    marquez.write("POST", f"{JOB}/tags/slow")
    marquez.write("PUT", f"{API}/namespaces/new", {"ownerName": "me"})
    marquez.write("DELETE", f"{DATASETS}/orders")
    newest = {
        key.partition(".")[0]: AuditRecord.model_validate_json(stored.body)
        for key in sorted(bucket)
        if key.startswith(AUDIT_FOLDER) and isinstance(stored := bucket[key].get(), StoredObject)
    }
    records = [*newest.values()]
    commits = [(*one.commits, *one.planned) for one in records]
    written = [[each.document.split("/")[-2] for each in one[:-1]] for one in commits]
    assert written == [[], ["openlineage"], [], ["datasets"]]
    assert [one[-1].document.split("/")[0] for one in commits] == [
        "products.json",
        "openlineage",
        "openlineage",
        "products.json",
    ]
    assert [one[-1].products for one in commits] == [("orders",), (), (), ("orders",)]
    assert {one.principal for one in records} == {"key:key-1"}
    assert [one.status for one in records] == [None, 200, 200, 200]  # of one the history tells


def test_an_idempotency_key_is_refused_in_the_form_of_marquez(marquez: Marquez) -> None:
    event = api_event("POST", f"{DATASETS}/orders/tags/t", headers={"idempotency-key": "x" * 256})
    answer = marquez.writes.send(event)
    assert answer.status == 422
    assert (answer.body["code"], answer.body["details"]) == (
        422,
        "Idempotency-Key: must have 1 to 255 characters",
    )


def test_a_write_with_an_idempotency_key_is_answered_alike_again(
    marquez: Marquez, registry: Registry
) -> None:
    event = api_event("POST", f"{DATASETS}/orders/tags/t", headers={"idempotency-key": "a-key"})
    first = marquez.writes.send(event)
    revision = registry.products.read(NO_DEADLINE).revision
    assert marquez.writes.send(event).body == first.body
    assert registry.products.read(NO_DEADLINE).revision == revision
