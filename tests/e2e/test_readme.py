"""The README's commands, run as they stand."""

import os
import re
import subprocess

from tests.e2e.api import Api
from tests.e2e.local_run import ROOT

BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)


def test_the_commands_of_the_readme_work_in_their_order(api: Api) -> None:
    first, *blocks = BLOCKS
    assert "URL=http://127.0.0.1:3000" in first
    script = "set -eu\n" + "\n".join(blocks)
    run = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"URL": api.url, "KEY": api.key},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert "x-total-count" in run.stdout.lower()
    assert '"target":"returns"' in run.stdout


def test_every_documented_endpoint_has_a_command(api: Api) -> None:
    commands = "\n".join(BLOCKS)
    for path in api.get("/openapi.json").json()["paths"]:
        assert f"$URL{path.partition('{')[0].rstrip('/')}" in commands, f"no curl for {path}"
