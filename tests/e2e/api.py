"""The API under test, as its clients see it."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.e2e import local_run


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
