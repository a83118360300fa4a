"""The contract of `objects.py` over S3, and how S3's failures are told apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from datamesh.errors import StorageUnavailable
from datamesh.storage.files import GZIP_MAGIC
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    StoredObject,
    Unchanged,
    Unreachable,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        GetObjectRequestTypeDef,
        PutObjectRequestTypeDef,
    )

CONNECT_SECONDS = 1
READ_SECONDS = 4
"""For each wait on the socket, not for a call as a whole."""

NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)

ON_THE_WAY = (
    HTTPClientError,
    BotoConnectionError,
    ResponseParserError,
    IncompleteReadError,
    FlexibleChecksumError,
)
"""What may also befall a request that arrived: TLS, for one, can fail while the reply is read."""


def create_client() -> "S3Client":
    """An S3 client that never retries by itself.

    botocore retries a PUT whose reply was lost, and then reports the 412 that its own success has
    caused. Retrying is up to `Document`, which can tell the two apart. The mode is explicit
    because botocore has changed its default.
    """
    return boto3.Session().client(
        "s3",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        ),
    )


class S3Object:
    """A `ConditionalObject` in a bucket."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": self.name}
        if known_etag:
            request["IfNoneMatch"] = known_etag
        try:
            with reading():
                reply = self._client.get_object(**request)
                return StoredObject(reply["Body"].read(), reply["ETag"])
        except ClientError as error:
            if status_of(error) == 304:
                return Unchanged()
            if code_of(error) == "NoSuchKey":
                return None
            raise StorageUnavailable(reason_of(error)) from error

    def put(self, body: bytes, replaces: str | None) -> str:
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": self.name,
            "Body": body,
            "ContentType": "application/json",
        }
        if body.startswith(GZIP_MAGIC):
            request["ContentEncoding"] = "gzip"
        if replaces:
            request["IfMatch"] = replaces
        else:
            request["IfNoneMatch"] = "*"
        try:
            reply = self._client.put_object(**request)
        except ClientError as error:
            raise _put_failure(error) from error
        except NEVER_SENT as error:
            raise Unreachable(str(error)) from error
        except ON_THE_WAY as error:
            raise InDoubt(str(error)) from error
        except BotoCoreError as error:
            raise StorageUnavailable(str(error)) from error
        except ValueError as error:  # the reply broke off within its head
            raise InDoubt(f"PutObject was answered unintelligibly: {error}") from error
        if "ETag" not in reply:
            raise InDoubt("PutObject was answered without an ETag")
        return reply["ETag"]


@contextmanager
def reading() -> Iterator[None]:
    """Name the failures of a call that changes nothing; other ClientErrors pass through."""
    try:
        yield
    except ClientError as error:
        if status_of(error) >= 500 or status_of(error) == 429:
            raise Unreachable(reason_of(error)) from error
        raise
    except ON_THE_WAY as error:
        raise Unreachable(str(error)) from error
    except BotoCoreError as error:
        raise StorageUnavailable(str(error)) from error
    except (KeyError, ValueError) as error:  # the reply broke off within its head
        raise Unreachable(f"the answer is unintelligible: {error!r}") from error


def _put_failure(error: ClientError) -> Exception:
    status = status_of(error)
    if status in (409, 412) or code_of(error) == "NoSuchKey":
        return LostRace()
    if status >= 500 or status == 429 or code_of(error) == "RequestTimeout":
        return InDoubt(reason_of(error))
    return StorageUnavailable(reason_of(error))


def status_of(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def code_of(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def reason_of(error: ClientError) -> str:
    return f"{error.operation_name} answered {status_of(error)} {code_of(error)}"
