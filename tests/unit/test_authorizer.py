"""The function that tells who sends a request."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.lambdas import ENVIRONMENT, LambdaContext

ROOT = Path(__file__).parent.parent.parent
KEY = ENVIRONMENT["API_KEY"]
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def authorize(headers: dict[str, str] | None, method: str = "POST") -> Any:
    """Return what the authorizer says of a request with these headers, as API Gateway asks it."""
    named = {name.lower(): value for name, value in (headers or {}).items()}
    keyed, read = [named.get("authorization", "")], [f"{method} /products"]
    event = {
        "version": "2.0",
        "type": "REQUEST",
        "identitySource": read if method in ("GET", "HEAD") else keyed,
        "routeKey": f"{method} /products",
        "headers": headers,
        "requestContext": {"http": {"method": method}},
    }
    return import_module("functions.authorizer.app").handler(event, LambdaContext())


ADMINISTRATOR = '[{"role":"admin","domain":"*"}]'


pytestmark = pytest.mark.usefixtures("imported_functions")


@pytest.mark.parametrize(
    "header",
    [f"Bearer {KEY}", f"bearer {KEY}", f"BEARER {KEY}", f"Bearer   {KEY} "],
)
def test_an_active_key_is_allowed_and_its_id_passed_on(header: str) -> None:
    allowed = {"isAuthorized": True, "context": {"principal": "key:local", "grants": ADMINISTRATOR}}
    for method in METHODS:
        assert authorize({"authorization": header}, method) == allowed
        assert authorize({"Authorization": header}, method) == allowed


@pytest.mark.parametrize(
    "header",
    [
        " ",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY} {KEY}",
        f"Bearer {KEY},{KEY}",
        KEY,
        f" Bearer {KEY}",
        f"Basic {KEY}",
        f"Bearer:{KEY}",
        f"Bearer\t{KEY}",
    ],
)
def test_anything_else_is_denied_reads_too(header: str) -> None:
    for method in METHODS:
        assert authorize({"authorization": header}, method) == {"isAuthorized": False}
        assert authorize({"Authorization": header}, method) == {"isAuthorized": False}


def test_two_headers_are_denied_however_they_are_spelled() -> None:
    both = {"authorization": f"Bearer {KEY}", "Authorization": f"Bearer {KEY}"}
    for method in METHODS:
        assert authorize(both, method) == {"isAuthorized": False}


WITHOUT: list[dict[str, str] | None] = [None, {}, {"x-api-key": KEY}, {"authorization": ""}]


@pytest.mark.parametrize("headers", WITHOUT)
def test_a_write_without_the_header_is_denied(headers: dict[str, str] | None) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "get", ""):
        assert authorize(headers, method) == {"isAuthorized": False}


@pytest.mark.parametrize("headers", WITHOUT)
def test_a_read_without_the_header_is_that_of_an_anonymous_caller(
    headers: dict[str, str] | None,
) -> None:
    anonymous = {"isAuthorized": True, "context": {"principal": "anonymous"}}
    for method in ("GET", "HEAD"):
        assert authorize(headers, method) == anonymous


def test_an_event_that_tells_no_method_is_no_read() -> None:
    handler = import_module("functions.authorizer.app").handler
    assert handler({"headers": {}}, LambdaContext()) == {"isAuthorized": False}


def test_importing_it_imports_no_heavy_library() -> None:
    """Every first write waits for this import."""
    code = "import app, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    environ = {
        "PYTHONPATH": f"{ROOT / 'functions' / 'authorizer'}:{ROOT / 'layers' / 'shared'}",
        "API_KEYS_SECRET_ID": "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split())
    assert "datamesh" in imported
    assert imported.isdisjoint(
        {"fastapi", "starlette", "pydantic", "boto3", "botocore", "mangum", "aws_lambda_powertools"}
    )


def test_a_key_imports_nothing_that_a_token_needs() -> None:
    code = (
        "import app, sys; print(app.handler({'identitySource': ['Bearer k'], 'headers':"
        " {'authorization': 'Bearer k'}}, None)['isAuthorized'], *sys.modules)"
    )
    environ = {
        "PYTHONPATH": f"{ROOT / 'functions' / 'authorizer'}:{ROOT / 'layers' / 'shared'}",
        "API_KEY": "k",
        "JWT_ISSUER": "https://login.example.com",
        "JWT_AUDIENCE": "data-mesh",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    allowed, *imported = done.stdout.split()
    assert allowed == "True"
    assert "datamesh.identity.issuers" in imported
    heavy = {"jwt", "cryptography", "ssl", "http.client", "logging", "urllib.parse", "dataclasses"}
    assert heavy.isdisjoint(imported)


def test_it_does_not_start_without_keys() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import app"],
        env={"PYTHONPATH": f"{ROOT / 'functions' / 'authorizer'}:{ROOT / 'layers' / 'shared'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "InvalidSettings: API_KEYS_SECRET_ID: " in done.stderr
