"""HTTP/1.1 messages as the bytes that they are on the wire, so that signatures stay valid."""

import json
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass

END_OF_HEAD = b"\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = (204, 304)


@dataclass(frozen=True)
class Message:
    head: bytes
    """The head, with the empty line that ends it."""
    body: bytes = b""
    """The body, with the sizes of its chunks, if it has any."""

    @property
    def start(self) -> list[bytes]:
        """Method, target, version; or version, status, reason."""
        return self.head.split(b"\r\n", 1)[0].split(b" ", 2)

    @property
    def status(self) -> int:
        return int(self.start[1])

    def header(self, name: bytes) -> bytes:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip().lower()
        return b""


def encode_post(target: str, key: str, body: Mapping[str, object], *headers: str) -> bytes:
    """Return a POST of a JSON body with a key of the API."""
    content = json.dumps(body)
    head = [
        f"POST {target} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *headers,
    ]
    return ("\r\n".join(head) + f"\r\n\r\n{content}").encode()


async def read_request(reader: StreamReader, writer: StreamWriter) -> Message | None:
    """The next request, its body included; None at the end of the connection.

    Whoever expects `100 Continue` gets it at once: the body is wanted whatever becomes of it.
    """
    try:
        message = Message(await reader.readuntil(END_OF_HEAD))
        if message.header(b"expect") == b"100-continue":
            writer.write(CONTINUE)
        return Message(message.head, await _body(message, reader, b""))
    except (IncompleteReadError, ConnectionError):
        return None


async def read_reply(reader: StreamReader, method: bytes) -> Message:
    """The final reply to a request of that method; interim ones are skipped."""
    message = Message(await reader.readuntil(END_OF_HEAD))
    while message.status < 200:
        message = Message(await reader.readuntil(END_OF_HEAD))
    if method == b"HEAD" or message.status in BODILESS:
        return message
    return Message(message.head, await _body(message, reader, None))


async def _body(message: Message, reader: StreamReader, unframed: bytes | None) -> bytes:
    """`unframed`: the body of a message without a length; None: all until the connection ends."""
    if message.header(b"transfer-encoding") == b"chunked":
        return await _chunks(reader)
    if length := message.header(b"content-length"):
        return await reader.readexactly(int(length))
    return await reader.read() if unframed is None else unframed


async def _chunks(reader: StreamReader) -> bytes:
    read: list[bytes] = []
    while True:
        read.append(await reader.readuntil(b"\r\n"))
        size = int(read[-1].split(b";")[0], 16)
        if size == 0:
            break
        read.append(await reader.readexactly(size + 2))
    while read[-1] != b"\r\n":  # trailers
        read.append(await reader.readuntil(b"\r\n"))
    return b"".join(read)
