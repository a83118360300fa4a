"""`make sam-local`: `sam local start-api` on what `sam build` has made."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e import local_run
from tests.e2e.api import Api

KEY = "a-key-for-the-end-to-end-suite"
COMMAND = (sys.executable, "-m", "dev.sam")
START_SECONDS = 600
"""Each function that the example mesh is loaded through starts a container."""


@contextlib.contextmanager
def running(**variables: str) -> Iterator[Api]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = local_run.start(folder / "data", folder / "output", COMMAND, API_KEY=KEY, **variables)
        try:
            run.wait_until_ready(START_SECONDS)
            yield Api(run.url, KEY)
        finally:
            if run.process.poll() is None:
                run.stop()
