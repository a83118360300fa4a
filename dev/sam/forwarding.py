"""A TCP forwarder, by which containers reach a server that listens on loopback."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator

CHUNK_BYTES = 65536


@contextlib.contextmanager
def forward_port(host: str, port: int) -> Iterator[int]:
    """Accept TCP connections at `host` and pass them on to `port` of 127.0.0.1.

    Gives the port at `host`.

    Raises:
        OSError: `host` is no address of this machine.
    """
    with socket.create_server((host, 0), backlog=128) as listener:
        threading.Thread(target=_accept_connections, args=(listener, port), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Closing alone would not wake the thread that accepts.
            listener.shutdown(socket.SHUT_RDWR)


def _accept_connections(listener: socket.socket, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # the listener was closed
            return
        threading.Thread(target=_forward_connection, args=(client, port), daemon=True).start()


def _forward_connection(client: socket.socket, port: int) -> None:
    """Pass data on until both sides have sent all of theirs, or one of them is gone."""
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
