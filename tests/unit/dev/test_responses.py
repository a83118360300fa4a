import pytest

from dev.gateway.responses import BadResponse, GatewayResponse, build_message, parse_result


def test_a_full_response() -> None:
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Total-Count": 3, "X-Flag": True},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": '{"a":1}',
    }
    assert parse_result(result) == GatewayResponse(
        201,
        (
            ("content-type", "application/json"),
            ("x-total-count", "3"),
            ("x-flag", "true"),
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "b=2"),
        ),
        b'{"a":1}',
    )


def test_a_binary_body() -> None:
    result = {"statusCode": 200, "body": "/wA=", "isBase64Encoded": True}
    assert parse_result(result).body == b"\xff\x00"


def test_headers_about_the_connection_are_dropped() -> None:
    headers = {"Content-Length": "99", "Transfer-Encoding": "chunked", "connection": "close"}
    response = parse_result({"statusCode": 204, "headers": headers})
    assert response == GatewayResponse(204, (("content-type", "text/plain;charset=UTF-8"),), b"")


def test_the_answer_to_head_keeps_the_length_of_the_body_that_is_left_out() -> None:
    headers = {"Content-Type": "text/csv", "Content-Length": "99", "Connection": "close"}
    response = parse_result({"statusCode": 200, "headers": headers, "body": ""}, "HEAD")
    assert response == GatewayResponse(
        200, (("content-type", "text/csv"), ("content-length", "99")), b""
    )


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ({"hello": "world"}, b'{"hello":"world"}'),
        ("hello", b"hello"),
        ([1, 2], b"[1,2]"),
        (None, b"null"),
    ],
)
def test_a_result_without_a_status_is_the_body(result: object, body: bytes) -> None:
    assert parse_result(result) == GatewayResponse(
        200, (("content-type", "application/json"),), body
    )


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "soon"},
        {"statusCode": 99},
        {"statusCode": 100},
        {"statusCode": 600},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "!", "isBase64Encoded": True},
    ],
)
def test_what_is_no_response_is_refused(result: object) -> None:
    with pytest.raises(BadResponse):
        parse_result(result)


def test_the_gateways_own_messages() -> None:
    assert build_message(404, "Not Found") == GatewayResponse(
        404, (("content-type", "application/json"),), b'{"message":"Not Found"}'
    )
