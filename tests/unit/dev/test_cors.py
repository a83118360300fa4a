import pytest

from dev.gateway.cors import add_cors_headers, answer_preflight
from dev.gateway.events import GatewayRequest
from dev.gateway.responses import GatewayResponse
from dev.stack import Cors

LISTED = Cors(
    origins=("https://portal.example", "http://*"),
    methods=("GET", "POST"),
    headers=("Authorization", "Content-Type"),
    expose=("X-Total-Count", "ETag"),
    max_age=600,
)
ANYONE = Cors(origins=("*",), expose=("ETag",))


def request(**headers: str) -> GatewayRequest:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return GatewayRequest("OPTIONS", "/", "", pairs, "127.0.0.1", "id")


def test_a_preflight_is_answered_with_the_configuration() -> None:
    asked = request(origin="https://portal.example", access_control_request_method="POST")
    assert answer_preflight(LISTED, asked) == GatewayResponse(
        204,
        (
            ("access-control-allow-origin", "https://portal.example"),
            ("vary", "Origin"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "authorization,content-type"),
            ("access-control-max-age", "600"),
        ),
    )


def test_a_preflight_from_elsewhere_gets_no_permission() -> None:
    asked = request(origin="https://evil.example", access_control_request_method="POST")
    assert answer_preflight(LISTED, asked) == GatewayResponse(204)
    assert answer_preflight(LISTED, request(origin="https://portal.example")) == GatewayResponse(
        204
    )


@pytest.mark.parametrize(
    ("cors", "origin", "allowed"),
    [
        (LISTED, "https://portal.example", "https://portal.example"),
        (LISTED, "http://anything.example:81", "http://anything.example:81"),
        (LISTED, "https://portal.example.evil.example", None),
        (LISTED, "https://evil.example", None),
        (LISTED, "null", None),
        (ANYONE, "https://evil.example", "*"),
        (ANYONE, "", None),
    ],
)
def test_only_allowed_origins_get_headers(cors: Cors, origin: str, allowed: str | None) -> None:
    headers = dict(add_cors_headers(cors, request(origin=origin), GatewayResponse(200)).headers)
    assert headers.get("access-control-allow-origin") == allowed
    assert headers.get("access-control-expose-headers") == (
        ",".join(cors.expose) if allowed else None
    )
    assert "access-control-allow-credentials" not in headers


def test_what_a_function_says_about_cors_is_ignored() -> None:
    said = GatewayResponse(200, (("access-control-allow-origin", "*"), ("etag", '"1"')), b"x")
    assert add_cors_headers(
        LISTED, request(origin="https://evil.example"), said
    ) == GatewayResponse(200, (("etag", '"1"'),), b"x")
