import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.execution.output import find_level
from dev.log import FUNCTIONS, KEPT_FILES, LogError, show_log_on_terminal, write_log_file


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger, which is afterwards as it was."""
    root = logging.getLogger()
    handlers, level = [*root.handlers], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def say(*lines: str) -> None:
    for line in lines:
        logging.getLogger("gateway").info(line)
    logging.getLogger(FUNCTIONS).log(logging.DEBUG, '{"level": "DEBUG"}')
    logging.getLogger(FUNCTIONS).log(logging.WARNING, '{"level": "WARNING"}')


@pytest.mark.parametrize(
    ("everything", "shown"),
    [
        (False, ['{"level": "WARNING"}']),
        (True, ["GET / 200", '{"level": "DEBUG"}', '{"level": "WARNING"}']),
    ],
    ids=["default", "LOG=1"],
)
def test_the_terminal_shows_warnings_unless_it_is_to_show_everything(
    capsys: pytest.CaptureFixture[str], everything: bool, shown: list[str]
) -> None:
    show_log_on_terminal(everything)
    say("GET / 200")
    assert capsys.readouterr().err.splitlines() == shown


def test_the_file_has_everything_and_a_time_before_our_own_lines(tmp_path: Path) -> None:
    show_log_on_terminal(False)
    with write_log_file(tmp_path) as path:
        say("GET / 200")
    say("too late")
    ours, *functions = path.read_text().splitlines()
    when, _, rest = ours.partition(" ")
    assert rest == "GET / 200"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(when)) < timedelta(minutes=1)
    assert functions == ['{"level": "DEBUG"}', '{"level": "WARNING"}']


def test_the_files_are_bounded_and_the_newest_lines_stay(tmp_path: Path) -> None:
    show_log_on_terminal(False)
    with write_log_file(tmp_path, max_bytes=1000) as path:
        say(*[f"line {number}" for number in range(500)])
    files = [*path.parent.iterdir()]
    assert len(files) == 1 + KEPT_FILES
    assert [file for file in files if file.stat().st_size > 1000] == []
    assert "line 499" in path.read_text()


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with pytest.raises(LogError, match=r"log.* cannot be written"), write_log_file(tmp_path):
        pytest.fail("a file is no folder")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ('{"level":"WARNING","message":"m"}', logging.WARNING),
        ('{"level":"DEBUG"}', logging.DEBUG),
        ('{"level":"LOUD"}', logging.INFO),
        ('{"no":"level"}', logging.INFO),
        ("{broken", logging.INFO),
        ("plain text", logging.INFO),
    ],
)
def test_a_line_has_the_level_that_it_states(line: str, level: int) -> None:
    assert find_level(line, logging.INFO) == level
