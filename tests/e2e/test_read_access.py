"""The reads without a key in each mode, each in a local run of its own."""

from pathlib import Path

import pytest

from tests.e2e import local_run
from tests.e2e.api import Api
from tests.e2e.local_run import product, register
from tests.e2e.read_modes import check_mode

KEY = "a-key-for-the-end-to-end-suite"


@pytest.mark.parametrize("mode", ["open", "catalog", "keyed"])
def test_a_mode(tmp_path: Path, mode: str) -> None:
    variables = {"API_KEY": KEY, "EXAMPLES": "0", "READ_ACCESS": mode}
    with local_run.running(tmp_path / "data", tmp_path / "output", **variables) as run:
        api = Api(run.url, KEY)
        answer = register(run.url, KEY, product("first"))
        assert answer.status_code == 200, answer.text
        check_mode(api, mode)
        origin = {"Origin": "https://portal.example.com"}
        refused = api.get("/product/first", headers=origin)
        assert (refused.status_code == 401) is (mode == "keyed")
        # A page of another origin must see why, and may ask first.
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"]
        asking = origin | {
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        preflight = api.call("OPTIONS", "/product/first", headers=asking)
        assert preflight.status_code == 204
        allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
        assert "authorization" in allowed


def test_a_mode_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    run = local_run.start(tmp_path / "data", tmp_path / "output", READ_ACCESS="closed")
    assert run.process.wait(local_run.START_SECONDS) != 0
    assert "READ_ACCESS must be open, catalog or keyed, not 'closed'" in run.printed()
