"""The contracts of `objects.py`, `history.py` and `folders.py`, over S3."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
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

from datamesh.errors import StorageUnavailable, UnreadableDataset
from datamesh.storage.backoff import Backoff
from datamesh.storage.files import GZIP_MAGIC
from datamesh.storage.folders import MAX_FILES, StoredFile, replaced
from datamesh.storage.history import ObjectVersion, Place, VersionPage
from datamesh.storage.journal import PAGE
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
        ListObjectsV2OutputTypeDef,
        ListObjectsV2RequestTypeDef,
        ListObjectVersionsOutputTypeDef,
        ListObjectVersionsRequestTypeDef,
        PutObjectRequestTypeDef,
    )

CONNECT_SECONDS = 1
READ_SECONDS = 4
"""For each wait on the socket, not for a call as a whole."""

PARALLEL_READS = 10
"""As many as the client has connections."""

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
            with _reading():
                reply = self._client.get_object(**request)
                return StoredObject(reply["Body"].read(), reply["ETag"])
        except ClientError as error:
            if _status(error) == 304:
                return Unchanged()
            if _code(error) == "NoSuchKey":
                return None
            raise StorageUnavailable(_reason(error)) from error

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


class S3Versions:
    """A `VersionedObject`: what a versioned bucket keeps of an object."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def versions(self, older: Place | None = None) -> VersionPage:
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._bucket, "Prefix": self.name}
        if older:
            request["KeyMarker"], request["VersionIdMarker"] = older
        try:
            with _reading():
                page = self._client.list_object_versions(**request)
        except ClientError as error:
            raise StorageUnavailable(_reason(error)) from error
        # Objects whose names only begin like this one are listed too.
        more = page["IsTruncated"]
        next_page = (page["NextKeyMarker"], page["NextVersionIdMarker"]) if more else None
        return VersionPage(self._newest_first(page), next_page)

    def get_version(self, version_id: str) -> StoredObject | None:
        try:
            with _reading():
                reply = self._client.get_object(
                    Bucket=self._bucket, Key=self.name, VersionId=version_id
                )
                return StoredObject(reply["Body"].read(), reply["ETag"])
        except ClientError as error:
            if _code(error) == "NoSuchVersion":
                return None
            raise StorageUnavailable(_reason(error)) from error

    def _newest_first(self, page: "ListObjectVersionsOutputTypeDef") -> list[ObjectVersion]:
        """The SDK lists versions and deletions apart, each newest first."""
        kept = [
            ObjectVersion(each["VersionId"], each["LastModified"])
            for each in page.get("Versions", [])
            if each["Key"] == self.name
        ]
        deletions = [
            ObjectVersion(each["VersionId"], each["LastModified"], deleted=True)
            for each in page.get("DeleteMarkers", [])
            if each["Key"] == self.name
        ]
        return sorted([*deletions, *kept], key=lambda found: found.modified, reverse=True)


class S3Folder:
    """A `Folder`: the objects below a prefix."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._backoff = backoff
        self.name = prefix

    def files(self) -> list[StoredFile]:
        found: list[StoredFile] = []
        token = ""
        while True:
            page = self._backoff.until_reached(self.name, partial(self._page, token))
            found += [
                StoredFile(entry["Key"].removeprefix(self.name), entry["Size"], entry["ETag"])
                for entry in page.get("Contents", [])
            ]
            if not page["IsTruncated"]:
                return found
            if len(found) >= MAX_FILES:
                raise UnreadableDataset(f"{self.name} holds more than {MAX_FILES} files")
            token = page["NextContinuationToken"]

    def read(self, name: str) -> bytes:
        stored = S3Object(self._client, self._bucket, self.name + name)
        found = self._backoff.until_reached(stored.name, stored.get)
        return found.body if isinstance(found, StoredObject) else b""

    def part(self, file: StoredFile, start: int, length: int) -> bytes:
        if not length:
            return b""
        key = self.name + file.name
        return self._backoff.until_reached(key, partial(self._part, key, file, start, length))

    def _page(self, token: str) -> "ListObjectsV2OutputTypeDef":
        request: ListObjectsV2RequestTypeDef = {"Bucket": self._bucket, "Prefix": self.name}
        if token:
            request["ContinuationToken"] = token
        try:
            with _reading():
                return self._client.list_objects_v2(**request)
        except ClientError as error:
            raise StorageUnavailable(_reason(error)) from error

    def _part(self, key: str, file: StoredFile, start: int, length: int) -> bytes:
        try:
            with _reading():
                reply = self._client.get_object(
                    Bucket=self._bucket,
                    Key=key,
                    IfMatch=file.etag,
                    Range=f"bytes={start}-{start + length - 1}",
                )
                return reply["Body"].read()
        except ClientError as error:
            if _status(error) == 412 or _code(error) == "NoSuchKey":
                raise replaced(key) from error
            raise StorageUnavailable(_reason(error)) from error


class S3Journal:
    """A `Journal` below a prefix."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._backoff = backoff

    def names(self, after: str) -> list[str]:
        return self._backoff.until_reached(self._prefix, lambda: self._list(after))

    def read_all(self, names: Sequence[str]) -> list[bytes]:
        # A client may be used by several threads (boto3's guide to clients); a page one by one
        # would take as many round trips.
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            return list(pool.map(self._read, names))

    def _read(self, name: str) -> bytes:
        stored = S3Object(self._client, self._bucket, self._prefix + name)
        found = self._backoff.until_reached(stored.name, stored.get)
        if not isinstance(found, StoredObject):
            raise StorageUnavailable(f"{stored.name} has vanished since it was listed")
        return found.body

    def _list(self, after: str) -> list[str]:
        try:
            with _reading():
                page = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._prefix,
                    StartAfter=self._prefix + after,
                    MaxKeys=PAGE,
                )
        except ClientError as error:
            raise StorageUnavailable(_reason(error)) from error
        return [entry["Key"].removeprefix(self._prefix) for entry in page.get("Contents", [])]


@contextmanager
def _reading() -> Iterator[None]:
    """Name the failures of a call that changes nothing; other ClientErrors pass through."""
    try:
        yield
    except ClientError as error:
        if _status(error) >= 500 or _status(error) == 429:
            raise Unreachable(_reason(error)) from error
        raise
    except ON_THE_WAY as error:
        raise Unreachable(str(error)) from error
    except BotoCoreError as error:
        raise StorageUnavailable(str(error)) from error
    except (KeyError, ValueError) as error:  # the reply broke off within its head
        raise Unreachable(f"the answer is unintelligible: {error!r}") from error


def _put_failure(error: ClientError) -> Exception:
    status = _status(error)
    if status in (409, 412) or _code(error) == "NoSuchKey":
        return LostRace()
    if status >= 500 or status == 429 or _code(error) == "RequestTimeout":
        return InDoubt(_reason(error))
    return StorageUnavailable(_reason(error))


def _status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _reason(error: ClientError) -> str:
    return f"{error.operation_name} answered {_status(error)} {_code(error)}"
