"""Objects in S3 with conditional reads and writes, and how S3's failures are told apart."""

import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.gzip_members import GZIP_MAGIC
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    StoredObject,
    Unchanged,
    Unreachable,
)
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.connections import NeverSent, S3Response, Unanswered

CHECKSUM_HEADER = "x-amz-checksum-crc32"


class S3Object:
    """A `ConditionalObject` in a bucket."""

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self.name = key

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        """Return the object; Unchanged if it still has `known_etag`; None if there is none.

        Raises Unreachable if another attempt may succeed, StorageUnavailable if not.
        """
        headers = {"if-none-match": known_etag} if known_etag else {}
        try:
            return fetch_object(self._client, self._bucket, self.name, headers)
        except S3Error as error:
            if error.status == 304:
                return Unchanged()
            if error.code == "NoSuchKey":
                return None
            raise StorageUnavailable(str(error)) from error

    def put(self, body: bytes, replaces: str | None) -> str:
        """Write if the object still has the ETag `replaces` (None: if there is none yet).

        Returns the new ETag. Raises LostRace, InDoubt, Unreachable or StorageUnavailable.
        """
        headers = {"content-type": "application/json", CHECKSUM_HEADER: _compute_checksum(body)}
        if body.startswith(GZIP_MAGIC):
            headers["content-encoding"] = "gzip"
        headers |= {"if-match": replaces} if replaces else {"if-none-match": "*"}
        request = S3Request("PutObject", self._bucket, self.name, "PUT", headers=headers, body=body)
        try:
            return _read_etag(self._client.send(request))
        except S3Error as error:
            raise _classify_put_error(error) from error
        except NeverSent as error:
            raise Unreachable(str(error)) from error
        except Unanswered as error:
            raise InDoubt(str(error)) from error


@contextmanager
def translate_read_errors() -> Iterator[None]:
    """Raise Unreachable for a failed read that may succeed if it is tried again.

    Any other S3Error passes through.
    """
    try:
        yield
    except S3Error as error:
        if error.status >= 500 or error.status == 429:
            raise Unreachable(str(error)) from error
        raise
    except (NeverSent, Unanswered) as error:
        raise Unreachable(str(error)) from error


def fetch_object(
    client: S3Client,
    bucket: str,
    key: str,
    headers: dict[str, str],
    version_id: str | None = None,
) -> StoredObject:
    """Read a whole object, or a version of it, and compare its checksum.

    Raises Unreachable if another attempt may succeed, S3Error if S3 refused: with status 304 if the
    object still has the ETag of an `if-none-match` header.
    """
    query = {"versionId": version_id} if version_id else {}
    sent_headers = headers | {"x-amz-checksum-mode": "ENABLED"}
    with translate_read_errors():
        response = client.send(
            S3Request("GetObject", bucket, key, query=query, headers=sent_headers)
        )
        expected = response.headers.get(CHECKSUM_HEADER, "")
        # One with a hyphen is a checksum of the checksums of parts.
        if expected and "-" not in expected and expected != _compute_checksum(response.body):
            raise Unanswered(f"{key} arrived with another checksum than it was stored with")
        return StoredObject(response.body, _read_etag(response))


def _compute_checksum(body: bytes) -> str:
    return b64encode(zlib.crc32(body).to_bytes(4)).decode()


def _read_etag(response: S3Response) -> str:
    etag = response.headers.get("etag", "")
    if len(etag) < 3 or not etag.endswith('"'):
        raise Unanswered("the answer has no ETag, or not all of it")
    return etag


def _classify_put_error(error: S3Error) -> Exception:
    if error.status in (409, 412) or error.code == "NoSuchKey":
        return LostRace()
    if error.status >= 500 or error.status == 429 or error.code == "RequestTimeout":
        return InDoubt(str(error))
    return StorageUnavailable(str(error))
