"""The S3 client: signed requests, each sent once.

boto3's client would be a third of a cold start (docs/adr/0013-cold-start.md). It would also have to
be kept from sending a PUT again whose response was lost: S3 would answer 412, which its own success
has caused. Retrying is up to `Document`, which can tell the two apart.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ssl import SSLError
from urllib.parse import quote, urlencode

from datamesh.storage.s3.connections import (
    ConnectionPool,
    NeverSent,
    Origin,
    S3Response,
    Unanswered,
)
from datamesh.storage.s3.endpoints import (
    Credentials,
    EndpointResolver,
    create_resolver,
    find_ca_bundle,
    load_identity,
)
from datamesh.storage.s3.signing import UnsignedRequest, sign_request

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0
READ_SECONDS = 4.0
"""The limit of each wait on the socket, not of a call as a whole."""

STATUSES_WITHOUT_BODY = (204, 304)

ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>")


class S3Error(Exception):
    """S3 answered with a status other than success."""

    def __init__(self, operation: str, status: int, code: str) -> None:
        super().__init__(f"{operation} answered {status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True)
class S3Request:
    """A request that is not signed yet."""

    operation: str
    """The name that AWS gives the operation, like `GetObject`; for errors."""
    bucket: str
    key: str = ""
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class S3Client:
    """Sends requests to S3. It may be used by several threads."""

    endpoints: EndpointResolver
    region: str
    credentials: Callable[[], Credentials]
    ca_bundle: str = ""
    """The file of the certificate authorities that are trusted; empty: those of the system."""
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    _regions: dict[str, str] = field(default_factory=dict, init=False)
    """Bucket -> its region, of buckets that turned out to be in another than `region`."""

    def __post_init__(self) -> None:
        self._pool = ConnectionPool(self.connect_seconds, self.read_seconds, self.ca_bundle)

    def send(self, request: S3Request) -> S3Response:
        """Send a request once, or twice if the bucket turns out to be in another region.

        Raises S3Error, NeverSent, Unanswered, or StorageUnavailable if there are no credentials.
        """
        response = self._send_once(request)
        elsewhere = response.headers.get("x-amz-bucket-region", self.region)
        if response.status in (301, 400) and elsewhere != self._find_region(request.bucket):
            # Refused for the region that it was signed for, so that nothing has happened.
            self._regions[request.bucket] = elsewhere
            response = self._send_once(request)
        if response.status >= 300:
            found = ERROR_CODE.search(response.body)
            code = found[1].decode() if found else str(response.status)
            raise S3Error(request.operation, response.status, code)
        return response

    def sign_url(self, bucket: str, key: str, seconds: int) -> tuple[str, datetime]:
        """Return an address that answers a GET with an object for so long, and when it ends.

        Whoever has the address needs no credentials. It ends before if those that it is signed with
        are temporary and end before. Raises StorageUnavailable if there are none.
        """
        # Not imported where nobody asks for links: it takes an eighth of a cold start.
        from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest

        region = self._find_region(bucket)
        endpoint = self.endpoints.resolve(bucket, region)
        signed = AWSRequest("GET", endpoint.origin + endpoint.build_path(key))
        S3SigV4QueryAuth(self.credentials(), "s3", region, seconds).add_auth(signed)  # type: ignore[arg-type]
        at = datetime.strptime(signed.context["timestamp"], SIGV4_TIMESTAMP)
        return str(signed.url), at.replace(tzinfo=UTC) + timedelta(seconds=seconds)

    def _find_region(self, bucket: str) -> str:
        return self._regions.get(bucket, self.region)

    def _send_once(self, request: S3Request) -> S3Response:
        region = self._find_region(request.bucket)
        endpoint = self.endpoints.resolve(request.bucket, region)
        target = path = endpoint.build_path(request.key)
        if query := urlencode(sorted(request.query.items()), quote_via=quote, safe="-_.~"):
            target += "?" + query
        unsigned = UnsignedRequest(
            *(request.method, endpoint.secure, endpoint.host, path, query),
            *(request.headers, request.body),
        )
        headers = sign_request(unsigned, self.credentials(), "s3", region)
        origin = Origin(endpoint.secure, endpoint.host)
        try:
            answer = self._pool.send(origin, request.method, target, headers, request.body)
        except NeverSent as error:
            logger.warning("%s to %s: %r", request.operation, endpoint.host, error.__cause__)
            raise NeverSent(f"{request.operation} found no connection to storage") from error
        except Unanswered as error:
            logger.warning("%s to %s: %r", request.operation, endpoint.host, error.__cause__)
            silence = self._describe_silence(error.__cause__)
            raise Unanswered(f"{request.operation} {silence}") from error
        # Without a length, a response that breaks off in its head or body looks like a whole one.
        has_length = "content-length" in answer.headers or "transfer-encoding" in answer.headers
        if not has_length and answer.status not in STATUSES_WITHOUT_BODY:
            raise Unanswered(f"{request.operation} was answered without a length")
        return answer

    def _describe_silence(self, error: BaseException | None) -> str:
        """Return why a request was not answered, without the host, which is in the log alone."""
        match error:
            case TimeoutError():
                return f"was not answered within {self.read_seconds:g} s"
            case SSLError():
                return "was not answered: TLS failed"
        return "was not answered: the connection broke off"


def create_client(environ: Mapping[str, str] | None = None) -> S3Client:
    """Create the client that the environment describes, as AWS's SDKs read it."""
    found = os.environ if environ is None else environ
    return S3Client(create_resolver(found), *load_identity(found), find_ca_bundle(found))
