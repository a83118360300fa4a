"""Kept connections to S3: one request at a time over each, sent once.

These are the standard library's connections: a page of jobs takes a request for each of them, and
urllib3 over the same connections takes twice the CPU a request (docs/adr/0013-cold-start.md).
"""

import select
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from weakref import finalize

MAX_CONNECTIONS = 10
"""How many are kept open for an origin: so many threads may send without opening others."""


class NeverSent(Exception):
    """There was no connection to send the request through."""


class Unanswered(Exception):
    """The request was sent, at least in part, and no complete response came."""


@dataclass(frozen=True)
class S3Response:
    """A response with its whole body."""

    status: int
    headers: Mapping[str, str]
    """Name in lower case -> value."""
    body: bytes


@dataclass(frozen=True)
class Origin:
    """A server: its host may have a port."""

    secure: bool
    host: str


@dataclass(eq=False)
class ConnectionPool:
    """Sends requests over connections that it keeps. It may be used by several threads."""

    connect_seconds: float
    read_seconds: float
    """The time-out of each wait on the socket, not of a request as a whole."""
    ca_bundle: str = ""
    """The file of the certificate authorities that are trusted; empty: those of the system."""
    _idle: dict[Origin, list[HTTPConnection]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        finalize(self, _close_connections, self._idle)

    def send(
        self, origin: Origin, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> S3Response:
        """Send a request once and return the response. Raises NeverSent or Unanswered.

        Their cause is the error of the connection.
        """
        connection = self._take_connection(origin)
        try:
            # A server may refuse a body before it has all of it, and its answer says why.
            with suppress(BrokenPipeError):
                connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            response = S3Response(
                answer.status,
                {name.lower(): value.strip() for name, value in answer.headers.raw_items()},
                answer.read(),
            )
        except (HTTPException, OSError, ValueError) as error:
            connection.close()
            raise Unanswered from error
        except BaseException:
            connection.close()
            raise
        if not answer.will_close:
            self._keep_connection(origin, connection)
        return response

    def _take_connection(self, origin: Origin) -> HTTPConnection:
        """Return a kept connection that the server has not closed, or a new one."""
        idle = self._idle.get(origin, [])
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread took the last one
                break
            if not _is_dropped(connection):
                return connection
            connection.close()
        return self._open_connection(origin)

    def _open_connection(self, origin: Origin) -> HTTPConnection:
        seconds = self.connect_seconds
        connection = (
            HTTPSConnection(origin.host, timeout=seconds, context=self.trust)
            if origin.secure
            else HTTPConnection(origin.host, timeout=seconds)
        )
        try:
            connection.connect()
        except ssl.SSLError as error:
            connection.close()
            raise Unanswered from error
        except OSError as error:
            connection.close()
            raise NeverSent from error
        connection.sock.settimeout(self.read_seconds)
        return connection

    def _keep_connection(self, origin: Origin, connection: HTTPConnection) -> None:
        idle = self._idle.setdefault(origin, [])
        if len(idle) < MAX_CONNECTIONS:
            idle.append(connection)
        else:
            connection.close()

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """The certificates that are taken; read once for all connections."""
        return ssl.create_default_context(cafile=self.ca_bundle or None)


def _close_connections(idle: Mapping[Origin, list[HTTPConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


def _is_dropped(connection: HTTPConnection) -> bool:
    """Tell whether the server has closed a connection: an idle one has nothing else to read."""
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
