"""`make run`, on a folder of its own."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e import local_run
from tests.e2e.api import Api

KEY = "a-key-for-the-end-to-end-suite"


@contextlib.contextmanager
def running() -> Iterator[Api]:
    """Yield an API with the example mesh, once the schedule has run: it changes answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with local_run.running(folder / "data", folder / "output", API_KEY=KEY) as run:
            run.wait_until_scheduled()
            yield Api(run.url, KEY)
