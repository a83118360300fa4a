"""The HTTP server of the local API, its address, and the signals that end it."""

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import ip_address
from types import FrameType

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dev.gateway.app import Gateway

DRAIN_SECONDS = 5
MAX_HEAD_BYTES = 64 * 1024
"""The most bytes of the head of a request that is not complete yet."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ListenError(Exception):
    """No server can listen at the address; the message is for the operator."""


@dataclass(frozen=True)
class Address:
    """Where the API is served; only this machine reaches a loopback address."""

    url: str
    is_loopback: bool


def open_listener(host: str, port: int) -> socket.socket:
    """Open the socket, on which requests wait until they are served. Port 0 is any free port."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family)
        # Accepted connections inherit it. asyncio does not set it, since this socket does not say
        # that it is TCP, and each answer on a kept-alive connection would wait 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        shown = f"http://{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            reason = (
                f"{shown} is in use by another program; try another port: PORT={port + 1} make run"
            )
        else:
            reason = f"cannot listen on {shown} (HOST, PORT): {error.strerror}"
        raise ListenError(reason) from None


def read_address(listener: socket.socket) -> Address:
    """Return where the listener can be reached from this machine, and whether others reach it."""
    host, port = listener.getsockname()[:2]
    ip = ip_address(host)
    if ip.is_unspecified:  # all addresses of this machine, and no address that opens everywhere
        host = "::1" if ip.version == 6 else "127.0.0.1"
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return Address(url, is_loopback=ip.is_loopback)


def exit_on_signals() -> None:
    """Make Ctrl-C, SIGTERM and the end of the terminal a `SystemExit`, once.

    What follows is the clean-up, which is short and not to be interrupted.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        for signum in SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        raise SystemExit(0)

    for signum in SIGNALS:
        signal.signal(signum, leave)


def serve_gateway(
    gateway: Gateway,
    listener: socket.socket,
    prepare: Callable[[str], None] | None,
    started: Callable[[], None],
    run_queues: Callable[[], Coroutine[None, None, None]],
) -> None:
    """Serve until a signal ends it (see `exit_on_signals`), after the requests in flight.

    `prepare` is called first, in a thread, with another address of the API. What is asked of the
    listener meanwhile is answered afterwards. `run_queues` runs beside all of it.
    """
    # uvloop and httptools halve what a request takes of the gateway's process.
    asyncio.run(
        _run_servers(gateway, listener, prepare, started, run_queues),
        loop_factory=uvloop.new_event_loop,
    )


async def _run_servers(
    gateway: Gateway,
    listener: socket.socket,
    prepare: Callable[[str], None] | None,
    started: Callable[[], None],
    run_queues: Callable[[], Coroutine[None, None, None]],
) -> None:
    queues = asyncio.create_task(run_queues())
    try:
        if prepare:
            await _serve_until_prepared(gateway, prepare)
        await _Server(_build_config(gateway), started).serve(sockets=[listener])
    finally:
        queues.cancel()
        await gateway.close()


async def _serve_until_prepared(gateway: Gateway, prepare: Callable[[str], None]) -> None:
    with open_listener("127.0.0.1", 0) as listener:

        def prepare_and_end() -> None:
            try:
                prepare(read_address(listener).url)
            finally:
                server.should_exit = True

        thread = threading.Thread(target=prepare_and_end, daemon=True)
        server = _Server(_build_config(gateway), thread.start)
        await server.serve(sockets=[listener])


def _build_config(gateway: Gateway) -> uvicorn.Config:
    return uvicorn.Config(
        gateway,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http=BoundedHttp,
        # A client's own X-Forwarded-For is data for the handlers, not the truth about the client.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


class BoundedHttp(HttpToolsProtocol):
    """Refuses a head of a request that does not end: the parser would keep whatever comes."""

    _head_bytes = 0
    _is_in_head = True
    _has_ended_request = False

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        self._has_ended_request = False
        super().data_received(data)
        # What has come with the end of a request is mostly its body.
        if not self._is_in_head or self._has_ended_request or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """Answer the request."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next request of the connection."""
        super().on_message_complete()
        self._is_in_head, self._head_bytes, self._has_ended_request = True, 0, True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()
