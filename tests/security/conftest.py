"""A local API of its own, and what must not have changed in it after an attack."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import local_run
from tests.security import raw
from tests.security.raw import Reply

KEY = "a-key-that-nobody-may-read-7Q2w"


@dataclass(frozen=True)
class Target:
    run: local_run.Run
    data: Path

    def send(
        self,
        method: str,
        target: str | bytes,
        body: bytes = b"",
        *,
        key: str = KEY,
        **headers: str,
    ) -> Reply:
        """Send a request with the key; underscores in the names of headers stand for dashes."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        with_key = {"Authorization": f"Bearer {key}"} if key else {}
        return raw.send(self.run.url, method, target, body, with_key | given)

    def registered(self) -> tuple[Any, Any]:
        return self.send("GET", "/products").body, self.send("GET", "/lineage").body


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Holds two products, `orders` and `bills`, and the lineage between them."""
    folder = tmp_path_factory.mktemp("attacked")
    settings = {"API_KEY": KEY, "EXAMPLES": "0", "LOG": "1", "LOG_LEVEL": "DEBUG"}
    with local_run.running(folder / "data", folder / "output", **settings) as run:
        for name in ("orders", "bills"):
            answer = local_run.register(run.url, KEY, local_run.product(name))
            assert answer.status_code == 200, answer.text
        attacked = Target(run, folder / "data")
        entry = b'{"source": "orders", "target": "bills", "transformation": "copy"}'
        assert attacked.send("POST", "/register_lineage", entry).status == 200
        yield attacked


@pytest.fixture
def unchanged(target: Target) -> Iterator[None]:
    """Whatever the test sends, the registry is afterwards what it was before."""
    before = target.registered()
    assert [len(part) for part in before] == [2, 1]
    yield
    assert target.registered() == before
