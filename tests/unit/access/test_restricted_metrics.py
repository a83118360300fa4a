"""Metrics of restricted columns in events and versions: their values are for stewards alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.meshes import Bucket, event_pipeline, mesh, product_body, resources
from tests.unit.access.test_views import FACET, RUN, event

STAFF = {"namespace": "hr", "name": "staff"}
COPY = {"namespace": "hr", "name": "copy"}
METRICS = {
    "dataQualityMetrics": {
        **FACET,
        "rowCount": 5,
        "columnMetrics": {
            "order_id": {"distinctCount": 5},
            "Salary": {"min": 111222, "quantiles": {"0.5": 555444}},
            "salary.bonus": {"max": 987654},
        },
    }
}
COLUMNS = {"schema": {**FACET, "fields": [{"name": "salary", "type": "integer"}]}}
VALUES = ("111222", "555444", "987654")
STRANGERS: Mapping[str, Mapping[str, Any]] = {
    "anonymous": {"principal": ANONYMOUS},
    "a contributor": {
        "principal": "key:etl",
        "grants": ({"role": "contributor", "domain": "hr"},),
    },
}
STEWARD = {"principal": "key:hr", "grants": ({"role": "steward", "domain": "hr"},)}


@pytest.fixture
def client(serve: Serve) -> Client:
    bucket = Bucket()
    held = resources(mesh(), bucket=bucket, events=event_pipeline(bucket))
    products = serve("products", held)
    port = {"location": "domains/hr/staff/", "format": "csv"}
    schema = {"order_id": "string", "salary": "integer"}
    for name, more in (
        ("staff", {"openlineage": [STAFF], "restricted_columns": ["salary"]}),
        ("copy", {"openlineage": [COPY]}),
    ):
        body = product_body(name=name, domain="hr", schema=schema, output_port=port, **more)
        assert products.post("/register_product", body).status == 200
    sent = event(
        RUN,
        {"namespace": "hr", "name": "load"},
        [{**STAFF, "inputFacets": METRICS}],
        [{**STAFF, "facets": {**COLUMNS, **METRICS}}, {**COPY, "outputFacets": METRICS}],
    )
    answer = serve("openlineage", held).send(api_event("POST", "/api/v1/lineage", sent))
    assert answer.status == 201
    return serve("marquez", held)


def read(client: Client, caller: Mapping[str, Any]) -> str:
    answer = client.send(api_event("GET", "/api/v1/events/lineage", **caller))
    assert answer.status == 200
    return answer.content.decode()


@pytest.mark.parametrize("caller", STRANGERS)
def test_events_show_no_value_of_a_restricted_column(client: Client, caller: str) -> None:
    found = read(client, STRANGERS[caller])
    assert [each for each in VALUES if each in found] == []
    assert found.count('"columnMetrics":{"order_id":{"distinctCount":5}}') == 3


def test_stewards_see_the_event_as_it_was_sent(client: Client) -> None:
    for caller in (STEWARD, {}):
        found = read(client, caller)
        assert [found.count(each) for each in VALUES] == [3, 3, 3]


def read_versions(client: Client, caller: Mapping[str, Any]) -> str:
    path = "/api/v1/namespaces/hr/datasets/staff/versions"
    listed = client.send(api_event("GET", path, **caller))
    version = listed.body["versions"][-1]["version"]
    one = client.send(api_event("GET", f"{path}/{version}", **caller))
    assert (listed.status, one.status) == (200, 200)
    return (listed.content + one.content).decode()


@pytest.mark.parametrize("caller", STRANGERS)
def test_versions_show_no_value_of_a_restricted_column(client: Client, caller: str) -> None:
    found = read_versions(client, STRANGERS[caller])
    assert [each for each in VALUES if each in found] == []
    assert found.count('"columnMetrics":{"order_id":{"distinctCount":5}}') == 2


def test_stewards_see_the_metrics_of_versions(client: Client) -> None:
    for caller in (STEWARD, {}):
        found = read_versions(client, caller)
        assert [found.count(each) for each in VALUES] == [2, 2, 2]
