"""Journals in S3."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.journal import PAGE_SIZE
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.listings import fetch_listing
from datamesh.storage.s3.object import S3Object

PARALLEL_READS = 10


class S3Journal:
    """A `Journal` below a prefix."""

    def __init__(self, client: S3Client, bucket: str, prefix: str, backoff: Backoff) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._backoff = backoff

    def list_names(self, after: str, deadline: Deadline) -> list[str]:
        """List one page of S3's listing, which is sorted by name."""
        return self._backoff.read_until_reached(
            self._prefix, lambda: self._list_page(after), deadline
        )

    def read_all(self, names: Sequence[str], deadline: Deadline) -> list[bytes]:
        """Read the objects, PARALLEL_READS at a time."""
        # One by one, a page would take as many round trips.
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            return list(pool.map(lambda name: self._read_object(name, deadline), names))

    def _read_object(self, name: str, deadline: Deadline) -> bytes:
        stored = S3Object(self._client, self._bucket, self._prefix + name)
        found = self._backoff.read_until_reached(stored.name, stored.get, deadline)
        if not isinstance(found, StoredObject):
            raise StorageUnavailable(f"{stored.name} has vanished since it was listed")
        return found.body

    def _list_page(self, after: str) -> list[str]:
        query = {
            "list-type": "2",
            "prefix": self._prefix,
            "start-after": self._prefix + after,
            "max-keys": str(PAGE_SIZE),
        }
        return fetch_listing(
            self._client,
            "ListObjectsV2",
            self._bucket,
            query,
            lambda listed: [
                e.read_key().removeprefix(self._prefix) for e in listed.find_all("Contents")
            ],
        )
