"""A way to a server on loopback for those who cannot reach loopback: containers."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator

CHUNK_BYTES = 65536


@contextlib.contextmanager
def forwarding(host: str, port: int) -> Iterator[int]:
    """Accept TCP connections at `host` and pass them on to `port` of 127.0.0.1.

    Yields the port at `host`. Raises `OSError` if `host` is no address of this machine.
    """
    with socket.create_server((host, 0), backlog=128) as listener:
        threading.Thread(target=_accept, args=(listener, port), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Closing alone would not wake the thread that accepts.
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # the listener was closed
            return
        threading.Thread(target=_pass_on, args=(client, port), daemon=True).start()


def _pass_on(client: socket.socket, port: int) -> None:
    """Until both sides have said all that they have to say, or one of them is gone."""
    with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as s3:
        others = {client: s3, s3: client}
        with selectors.DefaultSelector() as waiting:
            for side in others:
                waiting.register(side, selectors.EVENT_READ)
            while waiting.get_map():
                for key, _ in waiting.select():
                    side = client if key.fileobj is client else s3
                    if data := side.recv(CHUNK_BYTES):
                        others[side].sendall(data)
                    else:
                        waiting.unregister(side)
                        others[side].shutdown(socket.SHUT_WR)
