"""HEAD answers as GET does, on each route that reads, without the body."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from tests.e2e.api import Api

EVENTS = Path(__file__).parents[2] / "events"
CHANGING = {"date", "apigw-requestid", "x-amzn-requestid", "connection"}
"""Headers of one answer."""
OF_NOW = {"GET /metrics", "GET /health", "GET /changes", "GET /domains/{domain}/{dataset}/files"}
"""Reads that hold the time, or count requests: two answers differ."""


def read_addresses() -> dict[str, str]:
    """Return the routes of GET among the sample events, each with an address of it.

    A greedy route has several.
    """
    found = {}
    for file in sorted(EVENTS.glob("*.json")):
        event: Any = json.loads(file.read_text())
        route = event.get("routeKey", "")
        if route.startswith("GET "):
            query = event["rawQueryString"]
            name = f"{route} {file.stem}" if route.endswith("+}") else route
            found[name] = event["rawPath"] + (f"?{query}" if query else "")
    return found


ADDRESSES = read_addresses()


def keep_stable(headers: CaseInsensitiveDict[str], route: str) -> dict[str, str]:
    """Return the headers that two answers share."""
    changing = CHANGING | ({"etag", "content-length"} if route in OF_NOW else set())
    return {name.lower(): value for name, value in headers.items() if name.lower() not in changing}


@pytest.mark.parametrize("route", ADDRESSES)
def test_head_has_status_and_headers_of_get_and_no_body(api: Api, route: str) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Origin": "https://portal.example.com"}
    headers["Accept-Encoding"] = "identity"  # so that the length is that of the content

    def ask_both() -> tuple[requests.Response, requests.Response]:
        got = api.get(ADDRESSES[route], headers=headers, allow_redirects=False)
        asked = api.call("HEAD", ADDRESSES[route], headers=headers, allow_redirects=False)
        return got, asked

    got, asked = ask_both()
    if keep_stable(asked.headers, route) != keep_stable(got.headers, route):
        # The schedule of a stack, which is due each minute, may have come between the two.
        got, asked = ask_both()
    assert asked.status_code == got.status_code < 500
    assert asked.content == b""
    assert keep_stable(asked.headers, route) == keep_stable(got.headers, route)
    if got.status_code == 200 and route not in OF_NOW:
        assert asked.headers["Content-Length"] == str(len(got.content))
        assert asked.headers["ETag"] == got.headers["ETag"]


def test_head_of_a_current_copy_is_304(api: Api) -> None:
    etag = api.get("/product/orders").headers["ETag"]
    answer = api.call("HEAD", "/product/orders", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == etag


@pytest.mark.parametrize("path", ["/audit", "/domains/sales/orders/files"])
def test_head_of_what_is_not_open_takes_a_key(api: Api, path: str) -> None:
    assert api.call("HEAD", path).status_code == 401


def test_the_root_leads_to_the_documentation(api: Api) -> None:
    answer = api.get("/", allow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["Location"] == "docs"
    assert "swagger" in api.get("/").text


def test_the_root_leads_a_browser_to_the_portal(api: Api) -> None:
    answer = api.get("/", headers={"Accept": "text/html,*/*;q=0.8"}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "ui")
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert '<div id="portal">' in api.get("/", headers={"Accept": "text/html"}).text
