"""Who may use a data directory: locks that the kernel releases when their holder dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.05


class Locked(Exception):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def lock(path: Path, wait: float = 0) -> Iterator[int]:
    """Hold an exclusive lock and give its descriptor; waits up to `wait` seconds for it.

    A process that inherits the descriptor keeps the lock beyond the end of the block.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, path, time.monotonic() + wait)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Locked(path.name) from None
        time.sleep(POLL_SECONDS)
