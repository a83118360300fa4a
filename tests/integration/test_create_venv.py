"""The messages of `make` where there is no Python 3.13 and none can be downloaded."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NO_DOWNLOAD = """\
error: Request failed after 3 retries in 7.1s
  Caused by: Failed to download https://example.org/cpython-3.13.tar.gz
  Caused by: error sending request
"""
NOT_ALLOWED = """\
error: No interpreter found for Python 3.13 in managed installations or search path

hint: A managed Python download is available for Python 3.13, but downloads are set to never
"""


def run_make(tmp_path: Path, said: str, code: int) -> "subprocess.CompletedProcess[str]":
    """Run the rule of the environment with a `uv` that says something and ends."""
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}END\nexit {code}\n")
    uv.chmod(0o755)
    venv = tmp_path / "venv"
    return subprocess.run(
        ["make", f"UV={uv}", f"VENV={venv}", f"{venv}/ready"],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("said", [NO_DOWNLOAD, NOT_ALLOWED], ids=["offline", "not-allowed"])
def test_a_missing_python_is_told_in_one_line_with_what_to_do(tmp_path: Path, said: str) -> None:
    done = run_make(tmp_path, said, 2)
    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(ours) == 1
    assert "Python 3.13" in ours[0]
    assert "install" in ours[0]


def test_another_failure_of_uv_is_shown_as_it_is(tmp_path: Path) -> None:
    done = run_make(tmp_path, "error: disk full\n", 2)
    assert done.returncode != 0
    assert "error: disk full" in done.stderr
    assert "Python 3.13" not in done.stderr
