"""HTTP requests whose every byte the test chooses: client libraries tidy paths up."""

import http.client
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def send(
    url: str,
    method: str,
    target: str | bytes,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """`target` is sent as it is."""
    where = urlsplit(url)
    fields = {"Host": where.netloc, "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"\r\n{name}: {value}" for name, value in {**fields, **(headers or {})}.items())
    path = target if isinstance(target, bytes) else target.encode()
    request = b"%s %s HTTP/1.1%s\r\n\r\n" % (method.encode(), path, lines.encode())
    started = time.monotonic()
    address = (where.hostname or "127.0.0.1", where.port or 80)
    with socket.create_connection(address, TIMEOUT_SECONDS) as connection:
        connection.sendall(request + body)
        with http.client.HTTPResponse(connection, method=method) as answer:
            answer.begin()
            content = answer.read()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, content, time.monotonic() - started)
