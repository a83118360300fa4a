"""The commands of the README and of the guides, run as they stand, and their answers."""

import os
import re
import subprocess
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.e2e.api import Api
from tests.e2e.documents import (
    ROOT,
    SETUP,
    Command,
    Shown,
    is_shown_by,
    list_documents,
    read_commands,
)
from tests.e2e.targets import TARGET, make_run

DOCUMENTS = list_documents()
IDS = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
LIMIT_SECONDS = 600
END = "@@@ end of a block"
STATUS = re.compile(r"@@@ (\d{3})")
PREAMBLE = f"""set -eu
curl() {{ command curl -sS -w '%{{stderr}}@@@ %{{http_code}}\\n' "$@"; }}
end() {{ printf '\\n{END}\\n'; printf '{END}\\n' >&2; }}
"""
"""Every status goes to the errors; a mark tells there and in the answers where a block ends."""


IS_FRESH = TARGET == "make-run" and "API_URL" not in os.environ
"""True if the registry is what a newcomer gets, and answers with the same figures."""


@pytest.fixture(scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[Api]:
    """A registry with nothing but the example mesh in it; elsewhere the one that others use too."""
    if not IS_FRESH:
        yield request.getfixturevalue("api")
        return
    with make_run.running() as api:
        yield api


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_the_commands_of_a_document_answer_as_it_shows(started: Api, document: Path) -> None:
    commands = read_commands(document)
    script = PREAMBLE + "".join(f"{command.script}end\n" for command in commands)
    run = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"URL": started.url, "KEY": started.key},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    answers, errors = run.stdout.split(f"\n{END}\n"), run.stderr.split(f"{END}\n")
    for command, answer, error in zip_longest(commands, answers[:-1], errors[:-1]):
        assert error is not None, f"{run.stderr}\nThese did not end:\n{command.script}"
        check(command, answer, [int(status) for status in STATUS.findall(error)])
    assert run.returncode == 0, run.stderr


def check(command: Command, answer: str, statuses: list[int]) -> None:
    """Compare what a block has printed with what the document shows below it."""
    *before, last = statuses or [200]
    for status in before if command.is_refused else [*before, last]:
        # Elsewhere the schedule may not have run yet, and SAM keeps none: there is no snapshot.
        no_snapshot = status == 404 and not IS_FRESH and "/analytics/" in command.script
        assert status < 400 or no_snapshot, (command, answer)
    if command.is_refused:
        assert last >= 400, f"{command.script} was not refused:\n{answer}"
    if command.shown and IS_FRESH and not is_shown_by(command.shown, answer):
        raise AssertionError(f"{command.script}does not answer as shown, but:\n{answer}")


def test_every_documented_endpoint_has_a_command(started: Api) -> None:
    commands = "\n".join(each.script for page in DOCUMENTS for each in read_commands(page))
    for path in started.get("/openapi.json").json()["paths"]:
        assert f"$URL{path.partition('{')[0].rstrip('/')}" in commands, f"no curl for {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_commands_suit_any_shell_and_an_old_curl(document: Path) -> None:
    text = document.read_text()
    commands = "\n".join(command.script for command in read_commands(document))
    # zsh takes ? and & of an unquoted address for its own.
    assert not re.findall(r"""\s\$?\{?URL\}?[^\s"']*[?&]""", commands)
    # curl 7.76 is the oldest that a supported system has.
    assert not re.findall(r"%header|--json|--variable|%\{header_json", text)
    if "$URL" in commands:
        assert SETUP in text or "quick-start.md" in text, "where do $URL and $KEY come from?"


@pytest.mark.parametrize(
    ("language", "text", "printed", "is_shown"),
    [
        ("json", '{"a": 1, ...}', '{"a": 1, "b": 2}', True),
        ("json", '{"a": 1, ...}', '{"a": 2, "b": 2}', False),
        ("json", '{"a": [{"b": "x..."}, ...]}', '{"a": [{"b": "xyz"}, {"b": "no"}]}', True),
        ("json", '[{"n": 2}, {"n": 1}]', '[{"n": 1}, {"n": 2}]', False),
        ("json", '"2026-01-31T09:30:00Z"', '"2026-11-26T06:52:19.38Z"', True),
        ("json", '"2026-01-31"', '"2026-11-26"', False),
        ("text", "first\n...\nlast\n", "first\r\nsecond\r\nlast\r\n", True),
        ("text", "last\nfirst\n", "first\nlast\n", False),
    ],
)
def test_an_answer_is_shown_by_a_part_of_it(
    language: str, text: str, printed: str, is_shown: bool
) -> None:
    assert is_shown_by(Shown(language, text), printed) is is_shown
