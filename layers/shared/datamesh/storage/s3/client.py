"""Requests to S3, each sent once: botocore's signatures over urllib3.

Without boto3's client, which is a third of a cold start (docs/adr/0013-cold-start.md). It would
also have to be kept from sending a PUT again whose reply was lost: S3 would answer 412, which its
own success has caused. Retrying is up to `Document`, which can tell the two apart.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from datamesh.storage.s3.endpoints import Credentials, Places, authorities, identity_of, places_of

CONNECT_SECONDS = 1.0
READ_SECONDS = 4.0
"""For each wait on the socket, not for a call as a whole."""

CONNECTIONS = 10
"""That are kept open: so many threads may send at the same time without opening others."""
WITHOUT_BODY = (204, 304)
NEVER_SENT = (NewConnectionError, ConnectTimeoutError)
"""Not what befalls TLS: that can also fail while the reply is read."""

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

    def __post_init__(self) -> None:
        self._pool = PoolManager(
            maxsize=CONNECTIONS,
            timeout=Timeout(connect=self.connect_seconds, read=self.read_seconds),
            cert_reqs="CERT_REQUIRED",
            ca_certs=self.trusted or None,
        )

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
        target = quote(place.prefix + request.key, safe="/-_.~")
        if request.query:
            target += "?" + urlencode(request.query, quote_via=quote, safe="-_.~")
        signed = AWSRequest(request.method, place.origin + target, request.headers, request.body)
        # Of the SDK's own credentials it reads these three attributes.
        S3SigV4Auth(self.credentials(), "s3", region).add_auth(signed)  # type: ignore[arg-type]
        try:
            answer = self._pool.connection_from_url(place.origin).urlopen(
                request.method,
                target,
                request.body or None,
                dict(signed.headers.items()),
                retries=False,
                redirect=False,
                decode_content=False,
            )
        except NEVER_SENT as error:
            raise NeverSent(f"{place.host} cannot be reached: {error!r}") from error
        except (HTTPError, ValueError) as error:
            raise Unanswered(f"{request.operation} was not answered: {error!r}") from error
        return _whole(request.operation, answer)


def _whole(operation: str, answer: BaseHTTPResponse) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    # Without a length a reply that breaks off, in its head or in its body, looks like a whole one.
    told = "content-length" in headers or "transfer-encoding" in headers
    if not told and answer.status not in WITHOUT_BODY:
        raise Unanswered(f"{operation} was answered without a length")
    return Reply(answer.status, headers, answer.data)


def create_client(environ: Mapping[str, str] | None = None) -> S3Client:
    found = os.environ if environ is None else environ
    return S3Client(places_of(found), *identity_of(found), authorities(found))
