"""Every sample event through the handler that the template sends it to, over moto."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pytest
import yaml
from openapi_schema_validator import OAS31Validator

from datamesh.models.values import utc_now
from dev.openapi import document as openapi
from tests import moto_server
from tests.deployed import EVENTS, KEY, Deployment
from tests.lambdas import Answer, LambdaContext, read_answer

OPENAPI: dict[str, Any] = json.loads(openapi.DOCUMENT.read_text())
OPERATIONS, COMPONENTS = OPENAPI["paths"], OPENAPI["components"]

STATUSES = {
    # event: on an empty bucket, on a filled one
    "analytics_domains": (200, 200),
    "analytics_lineage_stats": (200, 200),
    "analytics_snapshot": (404, 404),
    "analytics_top_products": (200, 200),
    "analytics_trends": (200, 200),
    "analytics_usage": (404, 404),
    "audit": (200, 200),
    "search": (200, 200),
    "search_as_of": (200, 200),
    "grant_role": (200, 200),
    "list_grants": (200, 200),
    "list_redactions": (200, 200),
    "redact_text": (200, 202),
    "list_grants_as_of": (200, 200),
    "me": (200, 200),
    "revoke_grant": (404, 404),
    "changes": (200, 200),
    "check_dataset": (404, 200),
    "create_key": (200, 200),
    "delete_key": (404, 200),
    "delete_product": (404, 200),
    "docs": (200, 200),
    "docs_asset": (200, 200),
    "finance_transactions": (404, 200),
    "get_contract": (404, 200),
    "get_contract_odps": (404, 200),
    "get_contract_odps_as_of": (404, 404),
    "get_product": (404, 200),
    "get_product_freshness": (404, 200),
    "list_quality_runs": (404, 200),
    "list_product_versions": (404, 200),
    "get_product_version": (404, 200),
    "head_product": (404, 200),
    "health": (200, 200),
    "home": (307, 307),
    "infer_dataset": (424, 200),
    "lint_contract": (200, 200),
    "lineage_columns": (404, 200),
    "lineage_downstream": (404, 200),
    "lineage_export": (404, 200),
    "lineage_graph": (404, 200),
    "lineage_impact": (404, 200),
    "lineage_path": (404, 200),
    "lineage_product_columns": (404, 200),
    "lineage_upstream": (404, 200),
    "list_contracts": (200, 200),
    "list_contracts_as_of": (200, 200),
    "list_dataset_files": (404, 200),
    "list_domain_products": (404, 200),
    "list_domains": (200, 200),
    "list_keys": (200, 200),
    "list_lineage": (200, 200),
    "list_lineage_as_of": (200, 200),
    "list_products": (200, 200),
    "list_products_as_of": (200, 200),
    "marketing_campaigns": (404, 200),
    "marquez_column_lineage": (404, 404),
    "marquez_dataset": (404, 200),
    "marquez_delete_dataset": (404, 200),
    "marquez_delete_job": (404, 200),
    "marquez_put_namespace": (200, 200),
    "marquez_put_source": (200, 200),
    "marquez_put_tag": (200, 200),
    "marquez_tag_dataset": (404, 200),
    "marquez_tag_job": (404, 200),
    "marquez_untag_field": (404, 200),
    "marquez_dataset_versions": (404, 200),
    "marquez_event_stats": (200, 200),
    "marquez_events": (200, 200),
    "marquez_source": (404, 200),
    "marquez_sources": (200, 200),
    "marquez_stats": (200, 200),
    "marquez_tags": (200, 200),
    "metrics": (200, 200),
    "openapi_document": (200, 200),
    "openlineage_datasets": (404, 200),
    "openlineage_job": (404, 200),
    "openlineage_run": (404, 200),
    "openlineage_event": (201, 201),
    "openlineage_events": (200, 200),
    "openlineage_graph": (404, 200),
    "openlineage_namespaces": (200, 200),
    "openlineage_search": (200, 200),
    "openlineage_status": (200, 200),
    "portal": (200, 200),
    "portal_page": (200, 200),
    "profile_dataset": (404, 200),
    "put_product": (404, 200),
    "read_dataset": (404, 200),
    "redoc": (200, 200),
    "register_contract": (200, 200),
    "register_inferred_product": (424, 200),
    "register_lineage": (400, 200),
    "register_lineage_entries": (422, 200),
    "register_product": (200, 409),
    "register_products": (200, 422),
    "remove_lineage": (404, 200),
    "request_access": (404, 200),
    "list_product_requests": (404, 200),
    "list_requests": (200, 200),
    "grant_access": (404, 200),
    "refuse_access": (404, 200),
    "withdraw_request": (404, 200),
    "replace_contract": (404, 200),
    "rotate_key": (404, 200),
    "sales_orders": (404, 200),
}


DATASETS = "/api/v1/namespaces/{namespace}/datasets"
JOB = "/api/v1/namespaces/{namespace}/jobs/{job}"
DOCUMENTED_AS = {
    "lineage_columns": "/lineage/columns/{product}/{column}",
    "marquez_column_lineage": "/api/v1/column-lineage",
    "marquez_dataset": f"{DATASETS}/{{dataset}}",
    "marquez_delete_dataset": f"{DATASETS}/{{dataset}}",
    "marquez_delete_job": JOB,
    "marquez_put_namespace": "/api/v1/namespaces/{namespace}",
    "marquez_put_source": "/api/v1/sources/{source}",
    "marquez_put_tag": "/api/v1/tags/{tag}",
    "marquez_tag_dataset": f"{DATASETS}/{{dataset}}/tags/{{tag}}",
    "marquez_tag_job": f"{JOB}/tags/{{tag}}",
    "marquez_untag_field": f"{DATASETS}/{{dataset}}/fields/{{field}}/tags/{{tag}}",
    "marquez_dataset_versions": f"{DATASETS}/{{dataset}}/versions",
    "marquez_event_stats": "/api/v1/stats/lineage-events",
    "marquez_events": "/api/v1/events/lineage",
    "marquez_source": "/api/v1/sources/{source}",
    "marquez_sources": "/api/v1/sources",
    "marquez_stats": "/api/v1/stats/{counted}",
    "marquez_tags": "/api/v1/tags",
    "openlineage_datasets": DATASETS,
}
"""Event -> the path of the document that a greedy route stands for."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    with moto_server.running():
        yield Deployment()


def send(stack: Deployment, name: str) -> Answer:
    handler = stack.start(stack.function_of(EVENTS[name]))
    return read_answer(handler(EVENTS[name], LambdaContext()))


def assert_as_documented(name: str, answer: Answer) -> None:
    method, _, path = EVENTS[name]["routeKey"].partition(" ")
    path = DOCUMENTED_AS.get(name, path)
    if path not in OPERATIONS:
        return  # the documentation itself
    documented = "get" if method == "HEAD" else method.lower()
    response = OPERATIONS[path][documented]["responses"][str(answer.status)]
    if "$ref" in response:
        response = COMPONENTS["responses"][response["$ref"].rpartition("/")[2]]
    if answer.status == 201:
        assert "content" not in response and answer.content == b""
        return
    if method == "HEAD":
        assert answer.content == b""
        return
    kind = answer.headers["content-type"].partition(";")[0]
    validator = OAS31Validator({**response["content"][kind]["schema"], "components": COMPONENTS})
    told = answer.body if kind == "application/json" else answer.content.decode()
    if kind == "application/yaml":
        told = yaml.safe_load(told)
    assert [error.message for error in validator.iter_errors(told)] == []
    headers = response.get("headers", {}).items()
    promised = {name.lower() for name, header in headers if header.get("required", True)}
    missing = promised - set(answer.headers)
    assert not missing


@pytest.mark.parametrize("name", STATUSES)
def test_an_event_is_answered_as_documented_on_an_empty_bucket(
    stack: Deployment, name: str
) -> None:
    stack.empty()
    answer = send(stack, name)
    assert answer.status == STATUSES[name][0], answer.body
    assert_as_documented(name, answer)


@pytest.mark.parametrize("name", STATUSES)
def test_an_event_is_answered_as_documented_on_a_filled_bucket(
    stack: Deployment, name: str
) -> None:
    stack.fill()
    answer = send(stack, name)
    assert answer.status == STATUSES[name][1], answer.body
    assert_as_documented(name, answer)


def test_every_event_is_sent_by_a_test_here() -> None:
    assert set(EVENTS) == set(STATUSES) | {
        "authorizer",
        "authorizer_stored_key",
        "schedule",
        "check_daily",
        "derive_events",
        "rebuild",
    }


def test_what_one_function_writes_another_reads(stack: Deployment) -> None:
    stack.empty()
    registered = send(stack, "register_product").body["data"]
    assert registered["name"] == "orders"
    assert send(stack, "get_product").body == registered
    assert send(stack, "list_products").body == [registered]
    assert send(stack, "analytics_domains").body == {"sales": 1}
    changed = send(stack, "put_product").body["data"]
    assert changed | {"updated_at": "", "status": "", "version": ""} == registered | {
        "updated_at": "",
        "status": "",
        "version": "",
    }
    assert (changed["status"], changed["version"]) == ("deprecated", "1.1.0")
    assert send(stack, "delete_product").body["data"]["lineage_entries_removed"] == 0
    assert send(stack, "get_product").status == 404


def test_lineage_is_registered_followed_counted_and_deleted(stack: Deployment) -> None:
    stack.fill()
    entry = send(stack, "register_lineage").body["data"]
    assert send(stack, "lineage_downstream").body[-1] == entry
    assert send(stack, "lineage_upstream").body[-1] == entry
    assert send(stack, "list_lineage").headers["x-total-count"] == "2"
    assert send(stack, "analytics_lineage_stats").body == {
        "total_entries": 2,
        "unique_sources": 1,
        "unique_targets": 1,
        "lineage_types": {"direct": 1, "derived": 1, "aggregated": 0},
    }
    assert send(stack, "delete_product").body["data"]["lineage_entries_removed"] == 2
    assert send(stack, "analytics_lineage_stats").body["total_entries"] == 0


def test_domain_data_is_read_from_the_bucket(stack: Deployment) -> None:
    stack.fill()
    assert send(stack, "sales_orders").body == [{"order_id": 2, "order_date": "1997-01-31"}]
    stack.empty()
    assert send(stack, "sales_orders").status == 404


def test_the_schedule_removes_what_an_interrupted_deletion_left(stack: Deployment) -> None:
    stack.fill()
    handler = stack.start(stack.function_of(EVENTS["schedule"]))
    answer = handler(EVENTS["schedule"], LambdaContext())
    # The deletion has replaced the products, and the run the lineage.
    assert answer == {
        "pruned_lineage_entries": 1,
        "products": 3,
        "lineage_entries": 1,
        "archived_versions": 2,
        "missing_versions": 0,
        "lag_seconds": 0,
    }
    assert handler(EVENTS["schedule"], LambdaContext())["pruned_lineage_entries"] == 0


def test_the_schedule_checks_the_products_that_ask_for_it(stack: Deployment) -> None:
    stack.fill()
    handler = stack.start(stack.function_of(EVENTS["check_daily"]))
    checked = handler(EVENTS["check_daily"], LambdaContext())
    assert checked == {"checked": 1, "failed": 0, "left": 0}


def test_messages_of_the_queue_become_products_and_lineage(stack: Deployment) -> None:
    stack.empty()
    handler = stack.start(stack.function_of(EVENTS["derive_events"]))
    assert handler(EVENTS["derive_events"], LambdaContext()) == {"batchItemFailures": []}
    [entry] = send_all(stack)
    assert entry["job"] == {"namespace": "nightly", "name": "daily_revenue"}


def test_events_become_products_and_lineage_and_a_rebuild_finds_the_same(
    stack: Deployment,
) -> None:
    stack.empty()
    assert send(stack, "openlineage_event").status == 201
    assert send(stack, "openlineage_events").body["summary"]["successful"] == 2
    [entry] = send_all(stack)
    assert entry["job"] == {"namespace": "nightly", "name": "daily_revenue"}
    assert (entry["lineage_type"], entry["confidence"]) == ("aggregated", 0.9)
    assert [node["type"] for node in send(stack, "openlineage_graph").body["graph"]] == [
        "DATASET",
        "DATASET",
        "JOB",
    ]
    boto3.client("s3").delete_object(Bucket="catalog", Key="lineage.json")
    handler = stack.start(stack.function_of(EVENTS["rebuild"]))
    assert handler(EVENTS["rebuild"], LambdaContext()) == {
        "finished": 1,
        "events": 2,
        "derived_entries": 1,
    }
    assert send_all(stack) == [entry]


def send_all(stack: Deployment) -> Any:
    """Return all lineage, whatever its source."""
    event = {**EVENTS["list_lineage"], "rawQueryString": "", "queryStringParameters": {}}
    return read_answer(stack.start("LineageReadFunction")(event, LambdaContext())).body


def test_a_missing_bucket_is_503_with_a_reason(stack: Deployment) -> None:
    stack.empty()
    s3 = boto3.client("s3")
    s3.delete_bucket(Bucket="catalog")
    try:
        answer = send(stack, "health")
    finally:
        s3.create_bucket(Bucket="catalog")
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert answer.body == {"success": False, "message": "GetObject answered 404 NoSuchBucket"}


# the authorizer and its secret


@pytest.fixture
def keys(stack: Deployment) -> Iterator[Any]:
    client = boto3.client("secretsmanager")
    yield lambda secret: client.put_secret_value(SecretId=stack.secret_arn, SecretString=secret)
    client.put_secret_value(SecretId=stack.secret_arn, SecretString=json.dumps({"key-1": KEY}))


def allow(principal: str) -> dict[str, Any]:
    grants = '[{"role":"admin","domain":"*"}]'
    return {"isAuthorized": True, "context": {"principal": principal, "grants": grants}}


def authorize(stack: Deployment, name: str = "authorizer") -> Any:
    event = EVENTS[name]
    return stack.start(stack.function_of(event))(event, LambdaContext())


def test_the_key_in_the_secret_is_allowed(stack: Deployment) -> None:
    assert authorize(stack) == allow("key:key-1")


def test_a_second_key_in_the_secret_is_allowed(stack: Deployment, keys: Any) -> None:
    keys(json.dumps({"key-1": "another", "key-2": KEY}))
    assert authorize(stack) == allow("key:key-2")


def test_a_key_that_left_the_secret_is_denied(stack: Deployment, keys: Any) -> None:
    keys(json.dumps({"key-2": "another"}))
    assert authorize(stack) == {"isAuthorized": False}


def test_a_broken_secret_allows_nobody(stack: Deployment, keys: Any) -> None:
    keys("not json")
    with pytest.raises(Exception, match="the API key secret is not JSON"):
        authorize(stack)


def test_a_stored_key_is_allowed_without_grants_of_its_own(stack: Deployment) -> None:
    stack.fill()
    context, before = {"principal": "key:night", "grants": "[]"}, utc_now().date()
    assert authorize(stack, "authorizer_stored_key") == {"isAuthorized": True, "context": context}
    [listed] = send(stack, "list_keys").body
    assert before <= date.fromisoformat(listed["last_used"]) <= utc_now().date()
    assert send(stack, "delete_key").status == 200
    assert authorize(stack, "authorizer_stored_key") == {"isAuthorized": False}


def test_a_key_that_was_made_and_rotated_is_allowed(stack: Deployment) -> None:
    stack.fill()
    made = send(stack, "create_key").body["data"]["key"]
    rotated = send(stack, "rotate_key").body["data"]["key"]
    start = stack.start(stack.function_of(EVENTS["authorizer"]))
    for key, principal in ((made, "key:sales-etl"), (rotated, "key:night")):
        headers = {"authorization": f"Bearer {key}"}
        event = {**EVENTS["authorizer"], "identitySource": [*headers.values()], "headers": headers}
        allowed = start(event, LambdaContext())
        assert allowed == {
            "isAuthorized": True,
            "context": {"principal": principal, "grants": "[]"},
        }
    assert authorize(stack, "authorizer_stored_key")["isAuthorized"]
