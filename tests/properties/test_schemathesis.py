"""Schemathesis against a running local API: is it what /openapi.json says, writes without a key
included? PROPERTY_EXAMPLES=n generates n cases an operation and phase."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e import local_run

HERE = Path(__file__).parent
KEY = "a-key-of-the-property-tests"
EXAMPLES = os.environ.get("PROPERTY_EXAMPLES")
CI_EXAMPLES = "8"
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def test_the_api_is_what_its_document_says(tmp_path: Path) -> None:
    with local_run.running(
        tmp_path / "data", tmp_path / "output", API_KEY=KEY, EXAMPLES="0", LOG_LEVEL="ERROR"
    ) as run:
        report = tmp_path / "report.json"
        result = schemathesis(f"{run.url}/openapi.json", report)
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-10_000:] + result.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    assert found, "the report says what was run"
    for phase in PHASES:
        assert f"✅  {phase}" in result.stdout, result.stdout


def schemathesis(document: str, report: Path) -> "subprocess.CompletedProcess[str]":
    """Run its command line, which alone runs all of the phases."""
    chosen = ["--max-examples", EXAMPLES or CI_EXAMPLES, "--report-json-path", str(report)]
    if not EXAMPLES:
        chosen.append("--generation-deterministic")
    return subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "--config-file",
            HERE / "schemathesis.toml",
            "run",
            document,
            *chosen,
        ],
        cwd=report.parent,
        env=os.environ | {"API_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
