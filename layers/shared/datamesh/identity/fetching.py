"""One small JSON document over HTTPS, within a time and a size, from the host that is named."""

import json
import ssl
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Timer
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.5
TOTAL_SECONDS = 2.5
"""How long one document may take once there is a connection, however slowly it comes. Two of them
end before the authorizer is ended."""
MAX_BYTES = 256 * 1024


class NotFetched(Exception):
    """A document cannot be had; the text says why, and quotes nothing of it."""


def fetch_json(address: str) -> object:
    """Return the JSON at an address over http or https. A redirect is not followed.

    Raises NotFetched.
    """
    try:
        body = _fetch_body(address)
    except (OSError, HTTPException) as error:
        raise NotFetched(f"{address}: {type(error).__name__}") from None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotFetched(f"{address}: it is not JSON") from None


def _fetch_body(address: str) -> bytes:
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(_open_connection(parts.scheme, parts.netloc)) as connection:
        connection.connect()
        # A time-out of a socket is one of each of its reads: slow bytes would go on for ever.
        timer = Timer(TOTAL_SECONDS, _end_connection, [connection])
        timer.daemon = True
        timer.start()
        try:
            connection.request("GET", target, headers={"Accept": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                raise NotFetched(f"{address}: it answered {response.status}")
            body = response.read(MAX_BYTES + 1)
            length = response.length
        finally:
            timer.cancel()
    if len(body) > MAX_BYTES:
        raise NotFetched(f"{address}: it is larger than {MAX_BYTES} bytes")
    if length:
        raise NotFetched(f"{address}: it broke off")
    return body


def _open_connection(scheme: str, host: str) -> HTTPConnection:
    if scheme == "https":
        trust = ssl.create_default_context()
        return HTTPSConnection(host, timeout=CONNECT_SECONDS, context=trust)
    return HTTPConnection(host, timeout=CONNECT_SECONDS)


def _end_connection(connection: HTTPConnection) -> None:
    with suppress(OSError):  # it has just ended by itself
        # The plain socket's: what reads the encrypted one sees its end, and not a missing object.
        socket.shutdown(connection.sock, SHUT_RDWR)
