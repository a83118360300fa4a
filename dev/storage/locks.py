"""Locks of a data directory, which the kernel releases when their holder dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.05


class LockHeldError(Exception):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def hold_lock(path: Path, wait: float = 0) -> Iterator[int]:
    """Hold an exclusive lock, for which it waits up to `wait` seconds, and give its descriptor.

    A process that inherits the descriptor keeps the lock beyond the end of the block.

    Raises:
        LockHeldError: Somebody else holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire_lock(descriptor, path, time.monotonic() + wait)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire_lock(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockHeldError(path.name) from None
        time.sleep(POLL_SECONDS)
