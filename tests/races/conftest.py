"""A server for the race tests, and their figures."""

from collections.abc import Iterator

import pytest

from dev import seaweed
from dev.s3 import S3
from tests.faults import report

FIGURES: report.Figures = {}


@pytest.fixture(scope="package")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with seaweed.running(tmp_path_factory.mktemp("s3")) as running:
        running.ensure_bucket()
        yield running


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.bucket


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    report.show(terminalreporter, "races.json", FIGURES)
