"""`make run` as a newcomer starts it, and what serves in its place, driven from tests."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests

from dev.template.reader import read_api

ROOT = Path(__file__).parents[2]
START_SECONDS = 240.0
STOP_SECONDS = 120.0
TIMEOUT_SECONDS = 120
"""Far more than each takes: a busy machine may be ten times as slow, and stand still at times."""
OURS = (
    "HOST",
    "PORT",
    "DATA_DIR",
    "API_KEY",
    "EXAMPLES",
    "LOG",
    "LOG_LEVEL",
    "MAX_PRODUCTS",
    "READ_ACCESS",
)


@dataclass
class Run:
    """A started `make run`, all of its processes in one process group."""

    process: "subprocess.Popen[bytes]"
    output: Path
    url: str
    data_dir: Path

    def printed(self) -> str:
        return self.output.read_text()

    def logged(self) -> str:
        """Return the log of its functions and of its requests."""
        return (self.data_dir / "log" / "local.log").read_text()

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        self._wait_until(lambda: "is ready" in self.printed(), seconds)

    def wait_until_scheduled(self) -> None:
        """Wait until every scheduled function has run, as each does once the API is ready."""
        names = read_api(ROOT / "template.yaml", {}, {}).scheduled
        self._wait_until(
            lambda: all(
                re.search(rf" schedule {name} \d+ ms$", self.logged(), re.M) for name in names
            ),
            START_SECONDS,
        )

    def _wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"it is not ready:\n{self.printed()[-3000:]}")
            time.sleep(0.05)

    def key(self) -> str:
        """The key that it printed."""
        found = re.search(r"^  Key   (\S+)", self.printed(), re.MULTILINE)
        assert found, self.printed()
        return found[1]

    def open_bucket(self) -> tuple[Any, str]:
        """Return a client of storage, and the name of the bucket, as it printed them."""
        _, _, told = self.printed().partition("  Data  s3://")
        bucket, _, rest = told.partition("/")
        access = dict(word.split("=", 1) for word in shlex.split(rest.splitlines()[1]))
        client = boto3.client(
            "s3",
            endpoint_url=access["AWS_ENDPOINT_URL_S3"],
            region_name=access["AWS_REGION"],
            aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
        )
        return client, bucket

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Signal `make` alone, as a supervisor does; the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(STOP_SECONDS)

    def interrupt(self) -> int:
        """Ctrl-C: the terminal signals the whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def kill_everything(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def pids(self) -> list[int]:
        """`make`, what it started, and what those started."""
        return list_family(self.process.pid)


def list_family(root: int) -> list[int]:
    """Return the ids of a process and of those below it."""
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    parents = {int(pid): int(ppid) for pid, ppid in map(str.split, listing.splitlines())}
    family = {root}
    while grown := {pid for pid, ppid in parents.items() if ppid in family} - family:
        family |= grown
    return sorted(family)


def start(
    data_dir: Path, output: Path, command: Sequence[str] = ("make", "run"), **variables: str
) -> Run:
    """Start it on a free port; the environment's own settings do not reach it."""
    port = variables.pop("PORT", None) or str(free_port())
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    with output.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited | {"PORT": port, "DATA_DIR": str(data_dir)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Run(process, output, f"http://127.0.0.1:{port}", data_dir)


@contextlib.contextmanager
def running(data_dir: Path, output: Path, **variables: str) -> Iterator[Run]:
    """A run that is ready, and stopped at the end."""
    run = start(data_dir, output, **variables)
    try:
        run.wait_until_ready()
        yield run
    finally:
        if run.process.poll() is None:
            run.stop()


def free_port() -> int:
    """Return a port that is given to nobody who asks for any, but can be listened on by its number.

    A connection is made on it and closed at the server's side: for a minute the kernel keeps the
    port for it, which keeps out other tests that start servers at the same time.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = listener.accept()
            accepted.close()
            assert client.recv(1) == b""
    return port


def product(name: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "domain": "e2e",
        "owner": "e2e@example.com",
        "description": "made by a test",
        "schema": {"id": "string"},
        **more,
    }


def register(url: str, key: str, body: dict[str, object]) -> requests.Response:
    return requests.post(
        f"{url}/register_product",
        json=body,
        headers={"Authorization": f"Bearer {key}"},
        timeout=TIMEOUT_SECONDS,
    )
