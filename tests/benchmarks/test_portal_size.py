"""The first load of the portal is small, and built alike each time."""

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.template import ROOT

STATIC = ROOT / "functions/portal/static"
NODE = ROOT / ".venv-node/node/bin/node"
MOST_SCRIPT, MOST_STYLE = 60 * 1024, 12 * 1024


def read_manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STATIC / "portal.json").read_text())
    return found


def test_a_first_visit_loads_little() -> None:
    """60 KB of script and 12 KB of style, compressed."""
    manifest = read_manifest()
    size = {kind: manifest["files"][file]["gzip"] for kind, file in manifest["page"].items()}
    assert size["script"] + manifest["files"][manifest["worker"]]["gzip"] <= MOST_SCRIPT
    assert size["style"] <= MOST_STYLE
    for file, described in manifest["files"].items():
        content = (STATIC / f"{file}.gz").read_bytes()
        assert len(content) == described["gzip"]
        assert len(gzip.decompress(content)) == described["bytes"]


def test_two_builds_of_the_same_sources_are_the_same_bytes(tmp_path: Path) -> None:
    build = [str(NODE), str(ROOT / "portal/build.mjs"), str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True)
    first, second = (
        {file.name: file.read_bytes() for file in folder.iterdir()} for folder in (STATIC, tmp_path)
    )
    assert first == second
