"""A server whose answers the tests give, for what no real S3 can be made to answer."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from datamesh.storage.s3.client import S3Client, create_client
from dev.storage.s3 import NO_ACCOUNT

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def conditions(self) -> dict[str, str]:
        names = ("if-match", "if-none-match", "range")
        return {name: value for name, value in self.headers.items() if name in names}


@dataclass
class Answers:
    """Each is given to one request, in order."""

    endpoint: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    _raw: deque[tuple[bytes, bool]] = field(default_factory=deque)
    _tls: ssl.SSLContext | None = None

    def add(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Underscores in the headers' names stand for hyphens."""
        lines = [f"HTTP/1.1 {status} Any"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if status != 304:
            lines.append(f"Content-Length: {len(body)}")
        self._raw.append(("\r\n".join([*lines, "", ""]).encode() + body, False))

    def add_error(self, status: int, code: str) -> None:
        self.add(status, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode())

    def add_raw(self, content: bytes) -> None:
        """The connection is closed after it."""
        self._raw.append((content, True))

    def next(self, request: Received) -> tuple[bytes, bool]:
        """Return what to send, and whether nothing follows."""
        self.received.append(request)
        return self._raw.popleft()

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from the next connection on."""
        self._tls = context

    def secure(self, connection: socket.socket) -> socket.socket:
        """A new connection, as it is to be used."""
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def client(self, **environ: str) -> S3Client:
        found = {**NO_ACCOUNT, **KEYS, "AWS_ENDPOINT_URL_S3": self.endpoint, **environ}
        return create_client(found)


@contextmanager
def answering() -> Iterator[Answers]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # so that connections are kept

        def setup(self) -> None:
            super().setup()
            answers.connections += 1

        def answer(self) -> None:
            url = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            assert self.command
            request = Received(self.command, url.path, query, headers, body)
            content, self.close_connection = answers.next(request)
            self.wfile.write(content)

        do_GET = do_PUT = answer

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def finish_request(self, request: Any, client_address: Any) -> None:
            with suppress(ssl.SSLError), answers.secure(request) as secured:
                super().finish_request(secured, client_address)

        daemon_threads = True  # they wait on connections that a client keeps
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        answers = Answers(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()
