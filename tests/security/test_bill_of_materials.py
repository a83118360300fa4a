"""`make sbom` names what is deployed, all of it and nothing else."""

import base64
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
    "functions/contracts/requirements.txt",
    "functions/contracts/schemas.txt",
)
BUNDLED = {"@preact/signals", "@preact/signals-core", "preact"}


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("sbom") / "sbom.json"
    # The tool validates it against the schema of CycloneDX, and fails if it does not match.
    subprocess.run(["make", "sbom", f"SBOM={file}"], cwd=ROOT, check=True, capture_output=True)
    return json.loads(file.read_text())


def locked(path: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text(), re.MULTILINE))


def select(bill: Any, kind: str) -> list[Any]:
    return [part for part in bill["components"] if part["purl"].startswith(f"pkg:{kind}/")]


def test_its_components_are_the_locked_requirements(bill: Any) -> None:
    # What two functions have is there twice.
    expected = [each for name in DEPLOYED for each in locked(ROOT / name)]
    assert len(expected) > 10
    components = [(part["name"], part["version"]) for part in select(bill, "pypi")]
    assert sorted(components) == sorted(expected)


def test_it_names_what_the_portal_is_bundled_of(bill: Any) -> None:
    """Not what builds it: compilers and types come into no file that is deployed."""
    packages = json.loads((ROOT / "portal/package-lock.json").read_text())["packages"]
    parts = select(bill, "npm")
    assert {part["name"] for part in parts} == BUNDLED
    for part in parts:
        package = packages[f"node_modules/{part['name']}"]
        assert part["version"] == package["version"]
        assert part["licenses"] == [{"license": {"id": package["license"]}}]
        digest = bytes.fromhex(part["hashes"][0]["content"])
        assert f"sha512-{base64.b64encode(digest).decode()}" == package["integrity"]
        assert part["purl"] == f"pkg:npm/{part['name'].replace('@', '%40')}@{part['version']}"


def test_each_component_can_be_looked_up(bill: Any) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    for part in select(bill, "pypi"):
        assert part["purl"].startswith(f"pkg:pypi/{part['name'].lower()}@{part['version']}")
