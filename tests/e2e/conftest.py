"""The API under test: API_URL and API_KEY if set, else a `make run` with the example mesh."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests

from tests.e2e import local_run

KEY = "a-key-for-the-end-to-end-suite"


@dataclass(frozen=True)
class Api:
    url: str
    key: str

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def write(self, method: str, path: str, body: object = None) -> requests.Response:
        """With the key."""
        return self.call(method, path, json=body, headers={"Authorization": f"Bearer {self.key}"})

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=local_run.TIMEOUT_SECONDS, **more)


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    if url := os.environ.get("API_URL"):
        yield Api(url.rstrip("/"), os.environ["API_KEY"])
        return
    folder = tmp_path_factory.mktemp("run")
    with local_run.running(folder / "data", folder / "output", API_KEY=KEY) as run:
        yield Api(run.url, KEY)


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
