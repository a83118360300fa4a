"""A client that openapi-python-client makes of the API's document has every operation."""

import subprocess
import sys
from pathlib import Path

import pytest

from dev.openapi.document import DOCUMENT
from tests.unit.http.test_openapi import OPERATIONS

PROGRAM = Path(sys.executable).parent / "openapi-python-client"
IMPORT_ALL = """
import importlib, pkgutil, registry_client
for found in pkgutil.walk_packages(registry_client.__path__, "registry_client."):
    module = importlib.import_module(found.name)
    if hasattr(module, "sync_detailed"):
        print(found.name.rpartition(".")[2])
"""


@pytest.mark.slow
def test_a_client_is_generated_and_imported(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\n")  # nobody reads it, so it need not be formatted
    package = tmp_path / "registry_client"
    command: list[str | Path] = [PROGRAM, "generate", "--path", DOCUMENT, "--output-path", package]
    command += ["--meta", "none", "--config", config, "--fail-on-warning"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert imported.returncode == 0, imported.stderr
    operations = {operation["operationId"] for operation in OPERATIONS.values()}
    assert set(imported.stdout.split()) == operations


def test_the_choices_of_a_parameter_differ_in_more_than_their_spelling() -> None:
    for name, operation in OPERATIONS.items():
        for parameter in operation.get("parameters", ()):
            choices = parameter["schema"].get("enum", [])
            folded = {str(choice).lower() for choice in choices}
            assert len(folded) == len(choices), f"{name}: {parameter['name']}"
