"""A proxy between storage clients and the S3 server that does to each request what a plan says.

Bytes pass unchanged. The server checks a signature against the Host header that it receives, which
is the one that the client has signed: the proxy's.
"""

import asyncio
import contextlib
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.faults.messages import Message, read_reply, read_request
from tests.faults.plans import Fault, Kind, Plan

LONGEST_DELAY = 1.0
DRAIN_SECONDS = 30.0
REFUSALS = {
    Kind.SERVER_ERROR: ("500 Internal Server Error", "InternalError"),
    Kind.LANDED_ERROR: ("500 Internal Server Error", "InternalError"),
    Kind.SLOW_DOWN: ("503 Slow Down", "SlowDown"),
    Kind.CONFLICT: ("409 Conflict", "ConditionalRequestConflict"),
}


@dataclass
class Lane:
    """One client's way through the proxy: a port of its own. It is closed until it has a plan."""

    faults: Iterator[Fault] | None = None
    counts: "Counter[Kind]" = field(default_factory=Counter)
    endpoint: str = ""
    connections: set[StreamWriter] = field(default_factory=set)
    busy: int = 0

    def fault(self, method: bytes) -> Fault:
        assert self.faults
        return next(self.faults).for_method(method)


class Proxy:
    """Serves its lanes in a thread of its own, while the context lasts."""

    def __init__(self, upstream: str, lanes: int) -> None:
        host, _, port = upstream.removeprefix("http://").rpartition(":")
        self._upstream = host, int(port)
        self.lanes = [Lane() for _ in range(lanes)]
        self.wait = asyncio.sleep
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def follow(self, plan: Plan, lanes: Sequence[Lane]) -> None:
        """Follow a plan from now on. The first of the lanes is lane 0 of the plan, wherever it is
        here."""
        for number, lane in enumerate(lanes):
            lane.counts = Counter()
            lane.faults = plan.faults(number)

    def drain(self, lanes: Sequence[Lane]) -> None:
        """Take no more requests, and return when every one that was taken has been answered."""
        self._run(self._drain(lanes))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(DRAIN_SECONDS + 5)

    async def _listen(self) -> None:
        for lane in self.lanes:
            server = await asyncio.start_server(
                self._create_connection_handler(lane), "127.0.0.1", 0
            )
            lane.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._servers.append(server)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        await self._drain(self.lanes)
        await asyncio.gather(*self._tasks)

    async def _drain(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            lane.faults = None
            for connection in lane.connections:
                connection.close()
        async with asyncio.timeout(DRAIN_SECONDS):
            while any(lane.busy for lane in lanes):
                await asyncio.sleep(0.01)

    def _create_connection_handler(
        self, lane: Lane
    ) -> Callable[[StreamReader, StreamWriter], None]:
        def connected(reader: StreamReader, writer: StreamWriter) -> None:
            self._start(self._converse(lane, reader, writer))

        return connected

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, lane: Lane, reader: StreamReader, writer: StreamWriter) -> None:
        lane.connections.add(writer)
        try:
            while (request := await read_request(reader, writer)) and lane.faults:
                fault = lane.fault(request.start[0])
                lane.counts[fault.kind] += 1
                lane.busy += 1
                try:
                    if not await self._serve(fault, request, writer):
                        break
                finally:
                    lane.busy -= 1
        finally:
            lane.connections.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, fault: Fault, request: Message, writer: StreamWriter) -> bool:
        """Serve a request with its fault, and tell whether the connection goes on."""
        delay = fault.amount * LONGEST_DELAY
        match fault.kind:
            case Kind.LOST_REQUEST:
                return False
            case Kind.SERVER_ERROR | Kind.SLOW_DOWN | Kind.CONFLICT:
                return await _send(writer, _build_refusal(fault.kind))
            case Kind.LATE_REQUEST:
                writer.close()
                await self.wait(delay)
            case Kind.SLOW_REQUEST:
                await self.wait(delay)
        # Also when the client has gone by now: what it has sent arrives.
        try:
            reply = await self._forward(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            return False
        match fault.kind:
            case Kind.LOST_REPLY | Kind.LATE_REQUEST:
                return False
            case Kind.LANDED_ERROR:
                return await _send(writer, _build_refusal(fault.kind))
            case Kind.SLOW_REPLY:
                await self.wait(delay)
            case Kind.CUT_BODY | Kind.CUT_HEAD:
                await _send(writer, _cut_reply(reply, fault))
                return False
        return await _send(writer, reply.head + reply.body)

    async def _forward(self, request: Message) -> Message:
        reader, writer = await asyncio.open_connection(*self._upstream)
        try:
            writer.write(request.head + request.body)
            return await read_reply(reader, request.start[0])
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _send(writer: StreamWriter, data: bytes) -> bool:
    if writer.is_closing():
        return False
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
        return True
    return False


def _build_refusal(kind: Kind) -> bytes:
    status, code = REFUSALS[kind]
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _cut_reply(reply: Message, fault: Fault) -> bytes:
    if fault.kind is Kind.CUT_BODY:
        return reply.head + reply.body[: int(len(reply.body) * fault.amount)]
    return reply.head[: int((len(reply.head) - len(b"\r\n\r\n")) * fault.amount)]
