"""Fixtures that several suites share."""

from collections.abc import Callable
from importlib import import_module

import pytest

from datamesh.services.registry import Registry
from tests.lambdas import AREAS, ENVIRONMENT, Client, served
from tests.meshes import mesh, resources

type Serve = Callable[..., Client]
"""serve(area, resources) -> a client of that area's function."""


@pytest.fixture(scope="session")
def imported_functions() -> None:
    """Once, and before a test captures the standard output that their loggers then keep."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for area in (*AREAS, "authorizer"):
            import_module(f"functions.{area}.app")


@pytest.fixture
def serve(imported_functions: None) -> Serve:
    return lambda area, worked_on=None: served(area, worked_on or resources())


@pytest.fixture
def registry() -> Registry:
    """Empty, in memory, and its clock stands still."""
    return mesh()
