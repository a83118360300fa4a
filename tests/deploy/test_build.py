"""What `sam build` made is complete: MiniStack lets its functions see packages of its own."""

import json
import os
import subprocess
import sys

import pytest

from dev.template import read
from tests.deploy.stack import BUILD
from tests.lambdas import ENVIRONMENT
from tests.template import TEMPLATE

API = read(TEMPLATE, {}, {})

IMPORT = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
assert callable(getattr(importlib.import_module(module), name))
"""


def test_the_layer_unpacks_to_where_lambda_looks() -> None:
    assert [path.name for path in (BUILD / "SharedLayer").iterdir()] == ["python"]
    assert (BUILD / "SharedLayer/python/datamesh/__init__.py").is_file()


@pytest.mark.parametrize("function", sorted(API.functions))
def test_a_function_and_the_layer_have_all_that_is_imported(function: str) -> None:
    paths = [str(BUILD / function), str(BUILD / "SharedLayer/python")]
    declared = API.functions[function]
    run = subprocess.run(
        # Without any packages that are installed here.
        [sys.executable, "-I", "-S", "-c", IMPORT, json.dumps(paths), declared.handler],
        env={**ENVIRONMENT, **declared.environment, "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
