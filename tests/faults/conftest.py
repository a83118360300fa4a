"""The figures of the fault suite, and the replay of one plan."""

import os

import pytest

from tests.faults import report

FIGURES: report.Figures = {}
REPLAYED = ("test_seeded_plans", "test_seeded_events", "test_seeded_audit")


@pytest.fixture(scope="session")
def figures() -> report.Figures:
    return FIGURES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SEED=n runs the plans of that seed and nothing else."""
    if os.environ.get("SEED"):
        others = [item for item in items if item.name not in REPLAYED]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.name in REPLAYED]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # A replay does not replace the figures of the whole.
    file = "replay.json" if os.environ.get("SEED") else "faults.json"
    report.show_figures(terminalreporter, file, FIGURES)
