import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from dev.gateway.events import BadRequest, GatewayRequest, build_authorizer_event, build_http_event
from dev.gateway.routing import RouteMatch
from dev.stack import Route

ROUTE = Route("PUT", "/product/{name}", "Write")
MATCH = RouteMatch(ROUTE, {"name": "a b"})


def request(**changes: Any) -> GatewayRequest:
    values: dict[str, Any] = {
        "method": "PUT",
        "target": "/product/a%20b",
        "query": "",
        "headers": (("host", "127.0.0.1:3000"),),
        "source_ip": "127.0.0.1",
        "request_id": "id-1",
        "received": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    }
    return GatewayRequest(**{**values, **changes})


def test_the_smallest_event_leaves_out_what_the_request_does_not_have() -> None:
    event = build_http_event(request(), RouteMatch(ROUTE, {}))
    assert event == {
        "version": "2.0",
        "routeKey": "PUT /product/{name}",
        "rawPath": "/product/a b",
        "rawQueryString": "",
        "headers": {
            "host": "127.0.0.1:3000",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": "127.0.0.1:3000",
            "domainPrefix": "127",
            "http": {
                "method": "PUT",
                "path": "/product/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "",
            },
            "requestId": "id-1",
            "routeKey": "PUT /product/{name}",
            "stage": "$default",
            "time": "02/Jan/2026:03:04:05 +0000",
            "timeEpoch": 1767323045678,
        },
        "isBase64Encoded": False,
    }


def test_path_and_query_are_decoded_once() -> None:
    event = build_http_event(
        request(target="/product/%2541", query="tag=a&tag=b%2Cc&q=x+y&empty="), MATCH
    )
    assert event["rawPath"] == "/product/%2541"
    assert event["rawQueryString"] == "tag=a&tag=b%2Cc&q=x+y&empty="
    assert event["queryStringParameters"] == {"tag": "a,b,c", "q": "x y", "empty": ""}
    assert event["pathParameters"] == {"name": "a b"}


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(BadRequest):
        _ = request(target="/product/%FF").path


def test_repeated_headers_are_joined_and_cookies_are_apart() -> None:
    headers = (
        ("accept", "a/b"),
        ("accept", "c/d"),
        ("cookie", "one=1; two=2"),
        ("cookie", "three=3"),
        ("x-forwarded-for", "192.0.2.1"),
    )
    event = build_http_event(request(headers=headers), MATCH)
    assert event["headers"] == {
        "accept": "a/b,c/d",
        "x-forwarded-for": "192.0.2.1, 127.0.0.1",
        "x-forwarded-proto": "http",
    }
    assert event["cookies"] == ["one=1", "two=2", "three=3"]


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("application/json", '{"ä": 1}'.encode(), False),
        ("application/json; charset=utf-8", b"{}", False),
        ("application/vnd.api+json", b"{}", False),
        ("Text/CSV", b"a,b", False),
        ("application/json", b"\xff", True),
        ("application/octet-stream", b"abc", True),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("", b"abc", True),
    ],
)
def test_text_travels_as_it_is_and_anything_else_in_base64(
    content_type: str, body: bytes, encoded: bool
) -> None:
    event = build_http_event(request(headers=(("content-type", content_type),), body=body), MATCH)
    assert event["isBase64Encoded"] is encoded
    sent = event["body"]
    assert (base64.b64decode(sent) if encoded else sent.encode()) == body


def test_compressed_text_travels_in_base64() -> None:
    headers = (("content-type", "application/json"), ("content-encoding", "gzip"))
    event = build_http_event(request(headers=headers, body=b"{}"), MATCH)
    assert (event["body"], event["isBase64Encoded"]) == ("e30=", True)


def test_the_authorizers_context_reaches_the_handler() -> None:
    event = build_http_event(request(), MATCH, {"principal": "local"})
    assert event["requestContext"]["authorizer"] == {"lambda": {"principal": "local"}}


def test_the_authorizer_sees_the_request_without_its_body() -> None:
    headers = (("authorization", "Bearer k"), ("content-type", "application/json"))
    event = build_authorizer_event(request(headers=headers, body=b"{}"), MATCH, "Bearer k")
    assert event["type"] == "REQUEST"
    assert event["identitySource"] == ["Bearer k"]
    assert event["routeArn"] == (
        "arn:aws:execute-api:us-east-1:123456789012:local/$default/PUT/product/{name}"
    )
    assert event["headers"]["authorization"] == "Bearer k"
    assert event["pathParameters"] == {"name": "a b"}
    assert "body" not in event
