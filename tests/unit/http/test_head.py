"""HEAD, as the entry point serves it."""

import base64
from typing import Any, cast

from datamesh.http.gateway import GatewayAnswer
from datamesh.http.head import add_head
from datamesh.services.context import RequestContext

CONTEXT = cast("RequestContext", None)


def ask(method: str, answer: GatewayAnswer) -> tuple[GatewayAnswer, list[Any]]:
    """Return the answer to a request, and the events that were served."""
    served: list[Any] = []

    def serve(event: Any, _: Any, __: RequestContext) -> GatewayAnswer:
        served.append(event)
        return answer

    event = {"routeKey": f"{method} /a", "requestContext": {"http": {"method": method}, "id": 1}}
    return add_head(serve)(event, None, CONTEXT), served


def test_head_is_served_as_get_under_its_own_route() -> None:
    _, [event] = ask("HEAD", {"statusCode": 200, "headers": {}, "body": "a"})
    assert event == {"routeKey": "HEAD /a", "requestContext": {"http": {"method": "GET"}, "id": 1}}


def test_the_length_is_that_of_the_bytes_left_out() -> None:
    headers = {"etag": '"1"', "content-length": "999"}
    text, _ = ask("HEAD", {"statusCode": 200, "headers": headers, "body": "ä"})
    assert text["headers"] == {"etag": '"1"', "content-length": "2"}
    body = base64.b64encode(bytes(5)).decode()
    binary, _ = ask(
        "HEAD", {"statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": True}
    )
    assert binary == {
        "statusCode": 200,
        "headers": {"content-length": "5"},
        "body": "",
        "isBase64Encoded": False,
    }


def test_an_answer_without_a_body_gets_no_length() -> None:
    answer, _ = ask("HEAD", {"statusCode": 304, "headers": {"etag": '"1"'}, "body": ""})
    assert answer["headers"] == {"etag": '"1"'}


def test_other_methods_are_as_they_were() -> None:
    given = {"statusCode": 200, "headers": {}, "body": "a"}
    answer, [event] = ask("POST", given)
    assert answer is given
    assert event["requestContext"]["http"]["method"] == "POST"
