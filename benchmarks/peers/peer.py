"""A registry or catalogue that is measured, and what is asked of all of them."""

import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import requests

from benchmarks.mesh import product_name
from benchmarks.peers import clients

START_SECONDS = 120.0
PRODUCTS = int(os.environ.get("PRODUCTS", "10000"))


@dataclass(frozen=True)
class Peer:
    """A server: its address, its process, and how one product is asked for."""

    url: str
    pid: int
    entity: clients.Target
    measure_writes: Callable[[], float]
    others: Sequence[clients.Target] = ()
    """Other reads, after which memory is measured once more."""
    wait_until_filled: Callable[[], None] = lambda: None


def choose_name() -> str:
    return product_name(random.randrange(PRODUCTS))


def wait_for_answer(url: str) -> None:
    """Wait until a server that is starting answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=30).ok:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
