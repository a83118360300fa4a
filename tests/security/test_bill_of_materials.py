"""`make sbom` names what is deployed, all of it and nothing else."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.template import ROOT

DEPLOYED = (
    "layers/shared/requirements.txt",
    "functions/platform/requirements.txt",
    "functions/domains/requirements.txt",
    "functions/authorizer/requirements.txt",
    "functions/search/requirements.txt",
)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("sbom") / "sbom.json"
    # The tool validates it against the schema of CycloneDX, and fails if it does not match.
    subprocess.run(["make", "sbom", f"SBOM={file}"], cwd=ROOT, check=True, capture_output=True)
    return json.loads(file.read_text())


def locked(path: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text(), re.MULTILINE))


def test_its_components_are_the_locked_requirements(bill: Any) -> None:
    expected = set().union(*(locked(ROOT / name) for name in DEPLOYED))
    assert len(expected) > 10
    components = [(part["name"], part["version"]) for part in bill["components"]]
    assert sorted(components) == sorted(expected)


def test_each_component_can_be_looked_up(bill: Any) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    for part in bill["components"]:
        assert part["purl"].startswith(f"pkg:pypi/{part['name'].lower()}@{part['version']}")
