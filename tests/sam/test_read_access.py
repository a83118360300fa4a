"""The modes that close reads, under `sam local`, whose events and authorizer are others."""

import pytest

from tests.e2e.local_run import product, register
from tests.e2e.read_modes import check_mode
from tests.e2e.targets import sam_local


@pytest.mark.parametrize("mode", ["catalog", "keyed"])
def test_a_mode(mode: str) -> None:
    with sam_local.running(EXAMPLES="0", READ_ACCESS=mode) as api:
        assert register(api.url, api.key, product("first")).status_code == 200
        check_mode(api, mode)
