"""Every anonymous GET with edge values of all it takes: none fails, and errors tell nothing.

FUZZ_SEED=n makes other requests, and FUZZ_REQUESTS=n more of them, in each of two registries.
"""

import http.server
import json
import os
import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dev.storage import shared_server
from dev.template.reader import read_api
from tests.e2e import local_run
from tests.security import raw
from tests.security.conftest import KEY
from tests.security.fuzz import worst_mesh
from tests.security.fuzz.judge import Judge
from tests.security.fuzz.plan import FuzzRequest, Subject, list_operations, plan_requests
from tests.security.raw import Reply
from tests.template import ROOT, TEMPLATE

SEED = int(os.environ.get("FUZZ_SEED", "14"))
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2000"))
AT_ONCE = 4
SHOWN_FAULTS = 20

DOCUMENT: dict[str, Any] = json.loads((ROOT / "functions/platform/openapi.json").read_text())
ROUTES = read_api(TEMPLATE, {}, {}).routes
OPERATIONS = list_operations(DOCUMENT, ROUTES)
EXAMPLES: tuple[Subject, ...] = (
    {},  # the examples of the document: orders, of which there are many
    *(
        dict.fromkeys(("name", "product", "product_name", "dataset", "source"), name) | more
        for name, more in {
            "daily_revenue": {"domain": "finance", "column": "revenue"},
            "monthly_revenue": {"domain": "finance", "column": "month"},
            "campaigns": {"domain": "marketing", "column": "campaign_id"},
            "cohorts": {"domain": "marketing", "column": "cohort"},
            "campaign_revenue": {"domain": "marketing", "column": "revenue_per_budget"},
        }.items()
    ),
)
HEADERS = {"content-type": "application/json", "x-content-type-options": "nosniff"}
ASKED = FuzzRequest("/product/{name}", "/product/x")


def choose_requests(subjects: Sequence[Subject], seed: int = SEED) -> list[FuzzRequest]:
    """Return REQUESTS of the plan at random, in its order: the same for the same seed."""
    planned = plan_requests(OPERATIONS, subjects, seed)
    chosen = random.Random(seed).sample(range(len(planned)), min(REQUESTS, len(planned)))
    return [planned[index] for index in sorted(chosen)]


def find_faults(url: str, requests: Sequence[FuzzRequest], judge: Judge) -> list[str]:
    """Send the requests, and return what is wrong with the answers."""

    def send(request: FuzzRequest) -> list[str]:
        reply = raw.send(url, "GET", request.target, headers=request.headers)
        if reply.status == 503:  # a busy machine's storage may be late once; a fault is there again
            reply = raw.send(url, "GET", request.target, headers=request.headers)
        shown = f"{request.target[:200]} {str(dict(request.headers))[:100]}"
        return [f"{shown} -> {fault}" for fault in judge.find_faults(request, reply)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [fault for faults in pool.map(send, requests) for fault in faults]


def judge_by(*secrets: str) -> Judge:
    return Judge(DOCUMENT, ROUTES, (str(ROOT), KEY, *secrets))


def test_no_read_of_the_example_mesh_fails(tmp_path: Path) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "output", API_KEY=KEY) as run:
        requests = choose_requests(EXAMPLES)
        faults = find_faults(run.url, requests, judge_by(str(tmp_path)))
    assert not faults[:SHOWN_FAULTS], f"{len(faults)} in {len(requests)} requests"


def test_no_read_of_odd_names_and_broken_files_fails(tmp_path: Path) -> None:
    settings = {"API_KEY": KEY, "EXAMPLES": "0"}
    with local_run.running(tmp_path / "data", tmp_path / "output", **settings) as run:
        with shared_server.open_server(run.data_dir) as s3:
            subjects = worst_mesh.fill(run, s3, KEY)
        requests = choose_requests(subjects, SEED + 1)
        faults = find_faults(run.url, requests, judge_by(str(tmp_path)))
    assert not faults[:SHOWN_FAULTS], f"{len(faults)} in {len(requests)} requests"


def test_every_anonymous_route_and_parameter_is_asked() -> None:
    open_routes = {
        path
        for path, operations in DOCUMENT["paths"].items()
        if "get" in operations and {} in operations["get"].get("security", [{}])
    }
    pages = {"/docs", "/redoc", "/openapi.json", "/docs/assets/{file}"}
    asked = [*choose_requests(EXAMPLES), *choose_requests(EXAMPLES, SEED + 1)]
    assert {request.route for request in asked} >= open_routes | pages
    keyed = {"/audit", "/domains/{domain}/{dataset}/files"}
    assert not keyed & {request.route for request in asked}
    for operation in OPERATIONS:
        for parameter in operation.select_parameters("query"):
            if parameter["schema"].get("type") != "object":
                found = [f"{parameter['name']}=" in each.target for each in asked]
                assert any(found), (operation.path, parameter["name"])


def test_the_same_seed_asks_the_same() -> None:
    assert choose_requests(EXAMPLES) == choose_requests(EXAMPLES)
    assert choose_requests(EXAMPLES) != choose_requests(EXAMPLES, SEED + 1)
    assert len(choose_requests(EXAMPLES)) == REQUESTS


@pytest.fixture
def planted() -> Iterator[str]:
    """A server that fails for one of its paths, and is right otherwise."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500 if self.path.startswith("/changes?until=9999") else 200)
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b'{"success": false, "message": "Unexpected failure"}')

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_planted_failure_is_found(planted: str) -> None:
    bad, good = (
        FuzzRequest("/changes", "/changes?until=9999-12-31T23:59:59-23:59"),
        FuzzRequest("/changes", "/changes"),
    )
    [fault] = find_faults(planted, [good, bad, good], judge_by())
    assert fault == f"{bad.target} {{}} -> 500: the request has made the API fail"


@pytest.mark.parametrize(
    ("status", "content", "fault"),
    [
        (422, b"<html>", "the error is of type text/html"),
        (422, b'{"detail": []}', "the body is not that of an error"),
        (422, b'{"success": false, "message": " "}', "the body is not that of an error"),
        (404, b'{"success": false, "message": "line 3 of app.py"}', "the error tells of internals"),
        (404, b'{"success": false, "message": "KeyError: 1"}', "the error tells of internals"),
        (404, b'{"success": false, "message": "in /srv/here"}', "the answer holds a path or a key"),
        (418, b'{"success": false, "message": "x"}', "the document of the route does not have"),
        (200, b'{"a": NaN}', "the body is not application/json: NaN is no JSON"),
        (304, b"{}", "the answer has a body"),
    ],
)
def test_an_answer_that_is_wrong_is_named(status: int, content: bytes, fault: str) -> None:
    media_type = "text/html" if content.startswith(b"<") else "application/json"
    reply = Reply(status, HEADERS | {"content-type": media_type}, content, 0)
    [found] = judge_by("/srv/here").find_faults(ASKED, reply)
    assert found.startswith(f"{status}: {fault}")
