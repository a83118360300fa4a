"""SAM merges methods of one path that go to one function, and which authorizer wins depends on the
hash seed: under each seed every write is closed and every read is open."""

from collections.abc import Iterator

import pytest

from dev.template.reader import read_api
from tests.e2e.api import Api
from tests.e2e.targets import sam_local
from tests.template import TEMPLATE

SEEDS = range(8)
ROUTES = read_api(TEMPLATE, {}, {}).routes
WRITES = [route for route in ROUTES if route.authorizer and route.authorizer.name == "ApiKey"]
SHARED = {route.path for route in WRITES}
OPEN = [route for route in ROUTES if route not in WRITES]


def path_of(path: str) -> str:
    return path.replace("{name}", "nobody").replace("{product_name}", "nobody")


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed}")
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    with sam_local.running(PYTHONHASHSEED=str(request.param), EXAMPLES="0") as started:
        yield started


def test_every_write_is_closed(api: Api) -> None:
    # Without a key the authorizer is not even asked: only a route that has none starts a function.
    closed = {
        route.key: api.call(route.method, path_of(route.path), json={}).status_code
        for route in WRITES
    }
    assert closed == dict.fromkeys(closed, 401)
    wrong = {"Authorization": "Bearer wrong"}
    refused = {
        route.key: api.call(route.method, path_of(route.path), json={}, headers=wrong).status_code
        for route in WRITES
    }
    assert refused == dict.fromkeys(refused, 403)


def test_a_read_of_a_path_that_is_also_written_is_open(api: Api) -> None:
    shared = [route for route in OPEN if route.path in SHARED]
    assert shared
    for route in shared:
        # Whatever is there: what matters is that the question is let in.
        assert api.call(route.method, path_of(route.path)).status_code in (200, 404, 422), route.key
