"""The contract of `journal.py` over S3."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from datamesh.errors import StorageUnavailable
from datamesh.storage.backoff import Backoff
from datamesh.storage.journal import PAGE
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3 import S3Object, reading, reason_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL_READS = 10
"""As many as the client has connections."""


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
            with reading():
                page = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._prefix,
                    StartAfter=self._prefix + after,
                    MaxKeys=PAGE,
                )
        except ClientError as error:
            raise StorageUnavailable(reason_of(error)) from error
        return [entry["Key"].removeprefix(self._prefix) for entry in page.get("Contents", [])]
