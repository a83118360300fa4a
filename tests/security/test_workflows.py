"""The workflows of GitHub: credentials meet nothing but a build that was made and tested without
them."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.template import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
STAGES = ("dev", "prod")
TAGS_ALONE = "startsWith(github.ref, 'refs/tags/v')"


def read(path: Path) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    # YAML 1.1 takes `on` for a truth.
    return {"on" if key is True else key: value for key, value in found.items()}


DEPLOY = read(ROOT / ".github" / "workflows" / "deploy.yml")
JOBS: dict[str, Any] = DEPLOY["jobs"]


def list_steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = job.get("steps", [])
    return steps


def find_step(job: dict[str, Any], wanted: str) -> int:
    """Return the place of the one step that uses an action or runs a command."""
    steps = [str(step.get("uses", "")) + str(step.get("run", "")) for step in list_steps(job)]
    [found] = [place for place, step in enumerate(steps) if wanted in step]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_rights_few(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        for step in list_steps(job):
            if action := step.get("uses"):
                assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
            assert "pull_request_target" not in workflow["on"]
            # What others can write, such as a branch's name, is no part of a command.
            assert "${{ github" not in step.get("run", ""), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_stages_alone_may_ask_for_credentials(path: Path) -> None:
    for name, job in read(path)["jobs"].items():
        rights = job.get("permissions", {})
        asks = any("credentials" in step.get("uses", "") for step in list_steps(job))
        if name in STAGES and path.name == "deploy.yml":
            assert rights == {"contents": "read", "id-token": "write"}
            assert asks
        else:
            assert set(rights.items()) <= {("contents", "read")}
            assert not asks
            assert "environment" not in job
    assert "secrets" not in path.read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_no_branch_deploys(stage: str) -> None:
    assert DEPLOY["on"] == {"push": {"tags": ["v*"]}}
    assert JOBS[stage]["if"] == TAGS_ALONE
    assert JOBS[stage]["environment"] == stage


@pytest.mark.parametrize("name", ["rehearse", *STAGES])
def test_what_was_built_once_is_checked_before_it_is_used(name: str) -> None:
    job = JOBS[name]
    assert "build" in job["needs"]
    download, check = find_step(job, "actions/download-artifact"), find_step(job, "sha256sum")
    assert list_steps(job)[download]["with"] == {"name": "build"}
    checking = list_steps(job)[check]
    assert checking["env"] == {"SHA256": "${{ needs.build.outputs.sha256 }}"}
    first, second = checking["run"].splitlines()
    assert first == 'echo "$SHA256  build.tar.gz" | sha256sum --check --strict'
    assert second.startswith("tar --extract")
    assert download < check < len(list_steps(job)) - 1
    assert list_steps(job)[-1]["run"].endswith(" BUILT=1")


def test_the_build_is_made_without_rights_and_tested_before_a_stage() -> None:
    build = JOBS["build"]
    assert build["permissions"] == {"contents": "read"}
    assert build["outputs"] == {"sha256": "${{ steps.pack.outputs.sha256 }}"}
    assert find_step(build, "make build") < find_step(build, "sha256sum")
    assert list_steps(JOBS["rehearse"])[-1]["run"] == "make e2e-deploy BUILT=1"
    assert JOBS["dev"]["needs"] == ["test", "build", "rehearse"]
    assert JOBS["prod"]["needs"] == ["build", "dev"]


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_installed_once_there_are_credentials(stage: str) -> None:
    job = JOBS[stage]
    credentials = find_step(job, "configure-aws-credentials")
    assert find_step(job, "make sam-cli") < credentials
    after = [step.get("run") for step in list_steps(job)[credentials + 1 :]]
    assert after == [f"make deploy STAGE={stage} CONFIRM=no BUILT=1"]


def list_commands(*target: str) -> str:
    """Return what make would run on a machine where nothing was installed."""
    command = ["make", "--dry-run", "--always-make", *target, "BUILT=1"]
    outer = {**os.environ, "MAKEFLAGS": ""}
    done = subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_rehearsal_installs_what_its_tests_need_and_builds_nothing() -> None:
    done = list_commands("e2e-deploy")
    assert "-r requirements/dev.txt" in done
    assert "sam build" not in done
    assert done.index("dev.build_digest check") < done.index("pytest tests/e2e")


def test_a_deployment_of_what_was_built_installs_sam_alone_and_builds_nothing() -> None:
    done = list_commands("deploy", "STAGE=dev")
    installed = re.findall(r"pip install .*?(requirements/\S+)", done)
    assert sorted({*installed}) == ["requirements/sam.txt", "requirements/uv.txt"] or (
        installed == ["requirements/sam.txt"]  # with a uv of the machine's own
    )
    assert "sam build" not in done
    assert done.index("dev.build_digest check") < done.index("sam deploy")


def test_advisories_are_looked_up_where_there_is_a_network() -> None:
    test = read(ROOT / ".github" / "workflows" / "test.yml")
    assert "audit" in test["jobs"]["test"]["strategy"]["matrix"]["target"]
    assert test["on"]["schedule"]
    assert "audit" not in (ROOT / ".ci" / "run").read_text()


def test_newer_versions_are_proposed_of_all_that_is_locked() -> None:
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    by_kind = {update["package-ecosystem"]: update for update in updates}
    assert by_kind["github-actions"]["directory"] == "/"
    folders = {ROOT / folder.strip("/") for folder in by_kind["pip"]["directories"]}
    patterns = ("requirements/*.in", "functions/*/requirements.in", "layers/*/requirements.in")
    assert folders == {path.parent for pattern in patterns for path in ROOT.glob(pattern)}
