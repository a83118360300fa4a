import asyncio
import socket

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from dev.server import MAX_HEAD_BYTES, Address, BoundedHttp, open_listener, read_address


def test_an_accepted_connection_does_not_wait_to_send_small_packets() -> None:
    """With Nagle's algorithm a kept-alive request waits 40 ms for a delayed acknowledgement."""
    with (
        open_listener("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(("host", "is_loopback"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_an_address_can_be_opened_and_says_who_reaches_it(host: str, is_loopback: bool) -> None:
    with open_listener(host, 0) as listener:
        address = read_address(listener)
        port = listener.getsockname()[1]
        assert address == Address(f"http://127.0.0.1:{port}", is_loopback)


async def answer_anything(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"answered")(scope, receive, send)


class Sent(asyncio.Transport):
    """The server's end of a connection, which only remembers what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def test_a_long_body_that_comes_at_once_is_no_head() -> None:
    async def ask() -> bytes:
        config = uvicorn.Config(answer_anything, http=BoundedHttp, lifespan="off", ws="none")
        config.load()
        sent = Sent()
        protocol = BoundedHttp(config, ServerState(), {})
        protocol.connection_made(sent)
        head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (2 * MAX_HEAD_BYTES)
        for _ in range(2):
            protocol.data_received(head + b"x" * 2 * MAX_HEAD_BYTES)
            await asyncio.gather(*protocol.tasks)
        protocol.connection_lost(None)
        return sent.written

    written = asyncio.run(ask())
    assert (written.count(b"HTTP/1.1 200"), written.count(b"HTTP/1.1 400")) == (2, 0)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: 1\r\n\r\n" * 2, b"200"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES, b"400"),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * MAX_HEAD_BYTES, b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000, b"200"),
    ],
    ids=["short", "endless-header", "many-headers", "long-body"],
)
def test_a_head_that_does_not_end_is_refused(sent: bytes, status: bytes) -> None:
    async def ask() -> bytes:
        config = uvicorn.Config(answer_anything, http=BoundedHttp, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        with open_listener("127.0.0.1", 0) as listener:
            served = asyncio.create_task(server.serve(sockets=[listener]))
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            writer.write(sent)
            line = await reader.readline()
            writer.close()
            server.should_exit = True
            await served
        return line

    assert status in asyncio.run(ask())
