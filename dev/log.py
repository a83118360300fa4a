"""The log of a local run: a file in its data directory, and what of it reaches the terminal."""

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

FUNCTIONS = "functions"
"""The logger of lines that functions have printed."""
FILE = Path("log", "local.log")
MAX_BYTES = 10 * 1024 * 1024
KEPT_FILES = 2


class LogError(Exception):
    """The log cannot be written; the message is for the operator."""


def show_log_on_terminal(everything: bool) -> None:
    """Print warnings and errors to standard error; `everything` prints whatever is logged."""
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.NOTSET if everything else logging.WARNING)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger()
    root.addHandler(terminal)
    root.setLevel(logging.INFO)
    # Functions have a level of their own, LOG_LEVEL, and what they print has passed it.
    logging.getLogger(FUNCTIONS).setLevel(logging.DEBUG)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # boto3's client says at INFO where it found the credentials that it was given.
    logging.getLogger("botocore").setLevel(logging.WARNING)


@contextlib.contextmanager
def write_log_file(data_dir: Path, max_bytes: int = MAX_BYTES) -> Iterator[Path]:
    """Write the log into the data directory, at most `max_bytes` and `KEPT_FILES` older files.

    Raises:
        LogError: The file cannot be written.
    """
    path = data_dir / FILE
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        handler = RotatingFileHandler(path, maxBytes=max_bytes, backupCount=KEPT_FILES)
    except OSError as error:
        raise LogError(f"{path} cannot be written: {error.strerror}") from None
    handler.setFormatter(_FileFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield path
    finally:
        root.removeHandler(handler)
        handler.close()


class _FileFormatter(logging.Formatter):
    """Puts the time before our own lines; a function's are kept as they are, mostly JSON."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s")
        self.converter = time.gmtime  # as in a function's lines

    def formatMessage(self, record: logging.LogRecord) -> str:
        return record.message if record.name == FUNCTIONS else super().formatMessage(record)
