"""Imports go one way, so that a reader knows where a thing can stand and what a change can reach.

docs/architecture.md shows the rooms. A failing test names the import to move or to turn around.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "shared"

ROOMS = (
    "models",
    "storage",
    "tables",
    "services",
    "aws",
    "identity",
    "wiring",
    "http",
    "functions",
)
"""Each may import those before it. `errors` and `settings` are for all; they import models."""
BASE = {"errors", "settings", "cold_start", "__version__"}

SUBJECTS = (
    "permissions",
    "audit",
    "product_versions",
    "context",
    "access",
    "registry",
    "access_requests",
    "lineage",
    "datasets",
    "products",
    "search",
    "checks",
    "contracts",
    "jobs",
    "openlineage",
    "marquez",
    "time_travel",
    "analytics",
    "operations",
    "redaction",
)
"""The rooms of `services`, each of which may import those before it."""

LIBRARIES = {
    "boto3": ("aws",),
    "urllib3": ("storage",),
    "duckdb": ("tables",),
    "apsw": ("services",),
    "yaml": ("services",),
    "jsonschema_rs": ("services",),
    "jwt": ("identity",),
    "cryptography": ("identity",),
    "fastapi": ("http", "functions"),
    "starlette": ("http", "functions"),
    "mangum": ("http",),
    "aws_lambda_powertools": ("aws", "http"),
}
"""Library -> the rooms that may know it."""


class Import(NamedTuple):
    """An import of a module, or of a name of it, by a file."""

    path: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def find_imports() -> Iterator[Import]:
    files = [*(LAYER / "datamesh").rglob("*.py"), *(ROOT / "functions").glob("*/app.py")]
    for file in files:
        path = str(file.relative_to(LAYER if file.is_relative_to(LAYER) else ROOT))
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    yield Import(path, node.lineno, f"{node.module}.{alias.name}")
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(path, node.lineno, alias.name)


IMPORTS = list(find_imports())
OF_THE_LAYER = [each for each in IMPORTS if each.module.startswith("datamesh.")]


def room_of_file(path: str) -> str:
    parts = path.removesuffix(".py").split("/")
    return parts[0] if parts[0] == "functions" else parts[1]


def subject_of_file(path: str) -> str:
    return path.removesuffix(".py").split("/")[2]


def test_every_module_of_the_layer_is_in_a_room_that_is_known() -> None:
    rooms = {room_of_file(each.path) for each in IMPORTS}
    assert rooms - BASE == set(ROOMS)
    found = {child.name.removesuffix(".py") for child in (LAYER / "datamesh/services").iterdir()}
    assert found - {"__init__", "__pycache__"} == set(SUBJECTS)


def test_the_map_of_the_architecture_has_every_room_and_subject_in_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    first = re.findall(r"^\| `([a-z_]+)(?:/|\.py)` \|", text, re.MULTILINE)
    assert first == [*ROOMS, *SUBJECTS]


def test_rooms_import_those_below_them_alone() -> None:
    upward = []
    for each in OF_THE_LAYER:
        here, there = room_of_file(each.path), each.module.split(".")[1]
        if here in BASE:
            allowed = there in BASE or there == "models"
        else:
            allowed = there in BASE or ROOMS.index(there) <= ROOMS.index(here)
        if not allowed:
            upward.append(str(each))
    assert not upward, f"{' <- '.join(ROOMS)} is the order of imports"


def test_subjects_of_services_import_those_below_them_alone() -> None:
    upward = []
    for each in OF_THE_LAYER:
        if not each.path.startswith("datamesh/services/") or each.path.endswith("__init__.py"):
            continue
        if each.module.startswith("datamesh.services."):
            here, there = subject_of_file(each.path), each.module.split(".")[2]
            if SUBJECTS.index(there) > SUBJECTS.index(here):
                upward.append(str(each))
    assert not upward, f"{' <- '.join(SUBJECTS)} is the order of imports in services"


def test_models_and_storage_and_functions_know_only_what_they_must() -> None:
    """Functions parse, call a service and answer: storage is behind the services."""
    wrong = [
        str(each)
        for each in OF_THE_LAYER
        if room_of_file(each.path) == "functions" and each.module.startswith("datamesh.storage")
    ]
    assert not wrong, "functions reach past the services into storage"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_known_in_its_rooms_alone(library: str) -> None:
    wrong = [
        str(each)
        for each in IMPORTS
        if each.module.split(".")[0] == library
        and room_of_file(each.path) not in LIBRARIES[library]
    ]
    assert not wrong, f"{library} belongs to {LIBRARIES[library]}"


def test_packages_are_empty_but_for_what_they_say() -> None:
    """Importing one module of a room must not import the others: cold starts would pay for it."""
    full = [
        str(file.relative_to(LAYER))
        for file in (LAYER / "datamesh").glob("*/**/__init__.py")
        if len(ast.parse(file.read_text()).body) != 1
    ]
    assert not full
