"""The sample events agree with the template, and each route has one."""

import json
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from datamesh.services.openlineage.queue import decode_message
from dev.template.reader import read_api
from tests.template import ROOT, TEMPLATE

ROUTES = {route.key: route for route in read_api(TEMPLATE, {}, {}).routes}
OTHERS = {
    "schedule",
    "check_daily",
    "derive_events",
    "authorizer",
    "authorizer_stored_key",
    "rebuild",
}
FILES = sorted((ROOT / "events").glob("*.json"))
OF_ROUTES = [file for file in FILES if file.stem not in OTHERS]


def event_of(file: Path) -> Any:
    return json.loads(file.read_text())


def assert_is_a_request(event: Any) -> None:
    """The parts of a payload-2.0 event that repeat each other agree."""
    context, route = event["requestContext"], ROUTES[event["routeKey"]]
    path = route.path
    for name, value in event.get("pathParameters", {}).items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    assert event["version"] == "2.0"
    assert event["rawPath"] == context["http"]["path"] == path
    assert (context["routeKey"], context["http"]["method"]) == (route.key, route.method)
    assert context["stage"] == "$default"
    assert dict(parse_qsl(event["rawQueryString"])) == event.get("queryStringParameters", {})
    assert [name for name in event["headers"] if name != name.lower()] == []


def test_each_route_and_trigger_has_one_event() -> None:
    """HEAD has one example: it is a GET of another name."""
    heads = {key for key in ROUTES if key.startswith("HEAD ")} - {"HEAD /product/{name}"}
    assert {event_of(file)["routeKey"] for file in OF_ROUTES} == set(ROUTES) - heads
    assert {file.stem for file in FILES} >= OTHERS


@pytest.mark.parametrize("file", OF_ROUTES, ids=lambda file: file.stem)
def test_an_event_is_a_request_to_its_route(file: Path) -> None:
    event = event_of(file)
    assert_is_a_request(event)
    assert event["isBase64Encoded"] is False
    if "body" in event:
        assert isinstance(json.loads(event["body"]), dict | list)
        assert event["headers"]["content-length"] == str(len(event["body"].encode()))


@pytest.mark.parametrize("file", OF_ROUTES, ids=lambda file: file.stem)
def test_an_event_has_passed_the_authorizer_of_its_route(file: Path) -> None:
    event = event_of(file)
    principal = event["requestContext"].get("authorizer", {}).get("lambda", {}).get("principal")
    authorizer = ROUTES[event["routeKey"]].authorizer
    asked = authorizer.name if authorizer else None
    assert principal == {"ApiKey": "key:key-1", "AnyCaller": "anonymous", None: None}[asked]
    assert ("authorization" in event["headers"]) is (asked == "ApiKey")


@pytest.mark.parametrize("name", ["authorizer", "authorizer_stored_key"])
def test_the_authorizer_is_asked_about_a_protected_route(name: str) -> None:
    event = event_of(ROOT / "events" / f"{name}.json")
    assert_is_a_request(event)
    assert ROUTES[event["routeKey"]].authorizer
    assert event["type"] == "REQUEST"
    assert event["identitySource"] == [event["headers"]["authorization"]]
    assert event["routeArn"].endswith("/$default/POST/register_product")
    assert "body" not in event and "authorizer" not in event["requestContext"]


@pytest.mark.parametrize("name", ["schedule", "check_daily"])
def test_a_schedule_is_an_event_of_a_rule(name: str) -> None:
    event = event_of(ROOT / "events" / f"{name}.json")
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert ":rule/" in event["resources"][0]


def test_a_message_of_the_queue_has_an_event_in_it() -> None:
    [record] = event_of(ROOT / "events" / "derive_events.json")["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert ":data-mesh-registry-dev-EventQueue-" in record["eventSourceARN"]
    assert record["md5OfBody"] == md5(record["body"].encode(), usedforsecurity=False).hexdigest()
    assert decode_message(record["body"]).packed
