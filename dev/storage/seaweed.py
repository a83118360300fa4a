"""The embedded S3: SeaweedFS on loopback ports, its files in one folder.

    with seaweed.run_server(folder) as s3:
        s3.ensure_bucket()
        s3.create_client().put_object(Bucket=s3.bucket, ...)

Measured with version 4.48: 1 s to start, 1 to 1.5 s to stop; 120 starts, half of them after a
`kill -9`, lost nothing. It answers `If-Match` on a missing key with 412 (S3: 404) and never answers
409.
"""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from dev.storage import ports, supervisor
from dev.storage.credentials import ROLES, keep_credentials, write_secret
from dev.storage.locks import LockHeldError, hold_lock
from dev.storage.s3 import S3, build_identities

START_SECONDS = 60.0
START_ATTEMPTS = 3
# A run that was killed a moment ago may still hold its lock, and its server needs a moment to stop.
RUN_LOCK_SECONDS = 1.0
LOCK_SECONDS = 8.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15
# Go counts what the server maps, too: below 240 MiB it collects garbage all the time, and an idle
# server took a tenth of a processor (0.3 % with this, in as much memory: 125 MB).
GO_MEMORY = "400MiB"
PROBE_BUCKET = "start-probe"


class SeaweedError(Exception):
    """The embedded S3 server cannot run; the message is for the operator."""


class FolderInUseError(SeaweedError):
    """Another process runs a server over the folder."""


@contextlib.contextmanager
def run_server(folder: Path, bucket: str = "catalog") -> Iterator[S3]:
    """Start the server over `folder` (made if missing) and stop it at the end.

    Raises `SeaweedError`: `FolderInUseError` when another run uses the folder. The server dies with
    this process, even if that is killed; objects that it acknowledged are there at the next start.
    """
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        objects = folder / "objects"
        objects.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SeaweedError(f"{folder} cannot be used: {error.strerror}") from None
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(folder / "run.lock", RUN_LOCK_SECONDS))
        except LockHeldError:
            raise FolderInUseError(f"{folder} is in use by another run") from None
        yield stack.enter_context(_start_server(folder, bucket))


@contextlib.contextmanager
def _start_server(folder: Path, bucket: str) -> Iterator[S3]:
    for attempt in range(1, START_ATTEMPTS + 1):
        with _reclaim_lock(folder) as descriptor:
            s3 = _launch_server(folder, bucket, descriptor)
        try:
            if _wait_until_ready(s3):
                yield s3
                return
        finally:
            _stop_server(s3, folder)
        # Most likely somebody took one of its ports in between.
        (folder / "ports.json").unlink(missing_ok=True)
        if attempt == START_ATTEMPTS:
            raise SeaweedError(f"the embedded S3 server does not start\n{_read_log_tail(s3.log)}")


@contextlib.contextmanager
def _reclaim_lock(folder: Path) -> Iterator[int]:
    """Hold the server's own lock, for which an old server is ended if it must be.

    No run is alive here (see `run_server`), so a server that still holds it is stopping, or has
    lost its supervisor.
    """
    path = folder / "weed.lock"
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(hold_lock(path, LOCK_SECONDS))
            return
        except LockHeldError:
            _kill_server(folder)
        try:
            descriptor = stack.enter_context(hold_lock(path, LOCK_SECONDS))
        except LockHeldError:
            raise SeaweedError(f"an embedded S3 server still runs on {folder}") from None
        yield descriptor


def _kill_server(folder: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((folder / "weed.pid").read_text()), signal.SIGKILL)


def _launch_server(folder: Path, bucket: str, descriptor: int) -> S3:
    chosen = ports.choose_ports(folder / "ports.json")
    kept = keep_credentials(folder / "credentials.json")
    admin, reader, pager, prober, noter, writer = (kept[role] for role in ROLES)
    identities = build_identities(bucket, admin, reader, pager, prober, noter, writer)
    write_secret(folder / "s3.json", identities)
    log = folder / "weed.log"
    order = {
        "command": _build_command(chosen),
        "lock": descriptor,
        "pid_file": str(folder / "weed.pid"),
        "leftovers": _list_leftovers(folder, chosen),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Isolated and without site-packages: it needs the standard library alone.
            [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(order)],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "GOMEMLIMIT": GO_MEMORY},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[descriptor],
            # Ctrl-C in a terminal reaches the whole group: the server stops after the last request.
            start_new_session=True,
        )
    endpoint = f"http://127.0.0.1:{chosen['s3.port']}"
    return S3(endpoint, bucket, log, admin, reader, pager, prober, noter, writer, process)


def _build_command(chosen: Mapping[str, int]) -> list[str]:
    weed = Path(sysconfig.get_path("scripts")) / "weed"
    return [
        str(weed),
        "-logtostderr",
        "mini",
        # Relative paths: those of sockets are limited to about a hundred characters.
        "-dir=objects",
        "-s3.config=s3.json",
        "-s3.localSocket=s3.sock",
        "-filer.localSocket=filer.sock",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        # Otherwise the filer reads and writes objects for anybody, without credentials.
        "-disableHttp",
        "-master.telemetry=false",
        # With the state of the last start, one start in twenty took 5 to 15 s until it could write,
        # and the bucket looked missing once. The volumes tell a fresh master all that it must know.
        "-master.resumeState=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.iam=false",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-volume.preStopSeconds=0",
        *(f"-{flag}={port}" for flag, port in chosen.items()),
    ]


def _list_leftovers(folder: Path, chosen: Mapping[str, int]) -> list[str]:
    """Return the sockets that the server leaves; gRPC ones are in /tmp, whatever TMPDIR is."""
    grpc = [
        f"/tmp/seaweedfs-{flag.split('.')[0]}-grpc-{port}.sock"
        for flag, port in chosen.items()
        if flag.endswith(".grpc")
    ]
    return [*grpc, str(folder / "s3.sock"), str(folder / "filer.sock")]


def _wait_until_ready(s3: S3) -> bool:
    """Wait for a real write and read; False if the server ended itself meanwhile."""
    client = s3.create_client()
    content = secrets.token_bytes(16)
    deadline = time.monotonic() + START_SECONDS
    while s3.process.poll() is None:
        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=PROBE_BUCKET)
            client.put_object(Bucket=PROBE_BUCKET, Key="probe", Body=content)
            if client.get_object(Bucket=PROBE_BUCKET, Key="probe")["Body"].read() == content:
                return True
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise SeaweedError(
                    f"the embedded S3 server does not answer: {error}\n{_read_log_tail(s3.log)}"
                ) from None
        time.sleep(POLL_SECONDS)
    return False


def _stop_server(s3: S3, folder: Path) -> None:
    if s3.process.stdin:
        s3.process.stdin.close()
    try:
        s3.process.wait(supervisor.STOP_SECONDS + 2)
    except subprocess.TimeoutExpired:
        s3.process.kill()
        s3.process.wait()
    if s3.process.returncode < 0:  # somebody killed the supervisor, and the server is on its own
        _kill_server(folder)
    (folder / "s3.json").unlink(missing_ok=True)


def _read_log_tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    return "\n".join([f"the end of {log}:", *lines])
