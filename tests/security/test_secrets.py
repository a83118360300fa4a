"""A key reaches no log line, no answer and no file, whoever presents it and wherever."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests import moto_server
from tests.deployed import EVENTS, KEY, Deployment
from tests.lambdas import LambdaContext
from tests.security.conftest import KEY as LOCAL_KEY
from tests.security.conftest import Target

WRONG_KEY = "a-wrong-key-that-nobody-may-read-9Zx1"


@pytest.fixture(scope="module")
def stack() -> Iterator[Deployment]:
    with moto_server.running():
        yield Deployment()


@pytest.fixture
def heard(
    stack: Deployment, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Any:
    """heard(event) -> (lines logged at any level and printed, the answer or failure)."""

    def run(event: dict[str, Any]) -> tuple[str, str]:
        with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG, "datamesh"):
            # A logger of one's own, bound to the standard output of this test.
            patch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
            handler = stack.start(stack.function_of(event))
            try:
                answer = repr(handler(event, LambdaContext()))
            except Exception as error:
                answer = f"{error!r} {error.__cause__!r} {error.__context__!r}"
        said = capfd.readouterr()
        return said.out + said.err + caplog.text, answer

    return run


def variants(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The event with the key in its header, its query and its body, and with a bad body."""
    carried = {**event["headers"], "authorization": f"Bearer {KEY}"}
    yield {**event, "headers": carried}
    yield {**event, "headers": carried, "rawQueryString": f"api_key={KEY}&limit={KEY}"}
    if "body" in event:
        yield {**event, "headers": carried, "body": f'{{"{KEY}": NaN'}


@pytest.mark.parametrize("name", EVENTS)
def test_no_function_logs_the_key(stack: Deployment, heard: Any, name: str) -> None:
    for event in variants(EVENTS[name]) if "headers" in EVENTS[name] else [EVENTS[name]]:
        stack.fill()
        logged, _ = heard(event)
        assert KEY not in logged


@pytest.mark.parametrize("name", EVENTS)
def test_no_function_answers_the_key(stack: Deployment, heard: Any, name: str) -> None:
    stack.fill()
    _, answer = heard(EVENTS[name])
    assert answer
    assert KEY not in answer


@pytest.mark.parametrize(
    "secret", [f"not json {KEY}", f'["{KEY}"]', f'{{"": "{KEY}"}}', f'"{KEY}"']
)
def test_a_broken_secret_is_not_quoted(stack: Deployment, heard: Any, secret: str) -> None:
    client = boto3.client("secretsmanager")
    client.put_secret_value(SecretId=stack.secret_arn, SecretString=secret)
    try:
        logged, answer = heard(EVENTS["authorizer"])
    finally:
        good = json.dumps({"key-1": KEY})
        client.put_secret_value(SecretId=stack.secret_arn, SecretString=good)
    assert "the API key secret" in answer
    assert KEY not in logged + answer


def test_the_local_api_says_a_key_only_in_its_banner(target: Target) -> None:
    banner = target.run.printed()
    banner = banner[: banner.index("Register a first product")]
    assert banner.count(LOCAL_KEY) == 1
    for key in (LOCAL_KEY, WRONG_KEY):
        replies = [
            target.send("PUT", "/product/orders", b'{"status": "active"}', key=key),
            target.send("PUT", "/product/orders", b"{", key=key),
            target.send("DELETE", "/product/nothing", key=key),
            target.send("GET", f"/products?api_key={key}", key=key),
            target.send("POST", f"/register_product?key={key}", b"{}", key=key, Cookie=f"k={key}"),
            target.send("POST", "/nowhere", key=key),
        ]
        for reply in replies:
            assert key not in f"{reply.headers} {reply.content!r}"
    printed = target.run.printed()
    assert "PUT /product/orders 200" in printed
    assert "PUT /product/orders 403" in printed
    assert WRONG_KEY not in printed
    _, _, after = printed.partition("Register a first product")
    first_request, _, rest = after.partition("\n\n")[2].partition("\n")
    assert LOCAL_KEY in first_request  # the banner's example
    assert LOCAL_KEY not in rest


def test_no_file_of_the_local_api_holds_a_key(target: Target) -> None:
    target.send("PUT", "/product/orders", b'{"status": "active"}')
    files = [path for path in target.data.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert LOCAL_KEY.encode() not in content, path
        assert WRONG_KEY.encode() not in content, path
