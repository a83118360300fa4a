"""The tour of the README."""

import subprocess
import sys

from tests.e2e.api import Api
from tests.e2e.local_run import ROOT


def test_the_tour_comes_to_its_end(api: Api) -> None:
    tour = subprocess.run(
        [sys.executable, "-m", "examples.tour", "--url", api.url, "--api-key", api.key],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert tour.stdout.endswith("The tour is complete.\n")
