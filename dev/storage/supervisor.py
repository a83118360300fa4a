"""The supervisor of the embedded S3 server: a tiny process, so that the server never outlives us.

Its standard input is a pipe whose other end only its parent holds: when the parent dies, however it
dies, the pipe closes and the server is stopped. Run as a plain script; the only argument is JSON:

    {"command": [...], "lock": a descriptor for the server, "pid_file": ..., "leftovers": [...]}
"""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

STOP_SECONDS = 5.0


def main() -> int:
    """Run the server until it or the parent ends, and return its exit code."""
    order = json.loads(sys.argv[1])
    server = subprocess.Popen(
        order["command"], stdin=subprocess.DEVNULL, pass_fds=[order["lock"]], start_new_session=True
    )
    # From here on the server alone holds the lock: it is free exactly when the server is gone.
    os.close(order["lock"])
    Path(order["pid_file"]).write_text(str(server.pid))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: server.terminate())
    threading.Thread(target=_stop_at_end_of_input, args=[server], daemon=True).start()
    code = server.wait()
    for path in order["leftovers"]:
        _remove_socket(Path(path))
    return code if code >= 0 else 128 - code


def _stop_at_end_of_input(server: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1024):
        pass
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()


def _remove_socket(path: Path) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
