"""The figures of the race tests."""

import pytest

from dev.storage.s3 import S3
from tests.faults import report

FIGURES: report.Figures = {}


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.bucket


@pytest.fixture(scope="session")
def figures() -> report.Figures:
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    report.show_figures(terminalreporter, "races.json", FIGURES)
