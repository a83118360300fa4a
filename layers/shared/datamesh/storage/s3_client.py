"""Requests to S3, each sent once.

The standard library's HTTP, since boto3's client is a third of a cold start (docs/adr/0013). Any
SDK would also have to be kept from sending a PUT again whose reply was lost: S3 would answer 412,
which its own success has caused. Retrying is up to `Document`, which can tell the two apart.
"""

import os
import re
import select
import ssl
import weakref
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

from datamesh.models.values import utc_now
from datamesh.storage.s3_places import Place, Places, authorities, identity_of, places_of
from datamesh.storage.s3_signature import Credentials, encoded_path, encoded_query, signed_headers

CONNECT_SECONDS = 1.0
READ_SECONDS = 4.0
"""For each wait on the socket, not for a call as a whole."""

WITHOUT_BODY = (204, 304)
CODE = re.compile(rb"<Code>([^<]+)</Code>")


class NeverSent(Exception):
    """There was no connection to send the request through."""


class Unanswered(Exception):
    """The request was sent, in part at least, and no whole answer came."""


class Refused(Exception):
    """S3 answered with something other than success."""

    def __init__(self, operation: str, status: int, code: str) -> None:
        super().__init__(f"{operation} answered {status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Request:
    operation: str
    """As AWS names it."""
    bucket: str
    key: str = ""
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes


@dataclass
class S3Client:
    """May be used by several threads."""

    places: Places
    region: str
    credentials: Callable[[], Credentials]
    trusted: str = ""
    """The file of the authorities that are trusted."""
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    _regions: dict[str, str] = field(default_factory=dict, init=False)
    """Of buckets that turned out to be elsewhere."""
    _idle: defaultdict[Place, deque[HTTPConnection]] = field(
        default_factory=lambda: defaultdict(deque), init=False
    )

    def __post_init__(self) -> None:
        weakref.finalize(self, _close_all, self._idle)

    def send(self, request: Request) -> Reply:
        """Raises Refused, NeverSent, Unanswered or StorageUnavailable."""
        reply = self._send(request)
        elsewhere = reply.headers.get("x-amz-bucket-region", self.region)
        if reply.status in (301, 400) and elsewhere != self._region(request.bucket):
            # Refused for the region that it was signed for, so that nothing has happened.
            self._regions[request.bucket] = elsewhere
            reply = self._send(request)
        if reply.status >= 300:
            found = CODE.search(reply.body)
            code = found[1].decode() if found else str(reply.status)
            raise Refused(request.operation, reply.status, code)
        return reply

    def _region(self, bucket: str) -> str:
        return self._regions.get(bucket, self.region)

    def _send(self, request: Request) -> Reply:
        region = self._region(request.bucket)
        place = self.places.of(request.bucket, region)
        path, query = encoded_path(place.prefix + request.key), encoded_query(request.query)
        headers = signed_headers(
            request.method,
            path,
            query,
            {"host": place.host, **request.headers},
            request.body,
            credentials=self.credentials(),
            region=region,
            now=utc_now(),
        )
        connection = self._connection(place)
        try:
            target = f"{path}?{query}" if query else path
            connection.request(request.method, target, request.body or None, headers)
            with connection.getresponse() as response:
                reply = _whole(response)
                lasts = not response.will_close
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            raise Unanswered(f"{request.operation} was not answered: {error!r}") from error
        if lasts:
            self._idle[place].append(connection)
        else:
            connection.close()
        return reply

    def _connection(self, place: Place) -> HTTPConnection:
        """One that is open: between two requests S3 may have closed it, or Lambda have slept."""
        idle = self._idle[place]
        while idle:
            connection = idle.pop()
            if not _readable(connection):
                return connection
            connection.close()
        connection = self._opened(place)
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise NeverSent(f"{place.host} cannot be reached: {error!r}") from error
        connection.sock.settimeout(self.read_seconds)
        return connection

    def _opened(self, place: Place) -> HTTPConnection:
        if not place.secure:
            return HTTPConnection(place.host, timeout=self.connect_seconds)
        return HTTPSConnection(place.host, timeout=self.connect_seconds, context=self._tls)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trusted or None)


def _close_all(idle: Mapping[Place, deque[HTTPConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


def _readable(connection: HTTPConnection) -> bool:
    """Nothing is expected from it, so that this can only be its end."""
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return bool(waiting.poll(0))


def _whole(response: HTTPResponse) -> Reply:
    """Raises HTTPException if the reply breaks off, in its body or in its head."""
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    # http.client takes a head that ends anywhere for a whole one.
    told = "content-length" in headers or "transfer-encoding" in headers
    if not told and response.status not in WITHOUT_BODY:
        raise HTTPException("the answer does not tell its length")
    return Reply(response.status, headers, body)


def create_client(environ: Mapping[str, str] | None = None) -> S3Client:
    found = os.environ if environ is None else environ
    return S3Client(places_of(found), *identity_of(found), authorities(found))
