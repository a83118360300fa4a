"""A server for the fault suite, its figures, and the replay of one plan."""

import os
from collections.abc import Iterator

import pytest

from dev import seaweed
from dev.s3 import S3
from tests.faults import report

FIGURES: report.Figures = {}
REPLAYED = "test_seeded_plans"


@pytest.fixture(scope="package")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with seaweed.running(tmp_path_factory.mktemp("s3")) as running:
        running.ensure_bucket()
        yield running


@pytest.fixture
def environment(s3: S3, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A writer's, which this process then has too."""
    variables = s3.environment(s3.writer)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture(scope="session")
def figures() -> report.Figures:
    return FIGURES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SEED=n runs the plan of that seed and nothing else."""
    if os.environ.get("SEED"):
        others = [item for item in items if item.name != REPLAYED]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.name == REPLAYED]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # A replay does not replace the figures of the whole.
    file = "replay.json" if os.environ.get("SEED") else "faults.json"
    report.show(terminalreporter, file, FIGURES)
