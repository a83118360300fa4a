"""The JSON protocol of SQS, as far as the functions speak it, on a loopback port."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from dev.queue.store import QueueStore

TARGET = b"x-amz-target:"
LENGTH = b"content-length:"
MAX_HEAD_BYTES = 64 * 1024


class QueueServer:
    """Takes messages into a store. Its clients are the functions, which end with this process."""

    def __init__(self, store: QueueStore, listener: socket.socket) -> None:
        """Take the store, and the socket on which functions find the queues."""
        self._store = store
        self._listener = listener
        self.sent = asyncio.Event()
        """Set when there are new messages; whoever receives them clears it."""

    async def serve(self) -> None:
        """Serve until it is cancelled."""
        server = await asyncio.start_server(
            self._serve_client, sock=self._listener, limit=MAX_HEAD_BYTES
        )
        async with server:
            await server.serve_forever()

    async def _serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with (
            contextlib.suppress(asyncio.IncompleteReadError, ConnectionError),
            contextlib.closing(writer),
        ):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                body = await reader.readexactly(int(_find_header(head, LENGTH) or 0))
                status, answer = self._answer(_find_header(head, TARGET).decode(), body)
                content = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\n"
                    f"content-length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()

    def _answer(self, target: str, body: bytes) -> tuple[str, dict[str, Any]]:
        actions: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
            "AmazonSQS.SendMessageBatch": self._send,
            "AmazonSQS.GetQueueAttributes": self._count,
        }
        if target not in actions:
            return "400 Bad Request", {"__type": "com.amazonaws.sqs#UnsupportedOperation"}
        fields = json.loads(body)
        return "200 OK", actions[target](read_queue_name(fields["QueueUrl"]), fields)

    def _send(self, queue: str, fields: dict[str, Any]) -> dict[str, Any]:
        entries = fields["Entries"]
        messages = [(each["MessageBody"], each.get("MessageAttributes", {})) for each in entries]
        self._store.send(queue, messages)
        self.sent.set()
        return {"Successful": [{"Id": each["Id"]} for each in entries], "Failed": []}

    def _count(self, queue: str, fields: dict[str, Any]) -> dict[str, Any]:
        visible, hidden = self._store.count(queue)
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(visible),
                "ApproximateNumberOfMessagesNotVisible": str(hidden),
                "ApproximateNumberOfMessagesDelayed": "0",
            }
        }


def build_queue_url(listener: socket.socket, name: str) -> str:
    """Return the URL of a queue, by its name."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}/{name}"


def read_queue_name(url: str) -> str:
    """Return the name of the queue that a URL names."""
    return urlsplit(url).path.strip("/")


def _find_header(head: list[bytes], name: bytes) -> bytes:
    found = (line[len(name) :].strip() for line in head if line.lower().startswith(name))
    return next(found, b"")
