"""MiniStack, a local emulator of AWS, on a loopback port, with IAM enforced."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config

from datamesh.storage.s3.client import S3Client, create_client
from tests.e2e.local_run import free_port
from tests.template import ROOT

START_SECONDS = 240.0
STOP_SECONDS = 3.0
"""The time to stop: what is in flight may take longer, and nothing there is worth keeping."""
REGION = "us-east-1"


@dataclass(frozen=True)
class Emulator:
    port: int
    log: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str) -> Any:
        """Return a client with the rights of the account's root."""
        # Its overloads name each service, one at a time.
        client: Callable[..., Any] = boto3.client
        return client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=30, read_timeout=300, retries={"total_max_attempts": 1}),
        )

    def storage(self) -> S3Client:
        """Our own client, as the root too."""
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
        return create_client({**keys, "AWS_ENDPOINT_URL": self.endpoint})


@contextlib.contextmanager
def running() -> Iterator[Emulator]:
    """Yield an emulator whose state lies in a temporary folder, and goes with it."""
    with tempfile.TemporaryDirectory(prefix="ministack-") as name:
        folder = Path(name)
        emulator = Emulator(free_port(), folder / "log")
        with emulator.log.open("wb") as log:
            process = subprocess.Popen(
                [ROOT / ".venv-ministack/bin/python", "-I", "-m", "ministack"],
                cwd=folder,
                env=_environment(emulator.port, folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            _wait_until_ready(emulator, process)
            yield emulator
        finally:
            _stop(process)
            # It notes its process there, whatever TMPDIR says, and forgets that when it is killed.
            Path(f"/tmp/ministack-{emulator.port}.pid").unlink(missing_ok=True)


def _environment(port: int, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # Off by default, and every function would then be the account's root.
        "AUTH": "true",
        "SFTP_ENABLED": "0",
    }


def _wait_until_ready(emulator: Emulator, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{emulator.endpoint}/_ministack/health", timeout=10).ok:
                return
        time.sleep(0.1)
    raise AssertionError(f"MiniStack does not start:\n{emulator.log.read_text()[-3000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop the process and its workers, which are in its process group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
