"""The metrics of an API that CloudWatch tells, by moto and by its own answers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from datamesh.aws import api_usage
from datamesh.aws.api_usage import create_usage_reader
from datamesh.models.snapshot import RouteUsage

DAY = date(2026, 1, 30)


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


def test_without_an_api_there_is_no_usage() -> None:
    assert create_usage_reader(None)(DAY) is None


def test_an_account_that_does_not_answer_has_no_usage(
    region: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = boto3.client("cloudwatch")
    monkeypatch.setattr(api_usage, "_create_client", lambda: client)
    with Stubber(client) as stub:
        stub.add_client_error("get_metric_data", "AccessDenied", http_status_code=403)
        assert create_usage_reader("api-1")(DAY) is None
    assert "CloudWatch does not tell the usage" in caplog.text


def answers(*pages: dict[str, Any]) -> Any:
    client = boto3.client("cloudwatch", region_name="us-east-1")
    stub = Stubber(client)
    for page in pages:
        stub.add_response("get_metric_data", page)
    stub.activate()
    return client


def result(label: str, *values: float) -> dict[str, Any]:
    return {"Id": "x", "Label": label, "Values": list(values)}


def test_figures_are_those_of_the_api_and_of_each_route(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = (
        {
            "MetricDataResults": [
                result("requests", 120.0),
                result("client_errors", 7.0),
                result("server_errors"),
                result("p50_ms", 12.5),
                result("requests GET /products", 100.0),
            ],
            "NextToken": "more",
        },
        {
            "MetricDataResults": [
                result("p99_ms", 80.0),
                result("p99_ms GET /products", 70.0),
                result("requests POST /register_product", 20.0),
            ]
        },
    )
    monkeypatch.setattr(api_usage, "_create_client", lambda: answers(*pages))
    found = create_usage_reader("api-1")(DAY)
    assert found
    assert found.day == DAY
    assert found.total == RouteUsage(
        route="", requests=120, client_errors=7, server_errors=0, p50_ms=12.5, p99_ms=80.0
    )
    assert [(each.route, each.requests, each.p99_ms) for each in found.routes] == [
        ("GET /products", 100, 70.0),
        ("POST /register_product", 20, None),
    ]


def test_the_day_is_asked_for_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    client = boto3.client("cloudwatch", region_name="us-east-1")
    asked: list[dict[str, Any]] = []

    def get_metric_data(**request: Any) -> dict[str, Any]:
        asked.append(request)
        return {"MetricDataResults": []}

    monkeypatch.setattr(client, "get_metric_data", get_metric_data)
    monkeypatch.setattr(api_usage, "_create_client", lambda: client)
    create_usage_reader("api-1")(DAY)
    [request] = asked
    assert request["StartTime"] == datetime(2026, 1, 30, tzinfo=UTC)
    assert request["EndTime"] == datetime(2026, 1, 31, tzinfo=UTC)
    names = {
        query["MetricStat"]["Metric"]["MetricName"]: query["MetricStat"]["Stat"]
        for query in request["MetricDataQueries"]
        if "MetricStat" in query
    }
    # The names of an HTTP API's metrics; those of a REST API are others.
    assert names.keys() == {"Count", "4xx", "5xx", "Latency"}
