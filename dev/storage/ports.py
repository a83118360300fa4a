"""Loopback ports for the embedded S3 server."""

import contextlib
import json
import socket
from pathlib import Path

FLAGS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "admin.port.grpc",
)
# The server's own maintenance worker looks for the admin's gRPC port at this distance, whatever
# the flag says.
GRPC_DISTANCE = 10_000
ATTEMPTS = 20


def choose_ports(file: Path) -> dict[str, int]:
    """Return a free port for every flag: those of the last start if they still are free.

    The server names its master's folder after the port, so the same ports mean the same folder.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        known = {str(flag): int(port) for flag, port in json.loads(file.read_text()).items()}
        if known.keys() == {*FLAGS, "admin.port"} and _can_listen([*known.values()]):
            return known
    chosen = _find_free_ports()
    file.write_text(json.dumps(chosen))
    return chosen


def _find_free_ports() -> dict[str, int]:
    for _ in range(ATTEMPTS):
        with contextlib.ExitStack() as stack:
            # All are held until all are chosen, so that no two are the same.
            sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in FLAGS]
            ports = dict(zip(FLAGS, (s.getsockname()[1] for s in sockets), strict=True))
            admin = ports["admin.port.grpc"] - GRPC_DISTANCE
        if admin > 1024 and admin not in ports.values() and _can_listen([admin]):
            return {**ports, "admin.port": admin}
    raise OSError("found no free loopback ports")


def _can_listen(ports: list[int]) -> bool:
    try:
        with contextlib.ExitStack() as stack:
            for port in ports:
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
    except (OSError, OverflowError):
        return False
    return True
