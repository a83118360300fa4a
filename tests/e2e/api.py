"""The API under test, as its clients see it."""

import time
from dataclasses import dataclass
from typing import Any

import requests

from tests.e2e import local_run

EVENTS = "/api/v1/lineage"
DERIVED_SECONDS = 240.0


@dataclass(frozen=True)
class Api:
    url: str
    key: str

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def write(self, method: str, path: str, body: object = None) -> requests.Response:
        """Send a request with the key."""
        return self.call(method, path, json=body, headers={"Authorization": f"Bearer {self.key}"})

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request; what an event says can be read once its answer is returned."""
        answer = requests.request(
            method, self.url + path, timeout=local_run.TIMEOUT_SECONDS, **more
        )
        if method == "POST" and path.startswith(EVENTS) and answer.ok:
            self.wait_until_derived()
        return answer

    def wait_until_derived(self) -> None:
        """Wait until everything is derived from the events that were sent."""
        end = time.monotonic() + DERIVED_SECONDS
        headers = {"Authorization": f"Bearer {self.key}"}
        while time.monotonic() < end:
            answer = self.call("GET", "/openlineage/status", headers=headers)
            if answer.json().get("waiting") == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"events still wait: {answer.text}")
