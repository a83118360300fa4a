"""Credentials in every shape before a read that is open: refused unless they are one active key."""

import pytest

from tests.security import raw
from tests.security.conftest import KEY, Target

REFUSED: list[dict[str, str]] = [
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": KEY},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": f"Bearer:{KEY}"},
    {"Authorization": f"Bearer\t{KEY}"},
    {"Authorization": f"Bearer {KEY}x"},
    {"Authorization": f"Bearer {KEY[:-1]}"},
    {"Authorization": f"Bearer {KEY} {KEY}"},
    {"Authorization": f"Bearer {KEY},Bearer {KEY}"},
    {"Authorization": f"Bearer {KEY.swapcase()}"},
    {"Authorization": "anonymous"},
    {"Authorization": "Bearer anonymous"},
    {"Authorization": "GET /products"},
    {"Authorization": f"Bearer {KEY}", "authorization": f"Bearer {KEY}"},
    {"Authorization": "Bearer wrong", "AUTHORIZATION": f"Bearer {KEY}"},
    {"Authorization": f"Bearer {KEY}", "authorization": ""},
]
NOBODY: list[dict[str, str]] = [
    {},
    {"Authorization": ""},
    {"Authorization": "  "},
    {"X-Api-Key": KEY},
    {"Proxy-Authorization": f"Bearer {KEY}"},
    {"X-Authorization": f"Bearer {KEY}"},
]
SIGNED_IN: list[dict[str, str]] = [
    {"authorization": f"Bearer {KEY}"},
    {"AUTHORIZATION": f"bearer   {KEY}  "},
]
PATHS = ("/products", "/api/v1/namespaces")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", REFUSED)
def test_what_is_no_key_is_refused(target: Target, headers: dict[str, str], path: str) -> None:
    for method in ("GET", "HEAD"):
        assert raw.send(target.run.url, method, path, b"", headers).status == 403


@pytest.mark.parametrize("headers", NOBODY)
def test_who_presents_nothing_is_anonymous(target: Target, headers: dict[str, str]) -> None:
    for path in PATHS:
        reply = raw.send(target.run.url, "GET", path, b"", headers)
        assert (reply.status, reply.headers.get("cache-control")) == (200, None)
    # And stays so where a key is needed.
    assert raw.send(target.run.url, "GET", "/audit", b"", headers).status == 401


@pytest.mark.parametrize("headers", SIGNED_IN)
def test_one_active_key_is_signed_in(target: Target, headers: dict[str, str]) -> None:
    for path in PATHS:
        reply = raw.send(target.run.url, "GET", path, b"", headers)
        assert (reply.status, reply.headers.get("cache-control")) == (200, "no-store")
