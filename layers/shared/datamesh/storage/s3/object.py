"""The contract of `objects.py` over S3, and how S3's failures are told apart."""

import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from datamesh.errors import StorageUnavailable
from datamesh.storage.gzip_members import GZIP_MAGIC
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    StoredObject,
    Unchanged,
    Unreachable,
)
from datamesh.storage.s3.client import NeverSent, Refused, Reply, Request, S3Client, Unanswered

CHECKSUM = "x-amz-checksum-crc32"


class S3Object:
    """A `ConditionalObject` in a bucket."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        headers = {"if-none-match": known_etag} if known_etag else {}
        try:
            return stored_object(self._client, self._bucket, self.name, headers)
        except Refused as error:
            if error.status == 304:
                return Unchanged()
            if error.code == "NoSuchKey":
                return None
            raise StorageUnavailable(str(error)) from error

    def put(self, body: bytes, replaces: str | None) -> str:
        headers = {"content-type": "application/json", CHECKSUM: _checksum(body)}
        if body.startswith(GZIP_MAGIC):
            headers["content-encoding"] = "gzip"
        headers |= {"if-match": replaces} if replaces else {"if-none-match": "*"}
        request = Request("PutObject", self._bucket, self.name, "PUT", headers=headers, body=body)
        try:
            return _etag(self._client.send(request))
        except Refused as error:
            raise _put_failure(error) from error
        except NeverSent as error:
            raise Unreachable(str(error)) from error
        except Unanswered as error:
            raise InDoubt(str(error)) from error


@contextmanager
def reading() -> Iterator[None]:
    """Name the failures of a call that changes nothing; what else S3 refuses passes through."""
    try:
        yield
    except Refused as error:
        if error.status >= 500 or error.status == 429:
            raise Unreachable(str(error)) from error
        raise
    except (NeverSent, Unanswered) as error:
        raise Unreachable(str(error)) from error


def stored_object(
    client: S3Client,
    bucket: str,
    key: str,
    headers: dict[str, str],
    version_id: str | None = None,
) -> StoredObject:
    """The whole of an object. Raises what `reading` raises."""
    query = {"versionId": version_id} if version_id else {}
    asked = headers | {"x-amz-checksum-mode": "ENABLED"}
    with reading():
        reply = client.send(Request("GetObject", bucket, key, query=query, headers=asked))
        expected = reply.headers.get(CHECKSUM, "")
        # One with a hyphen is a checksum of the checksums of parts.
        if expected and "-" not in expected and expected != _checksum(reply.body):
            raise Unanswered(f"{key} arrived with another checksum than it was stored with")
        return StoredObject(reply.body, _etag(reply))


def _checksum(body: bytes) -> str:
    return b64encode(zlib.crc32(body).to_bytes(4)).decode()


def _etag(reply: Reply) -> str:
    etag = reply.headers.get("etag", "")
    if len(etag) < 3 or not etag.endswith('"'):
        raise Unanswered("the answer has no ETag, or not all of it")
    return etag


def _put_failure(error: Refused) -> Exception:
    if error.status in (409, 412) or error.code == "NoSuchKey":
        return LostRace()
    if error.status >= 500 or error.status == 429 or error.code == "RequestTimeout":
        return InDoubt(str(error))
    return StorageUnavailable(str(error))
