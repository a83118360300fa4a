"""The API under test: API_URL and API_KEY if set, else what E2E_TARGET names."""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from pathlib import Path

import pytest

from tests.e2e import local_run
from tests.e2e.api import Api
from tests.e2e.targets import MODULES, TARGET

# These are about `make run` and what it fills. Of the portal the journeys of an analyst show that
# a gateway serves it; what pages do then is done in the browser. SAM would start a container for
# each function that a page asks. The next would take SAM five minutes, and dbt sends as
# openlineage-python does. SAM keeps no schedule.
MAKE_RUN_ALONE = ["test_make_run.py", "test_try_it_out.py", "test_read_access.py"]
PORTAL = sorted(f"portal/{each.name}" for each in Path(__file__).parent.glob("portal/test_*.py"))
MAKE_RUN_ALONE += [each for each in PORTAL if each != "portal/test_journey.py"]
collect_ignore = [] if TARGET == "make-run" else MAKE_RUN_ALONE
SLOW_ON_SAM = ["portal", "test_openlineage_dbt.py", "test_schedule.py"]
collect_ignore += SLOW_ON_SAM if TARGET == "sam-local" else []


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    if url := os.environ.get("API_URL"):
        yield Api(url.rstrip("/"), os.environ["API_KEY"])
        return
    with import_module(f"tests.e2e.targets.{MODULES[TARGET]}").running() as started:
        yield started


@pytest.fixture
def new_product(api: Api) -> Iterator[Callable[..., str]]:
    """Registers products under names of their own, and removes them at the end."""
    made: list[str] = []
    numbers = count(1)

    def register(**more: object) -> str:
        name = f"e2e_{os.getpid()}_{next(numbers)}"
        answer = local_run.register(api.url, api.key, local_run.product(name, **more))
        assert answer.status_code == 200, answer.text
        made.append(name)
        return name

    yield register
    for name in made:
        assert api.write("DELETE", f"/product/{name}").status_code in (200, 404)
