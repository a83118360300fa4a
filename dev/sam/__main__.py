"""`make sam-local`: what `make run` serves, by SAM's own emulation in Docker containers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

from dev.banner import render_banner
from dev.example_mesh import ExampleMesh
from dev.sam.docker import DockerError
from dev.sam.local import SamProject, prepare_project
from dev.server import ListenError, exit_on_signals, open_listener, read_address
from dev.settings import LocalSettings, SettingError, read_settings
from dev.startup import load_examples
from dev.storage import seaweed
from dev.storage.s3 import S3
from dev.storage.seaweed import SeaweedError

START_SECONDS = 240.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.2


class SamError(Exception):
    """`sam local start-api` does not run; it has said why."""


def main() -> int:
    """Serve the API until a signal ends it, and return the exit code."""
    exit_on_signals()
    try:
        _run_api(read_settings(os.environ))
    except SettingError as error:
        return _report_failure(str(error), 2)
    except DockerError as error:
        return _report_failure(f"make sam-local needs Docker: {error}", 1)
    except (ListenError, SeaweedError, SamError) as error:
        return _report_failure(str(error), 1)
    return 0


def _run_api(chosen: LocalSettings) -> None:
    with open_listener(chosen.host, chosen.port) as listener:
        address = read_address(listener)
        host, port = listener.getsockname()[:2]
    with seaweed.run_server(chosen.data_dir) as s3, prepare_project(chosen, s3) as project:
        examples = ExampleMesh(chosen.data_dir, s3)
        examples.prepare_bucket(chosen.examples)
        with _serve_api(project, host, port) as process:
            load_examples(chosen, examples, threading.Event(), address.url)
            print(render_banner(chosen, address, s3, None), flush=True)
            _wait_for_end(process, s3)


@contextlib.contextmanager
def _serve_api(project: SamProject, host: str, port: int) -> Iterator["subprocess.Popen[str]"]:
    # LAZY: a container for each function, from its first request on.
    options = [
        "--host",
        host,
        "--port",
        str(port),
        "--warm-containers",
        "LAZY",
        "--no-watch",
    ]
    process = project.start("start-api", *options, stdin=subprocess.DEVNULL)
    try:
        _wait_until_listening(process, host, port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(process: "subprocess.Popen[str]", host: str, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(POLL_SECONDS)
    raise SamError("sam local start-api does not start")


def _wait_for_end(process: "subprocess.Popen[str]", s3: S3) -> None:
    """Wait until one of the two has ended; without the other it is of no use."""
    while process.poll() is None:
        if s3.process.poll() is not None:
            raise SeaweedError(f"the embedded S3 server has ended; see {s3.log}")
        time.sleep(POLL_SECONDS)
    raise SamError("sam local start-api has ended")


def _report_failure(reason: str, code: int) -> int:
    print(reason, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
