import pytest

from dev.gateway.cors import add, preflight
from dev.gateway.events import Request
from dev.gateway.responses import Response
from dev.stack import Cors

LISTED = Cors(
    origins=("https://portal.example", "http://*"),
    methods=("GET", "POST"),
    headers=("Authorization", "Content-Type"),
    expose=("X-Total-Count", "ETag"),
    max_age=600,
)
ANYONE = Cors(origins=("*",), expose=("ETag",))


def request(**headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("OPTIONS", "/", "", pairs, "127.0.0.1", "id")


def test_a_preflight_is_answered_with_the_configuration() -> None:
    asked = request(origin="https://portal.example", access_control_request_method="POST")
    assert preflight(LISTED, asked) == Response(
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
    assert preflight(LISTED, asked) == Response(204)
    assert preflight(LISTED, request(origin="https://portal.example")) == Response(204)


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
    headers = dict(add(cors, request(origin=origin), Response(200)).headers)
    assert headers.get("access-control-allow-origin") == allowed
    assert headers.get("access-control-expose-headers") == (
        ",".join(cors.expose) if allowed else None
    )
    assert "access-control-allow-credentials" not in headers


def test_what_a_function_says_about_cors_is_ignored() -> None:
    said = Response(200, (("access-control-allow-origin", "*"), ("etag", '"1"')), b"x")
    assert add(LISTED, request(origin="https://evil.example"), said) == Response(
        200, (("etag", '"1"'),), b"x"
    )
