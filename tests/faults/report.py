"""The figures of a test session: shown at its end, and kept below build/ for docs/guarantees.md."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build"

type Figures = dict[str, Mapping[str, object]]
"""Title -> table."""


def show_figures(terminal: pytest.TerminalReporter, file: str, figures: Figures) -> None:
    """Print the tables and write them to build/<file>; nothing if no test has made any."""
    if not figures:
        return
    for title, table in figures.items():
        terminal.section(title)
        for line in format_lines(table):
            terminal.write_line(line)
    store_figures(file, figures)


def store_figures(file: str, figures: Figures) -> None:
    BUILD.mkdir(exist_ok=True)
    (BUILD / file).write_text(json.dumps(figures, indent=2) + "\n")


def format_lines(table: Mapping[str, object]) -> list[str]:
    shown: list[str] = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            shown += [f"{name:<42}", *(f"  {line}" for line in format_lines(value))]
        else:
            shown.append(f"{name:<42}{value!s:>12}")
    return shown
