"""The lines that functions print, each logged at the level that it states."""

import asyncio
import json
import logging
import os
from typing import IO

from dev.log import FUNCTIONS

# As much as a pipe holds, so that one read takes all that there is.
PIPE_BYTES = 1024 * 1024

log = logging.getLogger(FUNCTIONS)


class OutputReader:
    """Logs the lines of a pipe of a process while the event loop runs."""

    def __init__(self, pipe: IO[bytes], level: int) -> None:
        """Start to read; `level` is that of lines that state none."""
        self._pipe = pipe
        self._level = level
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(pipe.fileno(), self._read)

    def close(self) -> None:
        """Log what is still in the pipe of a process that has ended, and close it."""
        self._read()
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        if self._rest:
            self._log(self._rest)

    def _read(self) -> None:
        try:
            data = os.read(self._pipe.fileno(), PIPE_BYTES)
        except BlockingIOError:  # a process that it has started holds the pipe too
            return
        if not data:
            self._loop.remove_reader(self._pipe.fileno())
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._log(line)

    def _log(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        log.log(find_level(text, self._level), "%s", text)


def find_level(line: str, default: int) -> int:
    """Return the level that a JSON line states; `default` for any other line."""
    if not line.startswith("{"):
        return default
    try:
        stated = json.loads(line).get("level")
    except ValueError:
        return default
    return logging.getLevelNamesMapping().get(str(stated), default)
