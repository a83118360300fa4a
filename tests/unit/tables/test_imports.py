"""DuckDB costs an import, and most functions do not even have it."""

import os
import subprocess
import sys

import pytest

from tests.lambdas import AREAS, ENVIRONMENT
from tests.template import ROOT

HEAVY = ("duckdb", "fsspec", "nanoarrow")
SCRIPT = f"""
import sys
import app
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""


@pytest.mark.parametrize("area", AREAS)
def test_no_function_imports_duckdb_before_a_request_needs_it(area: str) -> None:
    path = os.pathsep.join([str(ROOT / "functions" / area), str(ROOT / "layers" / "shared")])
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=ENVIRONMENT | {"PYTHONPATH": path, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == ""


def test_the_layer_does_not_have_it() -> None:
    locked = (ROOT / "layers" / "shared" / "requirements.txt").read_text()
    own = (ROOT / "functions" / "domains" / "requirements.txt").read_text()
    for name in HEAVY:
        assert f"\n{name}==" not in f"\n{locked}"
        assert f"\n{name}==" in f"\n{own}"
