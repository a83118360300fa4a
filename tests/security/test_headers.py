"""The headers of every answer for browsers."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import moto_server
from tests.conftest import Serve
from tests.deployed import EVENTS, Deployment
from tests.lambdas import AREAS, Answer, LambdaContext, api_event, read_answer
from tests.meshes import mesh, product_body, resources
from tests.security.conftest import Target

API_EVENTS = [
    name for name, event in EVENTS.items() if "routeKey" in event and event.get("type") != "REQUEST"
]


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    with moto_server.running():
        yield Deployment()


def assert_safe_headers(answer: Answer) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers.get("content-type") or answer.status in (204, 304)


@pytest.mark.parametrize("name", API_EVENTS)
def test_no_answer_of_a_route_may_be_sniffed(stack: Deployment, name: str) -> None:
    event: dict[str, Any] = EVENTS[name]
    handler = stack.start(stack.function_of(event))
    for prepare in (stack.empty, stack.fill):
        prepare()
        assert_safe_headers(read_answer(handler(event, LambdaContext())))


@pytest.mark.parametrize("area", AREAS)
def test_no_refusal_of_an_unknown_path_may_be_sniffed(serve: Serve, area: str) -> None:
    answer = serve(area).get("/nowhere")
    assert answer.status == 404
    assert_safe_headers(answer)


def test_no_refusal_of_a_write_may_be_sniffed(serve: Serve) -> None:
    def broken_clock() -> Any:
        raise ZeroDivisionError

    client = serve("products")
    path = "/register_product"
    broken = serve("products", resources(mesh(now=broken_clock)))
    answers = {
        401: client.send(api_event("POST", path, product_body(), principal=None)),
        400: client.post(path, b"{"),
        422: client.post(path, {}),
        500: broken.post(path, product_body()),
    }
    for status, answer in answers.items():
        assert answer.status == status
        assert_safe_headers(answer)


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/docs/assets/docs.js"])
def test_the_pages_run_no_script_but_their_own(target: Target, page: str) -> None:
    answer = target.send("GET", page)
    assert answer.status == 200
    directives = answer.headers["content-security-policy"].split(";")
    policy = {name: sources for name, *sources in map(str.split, directives)}
    scripts = policy.get("script-src", policy["default-src"])
    assert scripts == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    allowed = {"'self'", "'none'", "data:", "blob:", "'unsafe-inline'"}
    assert {source for sources in policy.values() for source in sources} <= allowed
    inline = [name for name, sources in policy.items() if "'unsafe-inline'" in sources]
    assert inline == ["style-src"]
    data = [name for name, sources in policy.items() if "data:" in sources]
    assert data == ["img-src"]
