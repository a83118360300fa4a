"""The build of `sam build` is complete: MiniStack lets its functions see packages of its own."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.storage.s3 import NO_ACCOUNT
from dev.template.reader import read_api
from tests.deploy.stack import BUILD
from tests.lambdas import ENVIRONMENT
from tests.template import TEMPLATE

API = read_api(TEMPLATE, {}, {})

IMPORT = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
module, _, name = sys.argv[2].rpartition(".")
assert callable(getattr(importlib.import_module(module), name))
"""


def run_over(functions: list[str], script: str, *arguments: str, **environment: str) -> None:
    """The script, to which its first argument tells where the functions and the layer are; no
    package is there that is installed here."""
    paths = [*(str(BUILD / name) for name in functions), str(BUILD / "SharedLayer/python")]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, json.dumps(paths), *arguments],
        env={**environment, "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr


def test_the_layer_unpacks_to_where_lambda_looks() -> None:
    assert [path.name for path in (BUILD / "SharedLayer").iterdir()] == ["python"]
    assert (BUILD / "SharedLayer/python/datamesh/__init__.py").is_file()


@pytest.mark.parametrize("function", sorted(API.functions))
def test_a_function_and_the_layer_have_all_that_is_imported(function: str) -> None:
    declared = API.functions[function]
    run_over([function], IMPORT, declared.handler, **{**ENVIRONMENT, **declared.environment})


IMPORTED = """
import importlib, json, sys
sys.path[:0] = json.loads(sys.argv[1])
for module, names in json.loads(sys.argv[2]):
    found = importlib.import_module(module)
    for name in names:
        hasattr(found, name) or importlib.import_module(f"{module}.{name}")
"""


def imports_of(source: Path) -> list[tuple[str, list[str]]]:
    """Module and names, wherever in the file they are imported, but for type checks."""
    tree = ast.parse(source.read_text())
    for_types = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for each in ast.walk(node)
    }
    found: list[tuple[str, list[str]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in for_types:
            found += [(alias.name, []) for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            found.append((node.module, [alias.name for alias in node.names]))
    return found


def test_what_is_imported_late_is_there_too() -> None:
    """The other functions' requests may import what their start does not."""
    names: dict[str, set[str]] = {}
    for source in sorted((BUILD / "SharedLayer/python/datamesh").rglob("*.py")):
        for module, imported in imports_of(source):
            names.setdefault(module, set()).update(imported)
    assert len(names) > 300
    # Each once: an argument has at most 128 KiB.
    imports = [(module, sorted(imported)) for module, imported in names.items()]
    run_over(
        ["DomainsFunction", "AuthorizerFunction", "ContractsReadFunction", "SearchFunction"],
        IMPORTED,
        json.dumps(imports),
    )


@pytest.mark.parametrize(
    ("function", "module"),
    [
        ("DomainsWriteFunction", "datamesh.services.contracts.asked_checks"),
        ("ContractsReadFunction", "datamesh.services.contracts.documents"),
        ("SearchFunction", "datamesh.services.search.index"),
    ],
)
def test_a_function_has_what_its_requests_import_of_other_rooms(function: str, module: str) -> None:
    run_over([function], IMPORTED, json.dumps([(module, [])]))


CLIENTS = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import boto3
boto3.client("cloudwatch").get_paginator("get_metric_data")
assert boto3.client("secretsmanager").get_secret_value
assert boto3.Session().get_credentials() is None
"""


def test_the_layer_has_what_the_sdk_needs_for_the_services_that_are_called() -> None:
    run_over([], CLIENTS, **NO_ACCOUNT)


CHECKED_BY_NOTHING = 0b01
"""The flags of bytecode that is valid whatever its source is (PEP 552)."""


@pytest.mark.parametrize("built", [*sorted(API.functions), "SharedLayer"])
def test_all_that_is_imported_is_compiled(built: str) -> None:
    sources = list((BUILD / built).rglob("*.py"))
    assert sources
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == CHECKED_BY_NOTHING, source


def test_a_traceback_names_the_files_where_lambda_has_them() -> None:
    compiled = BUILD / "ProductsReadFunction/__pycache__/app.cpython-313.pyc"
    assert b"/var/task/app.py" in compiled.read_bytes()


def test_the_layer_is_small() -> None:
    files = [file for file in (BUILD / "SharedLayer").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 35_000_000


DOMAINS = ("DomainsFunction", "DomainsWriteFunction", "DomainsScheduledFunction")
LIMIT = 250 * 1024 * 1024
"""The most bytes of a function and its layers, unzipped (Lambda quotas)."""

QUERY = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import nanoarrow.ipc
from datamesh.models.ports import DataFormat
from datamesh.storage.folders import MemoryFolder
from datamesh.tables.budget import ScanBudget
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session
folder = MemoryFolder("a/", {"a.csv": b"id\\n7\\n"})
scan = Scan(folder, folder.list_files(), DataFormat.CSV, ScanBudget(100))
with Session(scan, eager=True) as session:
    print(session.fetch_rows("SELECT id FROM read_csv('mesh://0')"))
"""


@pytest.mark.parametrize("function", DOMAINS)
def test_duckdb_runs_in_the_functions_that_carry_it(function: str) -> None:
    paths = [str(BUILD / function), str(BUILD / "SharedLayer/python")]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", QUERY, json.dumps(paths)],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.stdout.strip() == "[(7,)]", run.stderr


@pytest.mark.parametrize("function", DOMAINS)
def test_both_architectures_are_there_and_lambda_takes_them(function: str) -> None:
    for module in ("_duckdb", "nanoarrow/_ipc_lib"):
        for architecture in ("x86_64", "aarch64"):
            name = f"{module}.cpython-313-{architecture}-linux-gnu.so"
            assert (BUILD / function / name).is_file(), name
    folders = (BUILD / function, BUILD / "SharedLayer")
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
    assert sum(file.stat().st_size for file in files) < LIMIT


@pytest.mark.parametrize("function", sorted(API.functions.keys() - set(DOMAINS)))
def test_no_other_function_carries_duckdb(function: str) -> None:
    for folder in (BUILD / function, BUILD / "SharedLayer"):
        assert not list(folder.rglob("*duckdb*"))
