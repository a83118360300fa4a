"""Fixtures that several suites share.

Each imports what it needs when it is first used: a pure test starts without FastAPI and boto3.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datamesh.services.registry.registry import Registry
    from dev.storage.s3 import S3
    from tests.lambdas import Client

# What they assert is explained, as in a test.
for helpers in ("lambdas", "object_contract", "versions_contract", "deployed", "e2e", "properties"):
    pytest.register_assert_rewrite(f"tests.{helpers}")

type Serve = Callable[..., Client]
"""serve(area, resources) -> a client of that area's function."""


LONGEST_ID = 60


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case by its value: `[{'limit': 0}]`, which says more than `[query3]`."""
    if isinstance(val, dict | list | tuple) and is_plain(val):
        text = repr(val)
        return text if len(text) <= LONGEST_ID else f"{text[: LONGEST_ID - 3]}..."
    if isinstance(val, bytes) and not val.isascii():
        # Such as a gzip file, which may tell the time: workers must agree on the names of cases.
        return f"{len(val)}_bytes"
    return None


def is_plain(value: object) -> bool:
    """Tell whether a value is written alike in every process."""
    if isinstance(value, dict):
        return all(is_plain(each) for item in value.items() for each in item)
    if isinstance(value, list | tuple):
        return all(is_plain(each) for each in value)
    return type(value) in (str, int, float, bool, bytes, type(None))


@pytest.fixture(scope="session", autouse=True)
def unfrozen() -> Iterator[None]:
    """A function freezes what it imported, which here must be collected in the end."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def set_event_loop() -> Iterator[Callable[[], None]]:
    """Mangum uses the main thread's event loop, which Python would make on demand and warn of."""
    loop = asyncio.new_event_loop()
    yield lambda: asyncio.set_event_loop(loop)
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="module", autouse=True)
def event_loop(set_event_loop: Callable[[], None]) -> None:
    """Set an event loop for each module again: `asyncio.run` leaves none behind."""
    set_event_loop()


@pytest.fixture(scope="session")
def imported_functions(set_event_loop: Callable[[], None]) -> None:
    """Once, and before a test captures the standard output that their loggers then keep."""
    from tests.lambdas import AREAS, ENVIRONMENT

    set_event_loop()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for area in (*AREAS, "authorizer"):
            import_module(f"functions.{area}.app")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[S3]":
    """A server of the module's own, with an empty bucket."""
    from dev.storage import seaweed

    with seaweed.run_server(tmp_path_factory.mktemp("s3")) as running:
        running.ensure_bucket()
        yield running


@pytest.fixture
def environment(s3: "S3", monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A writer's, which this process then has too."""
    variables = s3.build_environment(s3.writer)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def serve(imported_functions: None) -> Serve:
    from tests.lambdas import create_function_client
    from tests.meshes import resources

    return lambda area, worked_on=None: create_function_client(area, worked_on or resources())


@pytest.fixture
def registry() -> "Registry":
    """Empty, in memory, and its clock stands still."""
    from tests.meshes import mesh

    return mesh()
