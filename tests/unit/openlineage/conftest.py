"""A registry whose events wait in a queue, for the tests of this room."""

import pytest

from tests.conftest import Serve
from tests.unit.openlineage.queued import World


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")


@pytest.fixture
def world(serve: Serve) -> World:
    return World(serve)
