"""The installed packages are the locked ones: every file by its hash, and nothing without one."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.template import ROOT


def find_files(*patterns: str) -> list[str]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found)


FOLDERS = ("requirements/*", "functions/*/requirements", "layers/*/requirements")
LOCKED = find_files(*(f"{folder}.txt" for folder in FOLDERS))
WRITTEN = find_files(*(f"{folder}.in" for folder in FOLDERS))
MAKEFILES = find_files("Makefile", "functions/**/Makefile", "layers/**/Makefile")
SCRIPTS = find_files(".github/**/*.yml", ".ci/*", "dev/create-venv", ".pre-commit-config.yaml")
PROGRAMS = find_files(*(f"{folder}/**/*.py" for folder in ("dev", "benchmarks", "tests")))
REQUIREMENT = re.compile(r"[A-Za-z0-9._\[\]-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+\s*")
INSTALL = re.compile(r"^.*\bpip install\b.*$", re.MULTILINE)


def read_joined(name: str) -> str:
    """Return a file's text with its continued lines joined."""
    return Path(ROOT / name).read_text().replace("\\\n", " ")


@pytest.mark.parametrize("name", LOCKED)
def test_each_requirement_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    lines = [line for line in read_joined(name).splitlines() if not re.match(r"\s*(#|$)", line)]
    assert lines
    assert [line for line in lines if not REQUIREMENT.fullmatch(line)] == []
    assert "://" not in read_joined(name)


def test_a_requirement_without_a_hash_or_a_pin_is_none() -> None:
    digest = f"--hash=sha256:{'0' * 64}"
    assert REQUIREMENT.fullmatch(f"a==1 {digest}     {digest}")
    assert REQUIREMENT.fullmatch(f"a==1 ; sys_platform == 'win32' {digest}")
    for line in ("a==1", f"a>=1 {digest}", f"a==1 --hash=md5:{'0' * 64}", "a @ file:///a.whl"):
        assert not REQUIREMENT.fullmatch(line), line


def test_make_lock_compiles_each_file_with_hashes() -> None:
    dry = ["make", "--dry-run", "--always-make", "lock"]
    outer = {**os.environ, "MAKEFLAGS": ""}
    done = subprocess.run(dry, cwd=ROOT, env=outer, capture_output=True, text=True, check=True)
    compiled = done.stdout
    assert len(LOCKED) >= 12
    assert [Path(name).with_suffix(".txt") for name in WRITTEN] == [*map(Path, LOCKED)]
    for name in LOCKED:
        assert re.search(rf"\b{name.removesuffix('.txt')}\b", compiled), name
    commands = re.findall(r"pip compile .*", compiled)
    assert commands
    assert all("--generate-hashes" in command for command in commands)


@pytest.mark.parametrize("name", [*MAKEFILES, *SCRIPTS])
def test_a_command_installs_by_hash(name: str) -> None:
    commands = INSTALL.findall(read_joined(name))
    assert [command for command in commands if "--require-hashes" not in command] == []


def test_the_commands_are_found() -> None:
    assert [name for name in MAKEFILES if INSTALL.search(read_joined(name))] == [
        "Makefile",
        "functions/authorizer/Makefile",
        "functions/contracts/Makefile",
        "functions/domains/Makefile",
        "functions/platform/Makefile",
        "functions/search/Makefile",
        "layers/shared/Makefile",
    ]
    assert len(INSTALL.findall(read_joined("Makefile"))) == 2  # of uv, and by uv


def test_no_program_installs_otherwise() -> None:
    installing = []
    for name in PROGRAMS:
        text = read_joined(name)
        if commands := len(re.findall(r'"pip",\s+"install"', text)):
            installing.append(name)
            assert commands == text.count('"--require-hashes"'), name
    assert installing == ["benchmarks/plain_install.py", "dev/sam/lambda_image.py"]


@pytest.mark.parametrize(
    ("folder", "known"),
    [
        ("portal", {"preact", "esbuild", "typescript"}),
        ("benchmarks/peers/backstage", {"@backstage/plugin-catalog-backend", "better-sqlite3"}),
    ],
)
def test_each_package_of_node_is_pinned_by_its_digest_and_runs_no_script(
    folder: str, known: set[str]
) -> None:
    """The lock names no address, and npm installs nothing that it does not name."""
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = {name: found for name, found in lock["packages"].items() if name}
    assert {f"node_modules/{name}" for name in known} <= set(packages)
    assert [name for name, each in packages.items() if "sha512-" not in each["integrity"]] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []
    asked = json.loads((ROOT / folder / "package.json").read_text())
    wanted = asked["dependencies"] | asked.get("devDependencies", {})
    assert [v for v in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []
    assert "ignore-scripts=true" in (ROOT / folder / ".npmrc").read_text().splitlines()


def test_npm_installs_what_is_locked() -> None:
    makefile = read_joined("Makefile")
    assert len(re.findall(r"npm-cli\.js ci\b", makefile)) == makefile.count("npm-cli.js") == 2
    assert "ignore-scripts" not in makefile
